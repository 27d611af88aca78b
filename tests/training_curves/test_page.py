"""What goes from the kernel to the page: how many messages, how large, and what stays."""

import json

import comm
import pytest
from comm.base_comm import BaseComm

from tlwidgets.training_curves import page as widget
from tlwidgets.training_curves.run import Choices, Run


class RecordingComm(BaseComm):
    """Keeps what would go to the browser."""

    sent: list = []  # noqa: RUF012  all comms of a test write into one list

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        self.sent.append((msg_type, json.dumps(data), buffers or []))


@pytest.fixture
def sent(monkeypatch):
    monkeypatch.setattr(comm, "create_comm", lambda *a, **keys: RecordingComm(*a, **keys))
    monkeypatch.setattr(RecordingComm, "sent", [])
    return RecordingComm.sent


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, and what it is updated to."""
    shown = []

    class Handle:
        def update(self, bundle, raw):
            shown.append(bundle)

    def display(thing, **keys):
        shown.append(thing)
        return Handle() if keys.get("display_id") else None

    monkeypatch.setattr(widget, "display", display)
    return shown


@pytest.fixture
def page(sent, shown):
    page = widget.Page()
    page.begin()
    sent.clear()
    return page


def grow(run, n):
    for i in range(run.n_epochs, run.n_epochs + n):
        values = {"loss": 1 / (i + 1) + i % 3 / 10, "accuracy": 1 - 1 / (i + 2)}
        run.end_epoch({**values, **{f"val_{k}": v + 0.1 for k, v in values.items()}}, float(i))


@pytest.fixture
def run():
    run = Run()
    run.begin_phase("", n_planned=300, n_steps=None)
    return run


def test_a_refresh_is_one_small_message(page, run, sent):
    for n in (1, 9, 40, 150, 400):
        grow(run, n)
        sent.clear()
        page.refresh([run], Choices(chance=0.1))
        ((kind, data, buffers),) = sent
        assert (kind, list(buffers)) == ("comm_msg", [])
        assert len(data) <= 5_000


def test_nothing_new_sends_nothing(page, run, sent):
    grow(run, 3)
    page.refresh([run], Choices())
    sent.clear()
    page.refresh([run], Choices())
    assert sent == []


def test_another_cell_shows_its_own_and_the_cell_before_keeps_what_it_showed(page, run, shown):
    before = page.view
    grow(run, 3)
    page.finish([run], Choices())
    seen = before.view
    page._cell = -2  # as if the training that comes next ran in another cell
    page.begin()
    grow(run, 3)
    page.refresh([run], Choices())
    assert page.view is not before
    assert before.view == seen != page.view.view


def test_at_the_end_a_picture_stays_that_the_live_one_hides(page, run, shown):
    grow(run, 5)
    page.finish([run], Choices())
    bundle = shown[-1]
    assert set(bundle) == {"image/png", "text/plain", "text/html"}
    assert bundle["text/plain"].startswith("5 epochs.")
    assert page.view.still in bundle["text/html"]
    assert len(bundle["image/png"]) < 150_000


def test_what_people_write_is_escaped(page, run, shown):
    run.phases[0] = run.phases[0]._replace(name="first")
    grow(run, 1)
    run.begin_phase('<script>alert("x")</script>', n_planned=1, n_steps=None)
    grow(run, 1)
    page.finish([run], Choices())
    assert "<script>" not in shown[-1]["text/html"]
    assert "&lt;script&gt;" in shown[-1]["text/html"]


def test_without_a_kernel_the_stage_is_a_terminal():
    assert isinstance(widget.find_stage(), widget.Terminal)


def test_the_stop_button_asks_once():
    asked = []
    row = widget.StopRow(lambda: asked.append(True))
    button, line = row.children
    button.click()
    assert (asked, button.disabled) == ([True], True)
    assert line.value.startswith("Stopping")


@pytest.mark.keras
def test_the_page_is_drawn_at_most_five_times_a_second_and_once_at_the_end(sent, shown):
    from tlwidgets import TrainingCurves

    curves = TrainingCurves()
    curves._stage = widget.Page()
    now = [0.0]
    curves._clock = lambda: now[0]
    curves.set_params({"epochs": 100, "steps": 10})
    sent.clear()
    curves.on_train_begin()
    for epoch in range(100):
        for step in range(10):
            now[0] += 0.01
            curves.on_train_batch_end(step, {"loss": 1 / (epoch + 1 + step / 10)})
        curves.on_epoch_end(epoch, {"loss": 1 / (epoch + 2)})
    n_messages = len(sent)
    assert 40 <= n_messages <= 1 + 5 * 10
    curves.on_train_end()
    assert len(sent) == n_messages + 1
    (line,) = (s for s in curves._stage.view.view["charts"][0]["series"] if s["name"] == "training")
    assert line["points"][-1] == [100, 0.009901]


@pytest.mark.keras
def test_after_an_interrupt_the_end_of_the_cell_draws_the_last_state(monkeypatch, sent, shown):
    from tlwidgets import TrainingCurves

    class Events:
        callbacks: list = []  # noqa: RUF012

        def register(self, event, function):
            assert event == "post_run_cell"
            self.callbacks.append(function)

        def unregister(self, event, function):
            self.callbacks.remove(function)

    shell = type("Shell", (), {"events": Events(), "execution_count": 1})()
    monkeypatch.setattr("tlwidgets._notebook._shell", lambda: shell)
    curves = TrainingCurves()
    curves._stage = widget.Page()
    curves.set_params({"epochs": 10, "steps": 2})
    curves.on_train_begin()
    curves.on_epoch_end(0, {"loss": 1.0})
    (after_cell,) = shell.events.callbacks
    after_cell(None)  # the learner pressed the square: Keras never calls on_train_end
    assert not curves.is_training
    assert "image/png" in shown[-1]
    assert shell.events.callbacks == []
