"""One photograph in, one sentence out; and the same from a folder."""

import json
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.shipping.small_inspectors import SIZE_PX, card, images, inspector
from tlwidgets.shipping import Inspector, load_inspector

AT_04 = {"accuracy": (0.975, "on the same 80 pictures, threshold 0.4")}

pytestmark = pytest.mark.keras
NASTY = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def bright_or_dark():
    return inspector(card=card(measured=AT_04), threshold=0.4)


@pytest.fixture(scope="module")
def of_three():
    return inspector(class_names=("dark", "middle", "bright"), threshold=0.5)


def with_threshold(inspector, threshold):
    return Inspector(inspector.model, inspector.class_names, threshold=threshold)


def test_it_answers_as_its_model_does(bright_or_dark):
    x = images()
    wanted = bright_or_dark.model.predict(x, verbose=0)
    for image, row in zip(x[::9], wanted[::9], strict=True):
        answer = bright_or_dark.inspect(image)
        assert list(answer.probabilities.values()) == pytest.approx(row.tolist(), abs=1e-5)
        assert answer.class_name == ("bright" if row[1] >= 0.4 else "dark")
        assert answer.probability == answer.probabilities[answer.class_name]


def test_the_threshold_decides(bright_or_dark):
    image = images()[-1]
    claimed = bright_or_dark.inspect(image).probabilities["bright"]
    assert with_threshold(bright_or_dark, claimed).inspect(image).class_name == "bright"
    above = with_threshold(bright_or_dark, (1 + claimed) / 2).inspect(image)
    assert above.class_name == "dark"
    assert above.probability == pytest.approx(1 - claimed, abs=1e-6)


def test_of_several_classes_the_threshold_says_whether_it_is_sure(of_three):
    image = images()[0]
    sure = with_threshold(of_three, 0).inspect(image)
    unsure = with_threshold(of_three, 1).inspect(image)
    assert sure.class_name == unsure.class_name
    assert sure.is_sure and sure.sentence.startswith(f"I say {sure.class_name}")
    assert not unsure.is_sure and unsure.sentence.startswith("I am not sure. Most likely it is")


def as_16_bit(array):
    return Image.fromarray(array.astype(np.uint16) * 257)


def test_size_channels_and_kind_of_the_picture_do_not_matter(bright_or_dark, tmp_path):
    grey = np.full((31, 47), 230, np.uint8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    as_16_bit(grey).save(tmp_path / "deep.png")
    Image.fromarray(np.dstack([grey] * 3 + [grey * 0 + 255])).save(tmp_path / "alpha.png")
    Image.fromarray(grey).convert("P").save(tmp_path / "palette.gif")
    ways = [
        *(grey, grey[..., None], np.dstack([grey] * 3), grey.astype(float), Image.fromarray(grey)),
        np.full((SIZE_PX, SIZE_PX), 230),
        *(tmp_path / name for name in ("grey.png", "deep.png", "alpha.png", "palette.gif")),
        str(tmp_path / "grey.png"),
    ]
    wanted = bright_or_dark.inspect(np.full((SIZE_PX, SIZE_PX, 3), 230, np.uint8)).probability
    for way in ways:
        assert bright_or_dark.inspect(way).probability == pytest.approx(wanted, abs=1e-5)
    other = bright_or_dark.inspect(np.full((SIZE_PX, SIZE_PX, 3), 100, np.uint8)).probability
    assert other != pytest.approx(wanted, abs=1e-3)


def test_a_colour_picture_is_made_grey_for_a_model_that_knows_only_grey():
    of_grey = inspector(channels=1)
    colour = np.zeros((20, 20, 3), np.uint8)
    colour[..., 1] = 200
    as_grey = np.asarray(Image.fromarray(colour).convert("L"))
    assert of_grey.inspect(colour).probability == pytest.approx(
        of_grey.inspect(as_grey).probability
    )


def test_a_picture_is_shrunk_as_the_cells_are(bright_or_dark):
    large = images(2, 1, 60)[0, ..., 0]
    small = Image.fromarray(large).resize((SIZE_PX, SIZE_PX), Image.Resampling.BICUBIC)
    wanted = bright_or_dark.inspect(np.asarray(small)).probability
    assert bright_or_dark.inspect(large).probability == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    ("image", "value"),
    [
        ("nowhere.png", "'nowhere.png'"),
        (np.zeros((2, 9, 9, 3), np.uint8), "(2, 9, 9, 3)"),
        (np.zeros((9, 9, 4), np.uint8), "(9, 9, 4)"),
        (np.full((9, 9), -0.5), "-0.5"),
        (np.full((9, 9), np.nan), "NaN"),
        (np.zeros((0, 9)), "at least one pixel"),
        (np.full((9, 9), 300), "300"),
        (7, "()"),
        (None, "()"),
    ],
)
def test_what_is_no_picture_is_named(bright_or_dark, image, value):
    with pytest.raises((TypeError, ValueError)) as caught:
        bright_or_dark.inspect(image)
    assert "`image`" in str(caught.value)
    assert value in str(caught.value)


