"""The solar cells: what the package brings, how it is split, and what can go wrong."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tlwidgets.data import SolarCells, fetch_solar_cells, solar_cells

SMALLEST_PX = 16


def refuse_to_decode(_paths, _size_px):
    raise AssertionError("the cache should have been read")


@pytest.fixture(scope="module")
def small_cells(tmp_path_factory):
    """All cells at the smallest size, decoded once for this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TLWIDGETS_CACHE", str(tmp_path_factory.mktemp("cells")))
        first = fetch_solar_cells(SMALLEST_PX)
        # Nothing can be decoded any more: a second call can only read the cache.
        patch.setattr(solar_cells, "_decode", refuse_to_decode)
        second = fetch_solar_cells(SMALLEST_PX)
    return first, second


@pytest.fixture
def cells(small_cells):
    return small_cells[0]


@pytest.fixture(scope="module")
def typed_cells():
    """Forty cells typed by hand, five of each probability and type, images all black."""
    probability = np.repeat([0, 1 / 3, 2 / 3, 1], 10)
    kind = np.tile(["mono", "poly"], 20)
    return SolarCells(np.zeros((40, 2, 2), np.uint8), probability, kind)


def test_there_are_as_many_cells_of_each_kind_as_published(cells):
    mono = cells.module_type == "mono"
    assert len(cells.images) == 2624
    assert cells.is_defective.sum() == 821
    assert (mono.sum(), cells.is_defective[mono].sum()) == (1074, 369)
    assert ((~mono).sum(), cells.is_defective[~mono].sum()) == (1550, 452)


def test_experts_gave_one_of_four_probabilities(cells):
    found, counts = np.unique(cells.defect_probability, return_counts=True)
    assert found == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert counts.tolist() == [1508, 295, 106, 715]


def test_images_are_small_grey_pictures_with_contrast(cells):
    assert cells.images.shape == (2624, SMALLEST_PX, SMALLEST_PX)
    assert cells.images.dtype == np.uint8
    # A decoder that mixed the files up or lost them would give black or equal images.
    assert cells.images.std(axis=(1, 2)).min() > 1
    assert len(np.unique(cells.images.reshape(2624, -1), axis=0)) == 2624


def test_an_image_is_the_package_s_own_at_another_size(cells):
    from PIL import Image

    folder = Path(find_spec("elpv_dataset").origin).parent / "data"
    row = (folder / "labels.csv").read_text().splitlines()[100].split()
    with Image.open(folder / row[0]) as image:
        wanted = image.convert("L").resize((SMALLEST_PX,) * 2, Image.Resampling.BICUBIC)
    assert np.array_equal(cells.images[100], np.asarray(wanted))
    assert cells.defect_probability[100] == float(row[1])
    assert cells.module_type[100] == row[2]


def test_a_picture_that_cannot_be_read_is_an_error_not_a_black_cell(tmp_path):
    from PIL import Image, UnidentifiedImageError

    Image.new("L", (300, 300), 200).save(tmp_path / "good.png")
    (tmp_path / "damaged.png").write_bytes(b"no picture")
    with pytest.raises(UnidentifiedImageError, match=r"damaged\.png"):
        solar_cells._decode([tmp_path / "good.png", tmp_path / "damaged.png"], SMALLEST_PX)


def test_a_second_call_reads_the_cache(small_cells):
    first, second = small_cells
    assert np.array_equal(first.images, second.images)


def test_another_size_is_not_found_in_the_cache(cache, monkeypatch):
    sizes = []

    def decode(_paths, size_px):
        sizes.append(size_px)
        return {"images": np.zeros((2624, size_px, size_px), np.uint8)}

    monkeypatch.setattr(solar_cells, "_decode", decode)
    for size_px in (16, 17, 16):
        fetch_solar_cells(size_px)
    assert sizes == [16, 17]


def test_a_cell_is_defective_from_one_half_on(typed_cells):
    assert typed_cells.is_defective.tolist() == [0] * 20 + [1] * 20


def test_a_split_covers_every_cell_once(cells):
    train, test = cells.split()
    assert len(test) == 656
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(2624))
    assert (np.diff(train) < 0).any()  # shuffled
    assert np.array_equal(test, cells.split()[1])
    assert not np.array_equal(test, cells.split(seed=4)[1])


def kinds_of(cells, chosen):
    return list(zip(cells.defect_probability[chosen], cells.module_type[chosen], strict=True))


def test_a_split_keeps_the_share_of_every_kind(typed_cells):
    _, test = typed_cells.split(test_share=0.4)
    kinds = kinds_of(typed_cells, test)
    assert len(set(kinds)) == 8
    assert all(kinds.count(kind) == 2 for kind in kinds)


def test_a_split_without_strata_would_not_keep_them(typed_cells):
    # The twin: a plain shuffle of the same cells misses the equal shares above.
    test = np.random.default_rng(0).permutation(40)[:16]
    kinds = kinds_of(typed_cells, test)
    assert any(kinds.count(kind) != 2 for kind in kinds)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seed": -1}, "`seed`.*-1"),
        ({"seed": 2**32}, "`seed`.*4294967296"),
        ({"seed": 1.5}, "`seed`.*1.5"),
        ({"test_share": 0}, "`test_share`.*0.95.*got 0"),
        ({"test_share": float("nan")}, "`test_share`.*nan"),
    ],
)
def test_a_wrong_split_is_refused(typed_cells, arguments, words):
    with pytest.raises((TypeError, ValueError), match=words):
        typed_cells.split(**arguments)


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(solar_cells, "find_spec", lambda _name: None)
    with pytest.raises(ImportError, match=r"elpv-dataset.*pip install 'tlwidgets\[data\]'"):
        fetch_solar_cells()


def test_changed_labels_are_refused(tmp_path, monkeypatch):
    known = Path(find_spec("elpv_dataset").origin).parent / "data" / "labels.csv"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "labels.csv").write_text(known.read_text().replace("1.0", "0.0", 1))
    monkeypatch.setattr(solar_cells, "_package_folder", lambda: tmp_path)
    with pytest.raises(ValueError, match=r"fetch_solar_cells\(\).*labels\.csv.*Expected SHA-256"):
        fetch_solar_cells()


def test_one_line_tells_what_it_is(cells, typed_cells):
    assert repr(cells) == "SolarCells(2,624 images of 16 x 16 pixels, 31% defective)"
    assert repr(typed_cells) == "SolarCells(40 images of 2 x 2 pixels, 50% defective)"
