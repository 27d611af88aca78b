"""The comparison of two recordings: it overlooks what changes by itself, and nothing else."""

import base64
import io
import json
import sys

import pandas as pd
import pytest
from PIL import Image, ImageDraw

from tests import same_behaviour as same

SCRIPT = ["stdout| for name in names:", "stdout|     fit(name, rate=0.01)"]
VIEW = {"sentence": "Nothing is frozen.", "share": 0.361}


def recorded(*lines):
    return {"03_fine_tuning": {"model.fit(x, y)": list(lines)}}


def report(before, after):
    return list(same.compare(recorded(*before), recorded(*after)))


def png(text="Accuracy", shift=0.0):
    picture = Image.new("RGB", (640, 480), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((200, 20), text, "black", font_size=20)
    draw.line([(50, 400), (600, 100 + shift)], "gray")
    file = io.BytesIO()
    picture.save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def widget(**state):
    view = {same.WIDGET_VIEW: {"model_id": "outer"}}
    outer = {"state": {"children": ["IPY_MODEL_inner"], "_dom_classes": ["a"]}}
    buffers = [{"path": ["marks"], "data": state.pop("marks", "")}]
    return list(same.shown(view, {"outer": outer, "inner": {"state": state, "buffers": buffers}}))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("accuracy 0.8710", "accuracy 0.8711"),
        ("accuracy   0.9", "accuracy 0.9"),
        ("-0.0000", "0.0000"),
        ("<tlwidgets.old.place.View object at 0x7f6d>", "<tlwidgets.new.View object at 0x7f12>"),
        ("tlw-still-35a8a90cf346", "tlw-still-0123456789ab"),
        ('"at": "2026-11-30T06:11:56+00:00"', '"at": "2026-12-01T08:00:01+00:00"'),
        ("Trained in 3.2 seconds.", "Trained in 14 seconds."),
    ],
)
def test_noise_is_no_difference(before, after):
    assert report([before], [before]) == []
    assert report([before], [after]) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("accuracy 0.871", "accuracy 0.873"),
        ("gain 0.1", "gain -0.1"),
        ("seed 100000", "seed 100001"),
        ("Best so far: conv.", "Best so far: head."),
        (SCRIPT[1], SCRIPT[1].replace("0.01", "0.02")),
        (SCRIPT[1], SCRIPT[1].replace("    fit", "fit")),
        ("#D55E00", "#D55E01"),
    ],
)
def test_a_number_a_sentence_and_a_script_are_differences(before, after):
    assert report([SCRIPT[0], before], [SCRIPT[0], after]) == [
        "03_fine_tuning: model.fit(x, y)",
        "--- before",
        "+++ after",
        "@@ -1,2 +1,2 @@",
        f" {SCRIPT[0]}",
        f"-{before}",
        f"+{after}",
    ]


def test_a_line_more_does_not_hide_that_others_are_close():
    (_, *diff) = report(["loss 0.50000"], ["epoch 1", "loss 0.50001"])
    assert diff[3:] == ["+epoch 1", " loss 0.50000"]


def test_a_missing_cell_and_a_missing_lesson_are_said():
    gone, _, _, _, minus, new, *_, plus = same.compare(
        recorded("a"), {"03_fine_tuning": {"other": ["b"]}}
    )
    assert (gone, minus) == ("03_fine_tuning: model.fit(x, y)", "-a")
    assert (new, plus) == ("03_fine_tuning: other", "+b")
    assert list(same.compare(recorded("a"), {})) == ["03_fine_tuning: only recorded before"]


def test_tables_are_compared_by_their_words_without_seconds():
    table = pd.DataFrame({"way": ["head", "all"], "seconds": [1.5, 2.25], "score": [0.5, 0.75]})
    before = list(same.html_lines(table.to_html()))
    assert before[1:3] == [" | way | seconds | score", "=0 | way=head | seconds=1.50 | score=0.50"]
    assert report(before, same.html_lines(table.assign(seconds=9.0).to_html(border=3))) == []
    assert report(before, same.html_lines(table.assign(score=0.6).to_html()))


@pytest.mark.parametrize("wrap", [dict, lambda p: {"text/html": f"<img src='data:{p}'>"}])
def test_pictures_are_compared_by_what_is_seen(wrap):
    def lines(**changes):
        data = {"image/png": png(**changes)}
        return list(
            same.shown(data if wrap is dict else wrap(f"image/png;base64,{png(**changes)}"), {})
        )

    assert report(lines(), lines(shift=0.4)) == []
    assert report(lines(), lines(text="Accuracv"))
    assert "<picture 640x480>" in report(lines(), lines(shift=60))[4]


@pytest.mark.parametrize(
    "change",
    [
        {"view": VIEW | {"sentence": "All is frozen."}},
        {"view": VIEW | {"share": 0.4}},
        {"view": {"sentence": VIEW["sentence"]}},
        {"value": "3 epochs"},
        {"marks": "AAAB"},
    ],
)
def test_what_a_widget_shows_is_compared(change):
    state = {"view": VIEW, "value": "2 epochs", "marks": "AAAA"}
    assert report(widget(**state), widget(**state, _esm="another", layout="another")) == []
    assert report(widget(**state), widget(**state | change))


def test_the_command_fails_where_something_differs(tmp_path, monkeypatch, capsys):
    for name, line in {"a": "loss 0.5", "b": "loss 0.5", "c": "loss 0.7"}.items():
        (tmp_path / name).write_text(json.dumps(recorded(line)))
    for other, fails in {"b": False, "c": True}.items():
        files = [str(tmp_path / "a"), str(tmp_path / other)]
        monkeypatch.setattr(sys, "argv", ["same_behaviour", "compare", *files])
        assert same.main() == fails
    assert capsys.readouterr().out.startswith("Nothing differs.\n03_fine_tuning: ")


@pytest.mark.keras
def test_a_kernel_runs_this_checkout_and_an_error_is_an_output(tmp_path):
    import nbformat

    def notebook():
        lines = ("import os; print(os.environ['TLWIDGETS_PROGRESS'])", "1 / 0")
        return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(x) for x in lines])

    done = notebook()
    same.run(done, same.HERE)
    first, second, _scripts = same.texts(done)
    assert first[0] == "stdout| off" and second == ["error| ZeroDivisionError: division by zero"]
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(RuntimeError, match="must import tlwidgets from"):
        same.run(notebook(), tmp_path)