@pytest.mark.parametrize("content", [b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_picture_is_named(bright_or_dark, tmp_path, content):
    (tmp_path / "cell.png").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"`image` must be a picture that Pillow can read.*cell.png"
    ):
        bright_or_dark.inspect(tmp_path / "cell.png")


def test_a_file_that_was_cut_off_is_named(bright_or_dark, tmp_path):
    Image.fromarray(images(2, 3, 64)[0]).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:2000])
    with pytest.raises(ValueError, match=r"`image` must be a picture.*half.png"):
        bright_or_dark.inspect(tmp_path / "half.png")


def logits():
    return keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])


def biased_logits():
    model = logits()
    model.layers[-1].set_weights([np.zeros((16, 2)), np.array([3.0, 1.0])])
    return model


@pytest.mark.parametrize(
    ("argument", "value", "make"),
    [
        ("model", "'vgg16'", lambda m: Inspector("vgg16", ["a", "b"])),
        ("model", "sum 4", lambda m: Inspector(biased_logits(), ["a", "b"])),
        ("model", "(None, 16)", lambda m: Inspector(m["flat"], ["a", "b"])),
        ("class_names", "3 names", lambda m: Inspector(m["model"], ["a", "b", "c"])),
        ("class_names", "'ab'", lambda m: Inspector(m["model"], "ab")),
        ("class_names", "['a', 'a']", lambda m: Inspector(m["model"], ["a", "a"])),
        ("threshold", "1.5", lambda m: Inspector(m["model"], ["a", "b"], threshold=1.5)),
        ("card", "str", lambda m: Inspector(m["model"], ["a", "b"], card="good")),
    ],
)
def test_a_wrong_argument_is_named(bright_or_dark, argument, value, make):
    flat = keras.Sequential([keras.Input((16,)), keras.layers.Dense(2)])
    with pytest.raises((TypeError, ValueError)) as caught:
        make({"model": bright_or_dark.model, "flat": flat})
    assert f"`{argument}`" in str(caught.value)
    assert value in str(caught.value)


def test_a_saved_inspector_answers_the_same(bright_or_dark, tmp_path):
    folder = bright_or_dark.save(tmp_path / "new" / "inspector")
    assert sorted(file.name for file in folder.iterdir()) == [
        *("card.md", "inspector.json", "model.keras", "page.ipynb")
    ]
    again = load_inspector(str(folder))
    assert repr(again) == repr(bright_or_dark)
    assert again.card.to_markdown() == bright_or_dark.card.to_markdown()
    pd.testing.assert_frame_equal(again.card.measured, bright_or_dark.card.measured)
    for image in images()[::20]:
        assert again.inspect(image).probabilities == pytest.approx(
            bright_or_dark.inspect(image).probabilities, abs=1e-6
        )


def test_the_page_of_a_saved_inspector_runs(bright_or_dark, tmp_path, monkeypatch):
    bright_or_dark.save(tmp_path / "inspector")
    monkeypatch.chdir(tmp_path / "inspector")
    (cell,) = json.loads(Path("page.ipynb").read_text("utf-8"))["cells"]
    exec("".join(cell["source"]), {})


