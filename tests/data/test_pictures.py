"""Images side by side as one PNG, and saved results of long experiments."""

import io

import numpy as np
import pytest
from PIL import Image

from tlwidgets.data import catalog, image_strip, load_results


def pixels(png):
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image)


ONE_TWO = np.array([[[1, 1]], [[2, 2]]], np.uint8)  # two images of one row and two columns


def test_images_stand_side_by_side():
    assert pixels(image_strip(ONE_TWO)).tolist() == [[1, 1, 2, 2]]


def test_rows_stand_one_below_the_other():
    found = pixels(image_strip(ONE_TWO, ONE_TWO[::-1]))
    assert found.tolist() == [[1, 1, 2, 2], [2, 2, 1, 1]]


def test_colours_stay():
    red = np.zeros((1, 2, 2, 3), np.uint8)
    red[..., 0] = 255
    assert pixels(image_strip(red)).tolist() == [[[255, 0, 0]] * 2] * 2


def test_rows_of_different_shape_are_named():
    with pytest.raises(ValueError, match=r"`rows`.*\(2, 1, 2, 1\).*\(1, 1, 2, 1\)"):
        image_strip(ONE_TWO, ONE_TWO[:1])


def test_a_saved_result_is_a_table(tmp_path, monkeypatch):
    (tmp_path / "runs.csv").write_text("seed,auc\n0,0.8\n1,0.9\n")
    monkeypatch.setattr(catalog, "_folder", lambda: tmp_path)
    assert load_results("runs")["auc"].tolist() == [0.8, 0.9]
    with pytest.raises(ValueError, match=r"`name`: no saved result named 'run'.*mean 'runs'"):
        load_results("run")


def test_every_saved_result_stands_beside_the_script_that_made_it():
    tables = sorted(catalog._folder().glob("*.csv"))
    assert tables
    assert all(path.with_suffix(".py").is_file() for path in tables)
