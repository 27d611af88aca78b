"""Views refuse what they do not know; files arrive whole, an old or too large choice does not."""

import pytest

from tests.page import choose_files, listen, say
from tlwidgets._widgets import files as widget
from tlwidgets._widgets.base import ChartsView
from tlwidgets._widgets.files import FileChooser

FILES = [("a.png", b"0123456789abcdef"), ("a.png", b"x"), ("empty.png", b"")]


@pytest.fixture
def chooser():
    return FileChooser("Choose pictures", takes_many=True)


def answers(messages):
    return [m["content"] for m in messages if m.get("method") == "custom"]


def test_pieces_become_files_and_whoever_observes_gets_them_once(chooser):
    seen = []
    chooser.observe(lambda change: seen.append(change["new"]), "files")
    choose_files(chooser, FILES)
    assert chooser.files == tuple(FILES)
    assert seen == [tuple(FILES)]
    assert chooser.n_chosen == 3


def test_every_message_is_answered_with_whose_turn_it_is(chooser):
    messages = listen(chooser)
    choose_files(chooser, FILES[:1], batch="7")
    expected = {"kind": "got", "batch": "7", "refusal": ""}
    assert answers(messages) == [expected] * 4


def test_an_old_choice_is_not_mixed_with_a_new_one(chooser):
    say(chooser, {"kind": "start", "batch": "old", "files": [["old.png", 4]]})
    say(chooser, {"kind": "start", "batch": "new", "files": [["new.png", 4]]})
    say(chooser, {"kind": "piece", "batch": "old", "file": 0}, b"olds")
    say(chooser, {"kind": "end", "batch": "old"})
    assert chooser.files == ()
    say(chooser, {"kind": "piece", "batch": "new", "file": 0}, b"news")
    say(chooser, {"kind": "end", "batch": "new"})
    assert chooser.files == (("new.png", b"news"),)


def test_too_much_is_refused_before_it_is_sent_and_the_last_choice_stays(chooser, monkeypatch):
    choose_files(chooser, FILES)
    monkeypatch.setattr(widget, "MOST_BYTES", 2_000_000)
    messages = listen(chooser)
    say(chooser, {"kind": "start", "batch": "2", "files": [["film.png", 3_000_000]]})
    (answer,) = answers(messages)
    assert answer["refusal"] == "3 MB are too much at a time: at most 2 MB. Choose fewer."
    assert chooser.files == tuple(FILES)
    assert chooser.n_chosen == 3
    assert not chooser.is_receiving


@pytest.mark.parametrize(("last", "files"), [("end", (("a.png", b"half"),)), ("break off", ())])
def test_what_was_broken_off_is_not_taken_for_a_file(chooser, last, files):
    say(chooser, {"kind": "start", "batch": "1", "files": [["a.png", 8]]})
    say(chooser, {"kind": "piece", "batch": "1", "file": 0}, b"half")
    assert chooser.is_receiving
    say(chooser, {"kind": last, "batch": "1"})
    assert chooser.files == files
    assert not chooser.is_receiving


def test_what_is_cleared_can_be_chosen_again(chooser):
    for _ in range(2):
        choose_files(chooser, FILES[:1])
        assert chooser.files == (FILES[0],)
        chooser.clear()
        assert (chooser.files, chooser.n_chosen) == ((), 0)


def test_an_unknown_trait_of_a_view_is_refused():
    with pytest.raises(TypeError, match="has no trait 'veiw'"):
        ChartsView(veiw={})