def test_a_full_folder_is_left_alone_unless_told_otherwise(bright_or_dark, of_three, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"`folder` must be new or empty.*overwrite=True"):
        bright_or_dark.save(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
    bright_or_dark.save(tmp_path, overwrite=True)
    of_three.save(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    assert not (tmp_path / "card.md").exists()  # that was the other inspector's
    assert load_inspector(tmp_path).class_names == of_three.class_names


def test_an_error_while_saving_leaves_the_old_one(bright_or_dark, of_three, tmp_path):
    of_three.save(tmp_path / "inspector")
    broken = Inspector(bright_or_dark.model, ["a", "b"], card=card())
    broken.class_names = {"a", "b"}  # JSON knows no sets
    with pytest.raises(TypeError):
        broken.save(tmp_path / "inspector", overwrite=True)
    assert load_inspector(tmp_path / "inspector").class_names == of_three.class_names
    assert len(list((tmp_path / "inspector").iterdir())) == 3


def test_a_folder_that_is_none_is_named(bright_or_dark, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"`folder` must be the name of a folder.*is a file"):
        bright_or_dark.save(tmp_path / "file")
    for wrong in (None, 3, ""):
        with pytest.raises(TypeError, match="`folder` must be the name of a folder"):
            bright_or_dark.save(wrong)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "model.keras").unlink(), "it has no model.keras"),
        (lambda f: [file.unlink() for file in f.iterdir()], "no model.keras and no inspector.json"),
        (lambda f: (f / "model.keras").write_bytes(b"PK"), "model.keras is damaged"),
        (lambda f: (f / "inspector.json").write_text("{"), "inspector.json is damaged"),
        (lambda f: (f / "inspector.json").write_text("[]"), "it must hold card, class_names"),
        (lambda f: change(f, format=2), "its format is 2, this tlwidgets reads 1"),
        (lambda f: change(f, class_names=["a", "b", "c"]), "3 names"),
        (lambda f: change(f, threshold="high"), "'high'"),
        (lambda f: change(f, card={"name": "x"}), "'measured'"),
    ],
)
def test_a_damaged_folder_is_named(bright_or_dark, tmp_path, spoil, message):
    folder = bright_or_dark.save(tmp_path / "inspector")
    spoil(folder)
    with pytest.raises(ValueError, match="`folder`") as caught:
        load_inspector(folder)
    assert message in str(caught.value)


def change(folder, **facts):
    file = folder / "inspector.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **facts}))


def test_no_folder_at_all(tmp_path):
    with pytest.raises(ValueError, match=r"`folder`.*it does not exist"):
        load_inspector(tmp_path / "none")
    with pytest.raises(TypeError, match="`folder` must be the name of a folder; got 7"):
        load_inspector(7)


def test_names_of_classes_stay_text(bright_or_dark):
    nasty = Inspector(bright_or_dark.model, ["dark", NASTY], threshold=0.0)
    html = nasty.inspect(images()[0])._repr_html_()
    assert "<img" not in html
    assert html.count("&lt;img") == 2  # sentence, bar


def test_a_card_with_the_figures_of_another_rule_is_refused(bright_or_dark):
    model, names = bright_or_dark.model, bright_or_dark.class_names
    with pytest.raises(ValueError, match=r"figures at the threshold 0\.5 for an .* with 0\.12"):
        Inspector(model, names, threshold=0.12, card=card())
    # The twin: the figures of its own rule, or none of a rule at all.
    Inspector(model, names, threshold=0.4, card=card(measured=AT_04))
    Inspector(model, names, threshold=0.12, card=card(measured={"AUC": (0.9, "20 others")}))


def test_decisions_travel_with_the_inspector(bright_or_dark, tmp_path):
    from tlwidgets.shipping import decisions_at

    table = decisions_at([0, 1, 1], [0.1, 0.3, 0.9], threshold=0.2, how="three others")
    made = Inspector(
        bright_or_dark.model,
        bright_or_dark.class_names,
        threshold=0.2,
        card=card(measured={"AUC": (1.0, "three others")}, decisions=table),
    )
    again = load_inspector(made.save(tmp_path / "folder"))
    pd.testing.assert_frame_equal(again.card.decisions, table)
    assert again.card.to_markdown() == made.card.to_markdown()
