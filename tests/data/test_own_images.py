"""A folder of pictures as learners have them: odd, broken, turned, twice; all made by Pillow."""

import io
import itertools
import os
import shutil
import sys
import unicodedata
import warnings

import numpy as np
import pytest
from PIL import Image, ImageOps

from tlwidgets import read_images
from tlwidgets.data import own_images
from tlwidgets.data.own_images import READABLE, UnreadableError, read_picture

SIZE = 32


def pixels(seed, height=48, width=48, channels=3):
    """Smooth random colours, no two pictures alike."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, channels), np.uint8)
    picture = Image.fromarray(coarse[..., 0] if channels == 1 else coarse)
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


def picture(seed, **shape):
    return Image.fromarray(pixels(seed, **shape))


@pytest.fixture
def folder(tmp_path):
    """Two classes of three pictures that give no reason for any note."""
    for c, name in enumerate(("cat", "dog")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(3):
            picture(10 * c + i).save(tmp_path / "pets" / name / f"{i}.png")
    return tmp_path / "pets"


def note_of(own, file):
    return "; ".join(own.notes.loc[own.notes["file"] == file, "note"])


def reason_of(own, file):
    return "; ".join(own.skipped.loc[own.skipped["file"] == file, "reason"])


def image_of(own, file):
    return own.images[own.files.tolist().index(file)].astype(int)


def test_a_folder_becomes_images_labels_and_names(folder):
    assert read_images(str(folder)).images.shape[1:] == (160, 160, 3)  # as the lessons have it
    own = read_images(folder, SIZE)
    assert own.images.shape == (6, SIZE, SIZE, 3)
    assert own.images.dtype == np.uint8
    assert own.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert own.class_names == ("cat", "dog")
    assert own.files.tolist() == [f"{name}/{i}.png" for name in ("cat", "dog") for i in range(3)]
    assert (list(own.skipped), list(own.notes)) == (["file", "reason"], ["file", "note"])
    assert len(own.skipped) == len(own.notes) == own.n_ignored == 0
    assert repr(own) == "OwnImages(6 images of 32 x 32 pixels: 3 cat, 3 dog)"
    expected = Image.fromarray(pixels(0)).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    assert np.abs(image_of(own, "cat/0.png") - np.asarray(expected)).max() <= 2


def test_a_class_whose_accent_is_stored_in_two_ways_is_one_class(folder):
    """As on a disk where a macOS zip was unpacked beside what was made on Linux."""
    one, two = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    for i, (name, file) in enumerate(itertools.product((one, two, "cafz"), ("0.png", "1.png"))):
        (folder / name).mkdir(exist_ok=True)
        picture(90 + i).save(folder / name / file)
    if len(list(folder.iterdir())) < 5:
        pytest.skip("this file system takes both for one")
    own = read_images(folder, SIZE)
    assert own.class_names == ("cafz", one, "cat", "dog") == tuple(sorted(own.class_names))
    assert np.bincount(own.labels).tolist() == [2, 4, 3, 3]
    assert len(set(own.files)) == 12 and all((folder / file).is_file() for file in own.files)
    assert {own.class_names[k] for k in own.labels[np.char.startswith(own.files, "caf")]} == {
        "cafz", one,
    }  # fmt: skip


def test_a_class_is_named_as_python_writes_it(folder):
    (folder / "cat").rename(folder / unicodedata.normalize("NFD", "kätzchen"))
    assert read_images(folder, SIZE).class_names == (
        "dog",
        unicodedata.normalize("NFC", "kätzchen"),
    )


# file name, picture, options of save, what the note says, how far any pixel may be off
KINDS = {
    "grey.png": (picture(71, channels=1), {}, "grey: turned to colour", 3),
    "rgb.jpg": (picture(71), {"quality": 95}, "", 30),
    "palette.gif": (picture(71), {}, "", 255),
    "palette.png": (picture(71).quantize(256), {}, "", 255),
    "print.jpg": (picture(71).convert("CMYK"), {"quality": 95}, "CMYK", 30),
    "rgba.png": (picture(71).convert("RGBA"), {}, "", 3),
    "webp.WEBP": (picture(71), {"lossless": True}, "", 3),
    "bmp.bmp": (picture(71), {}, "", 3),
    "tiff.tif": (picture(71), {}, "", 3),
    "black.png": (picture(71, channels=1).convert("1"), {}, "grey: turned to colour", 255),
}


@pytest.mark.parametrize("file", KINDS)
def test_each_kind_of_file_is_read_and_its_note_says_what_was_done(folder, file):
    image, options, note, tolerance = KINDS[file]
    image.save(folder / "cat" / file, **options)
    own = read_images(folder, SIZE)
    assert len(own.skipped) == 0
    assert (note in note_of(own, f"cat/{file}")) if note else not note_of(own, f"cat/{file}")
    expected = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    off = np.abs(image_of(own, f"cat/{file}") - np.asarray(expected))
    assert off.max() <= tolerance
    assert np.corrcoef(image_of(own, f"cat/{file}").ravel(), np.ravel(expected))[0, 1] > 0.9


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_grey_of_16_bits_keeps_its_brightness(folder, suffix):
    grey = pixels(71, channels=1)
    Image.fromarray(grey.astype(np.uint16) * 257).save(folder / "cat" / f"deep.{suffix}")
    own = read_images(folder, SIZE)
    assert "16 bits" in note_of(own, f"cat/deep.{suffix}")
    expected = Image.fromarray(grey).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    assert np.abs(image_of(own, f"cat/deep.{suffix}")[..., 0] - np.asarray(expected)).max() <= 3


@pytest.mark.parametrize(("brightest", "is_dark"), [(4095, True), (255, True), (60_000, False)])
def test_a_picture_of_12_bits_in_a_file_of_16_is_said_to_be_nearly_black(
    folder, brightest, is_dark
):
    values = np.linspace(0, brightest, 71 * 71).reshape(71, 71).astype(np.uint16)
    Image.fromarray(values).save(folder / "cat" / "deep.png")
    note = note_of(read_images(folder, SIZE), "cat/deep.png")
    assert (f"nearly black: its brightest is {brightest:,}" in note) == is_dark


def test_decimals_are_stretched(folder):
    values = pixels(71, channels=1).astype(np.float32) / 1000 - 0.1
    Image.fromarray(values).save(folder / "cat" / "float.tif")
    own = read_images(folder, SIZE)
    assert "32 bits" in note_of(own, "cat/float.tif")
    assert np.ptp(image_of(own, "cat/float.tif")) > 200


GLASS = {
    "RGBA": (Image.new("RGBA", (48, 48), (0, 0, 0, 0)), {}),
    "P": (Image.new("P", (48, 48), 3), {"transparency": 3}),
    "LA": (Image.new("LA", (48, 48), (0, 0)), {}),
}
GLASS["P"][0].putpalette(bytes(range(48)))


@pytest.mark.parametrize(("image", "options"), GLASS.values(), ids=GLASS)
def test_what_is_transparent_becomes_white(folder, image, options):
    image.save(folder / "cat" / "glass.png", **options)
    own = read_images(folder, SIZE)
    assert "transparent: put on white" in note_of(own, "cat/glass.png")
    assert image_of(own, "cat/glass.png").min() == 255


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_of_several_frames_the_first_is_taken(folder, suffix):
    frames = [picture(seed) for seed in (71, 72, 73)]
    path = folder / "cat" / f"moving.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    own = read_images(folder, SIZE)
    assert "several frames" in note_of(own, f"cat/moving.{suffix}")
    first, second = (np.asarray(f.resize((SIZE, SIZE))).ravel() for f in frames[:2])
    seen = image_of(own, f"cat/moving.{suffix}").ravel()
    assert np.corrcoef(seen, first)[0, 1] > 0.9 > np.corrcoef(seen, second)[0, 1]


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_a_picture_as_pillow_would(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    picture(71, height=40, width=80).save(path, exif=exif)
    decoded = read_picture(path, SIZE)
    with Image.open(path) as image:
        oracle = ImageOps.fit(
            ImageOps.exif_transpose(image), (SIZE, SIZE), Image.Resampling.BICUBIC
        )
    assert np.abs(decoded.pixels.astype(int) - np.asarray(oracle)).max() <= 6
    if suffix != "tif":  # Pillow turns these itself
        assert ("turned upright, as its EXIF says" in decoded.notes) == (orientation > 1)


def test_the_middle_of_a_long_picture_is_kept(tmp_path):
    long = np.full((40, 120, 3), 255, np.uint8)
    long[:, 40:80] = 0
    Image.fromarray(long).save(tmp_path / "long.png")
    decoded = read_picture(tmp_path / "long.png", SIZE)
    assert decoded.pixels[:, 1:-1].max() == 0  # the filter sees a little beyond the edge
    assert decoded.pixels.max() < 20
    assert decoded.notes == ("only the middle 33% was kept, to be square",)


def test_a_small_picture_is_enlarged_and_says_so(tmp_path):
    picture(1, height=8, width=8).save(tmp_path / "icon.png")
    assert read_picture(tmp_path / "icon.png", SIZE).notes == (
        "enlarged: it has only 8 x 8 pixels",
    )


def test_a_huge_picture_is_made_smaller_or_refused(tmp_path):
    path = tmp_path / "huge.jpg"
    Image.new("RGB", (8000, 6000), "red").save(path)
    assert "made smaller from a huge one: 8000 x 6000 pixels" in read_picture(path, SIZE).notes
    # Black and white compresses to kilobytes; Pillow itself would only warn.
    Image.new("1", (10_000, 6000)).save(tmp_path / "bomb.png")
    with pytest.raises(UnreadableError, match="too large: 10000 x 6000 pixels are 60 million"):
        read_picture(tmp_path / "bomb.png", SIZE)
    Image.new("1", (20_000, 10_000)).save(tmp_path / "bomb.png")
    with pytest.raises(UnreadableError, match=r"too large.*make it smaller first"):
        read_picture(tmp_path / "bomb.png", SIZE)


def test_a_jpeg_decoded_at_a_fraction_looks_like_the_whole(tmp_path):
    large = picture(1, height=1500, width=2000)
    large.save(tmp_path / "large.jpg", quality=95)
    whole = ImageOps.fit(large, (160, 160), Image.Resampling.BICUBIC)
    seen = read_picture(tmp_path / "large.jpg", 160).pixels.astype(int)
    assert np.abs(seen - np.asarray(whole)).max() <= 4


def broken_files(folder):
    whole = io.BytesIO()
    picture(7, height=300, width=300).save(whole, "jpeg")
    png = io.BytesIO()
    picture(8).save(png, "png")
    return {
        "text.jpg": (b"I am a text.", "not a picture, whatever its name says"),
        "empty.png": (b"", "0 bytes"),
        "cut.jpg": (whole.getvalue()[:2000], "cut off"),
        "cut.png": (png.getvalue()[: len(png.getvalue()) // 2], "cut off"),
        "phone.jpg": (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        "phone.HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0", ".heic cannot be read: save it as JPEG"),
        "post.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    }


def test_what_cannot_be_read_is_skipped_with_the_reason(folder):
    files = broken_files(folder)
    for name, (content, _) in files.items():
        (folder / "dog" / name).write_bytes(content)
    (folder / "dog" / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / "dog" / "inner").mkdir()
    own = read_images(folder, SIZE)
    assert len(own.images) == 6
    for name, (_, reason) in files.items():
        assert reason in reason_of(own, f"dog/{name}"), name
    assert "No such file" in reason_of(own, "dog/gone.png")
    assert "move its pictures up" in reason_of(own, "dog/inner")
    assert f"; {len(own.skipped)} skipped)" in repr(own)


@pytest.mark.parametrize("suffix", sorted(READABLE - {".jpe", ".jfif", ".jpeg", ".tiff"}))
def test_no_damage_stops_the_reading(tmp_path, suffix):
    """60 damaged files of each kind: each gives a picture or a reason, and no warning."""
    rng = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = io.BytesIO()
    Image.init()
    if Image.EXTENSION.get(suffix) not in Image.SAVE:
        pytest.skip(f"this Pillow does not write {suffix}")
    options = {} if suffix in (".gif", ".bmp") else {"exif": exif}
    picture(1, height=40, width=60).save(whole, Image.EXTENSION[suffix], **options)
    path, n_pictures = tmp_path / f"damaged{suffix}", 0
    path.write_bytes(whole.getvalue())
    assert read_picture(path, SIZE).pixels.any()
    for i in range(60):
        content = bytearray(whole.getvalue())
        for at in rng.integers(0, min(len(content), 400 if i % 2 else 60), rng.integers(1, 6)):
            content[at] = rng.integers(256)
        path.write_bytes(content[: rng.integers(1, len(content))] if i % 4 == 0 else content)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                n_pictures += read_picture(path, SIZE).pixels.shape == (SIZE, SIZE, 3)
            except UnreadableError as reason:
                assert str(reason)
    assert n_pictures < 60


def test_hidden_files_and_other_types_are_ignored(folder):
    for hidden in (".ipynb_checkpoints", "__MACOSX", ".git"):
        (folder / hidden).mkdir()
        picture(1).save(folder / hidden / "1.png")
    picture(1).save(folder / "cat" / "._0.png")
    (folder / "cat" / ".ipynb_checkpoints").mkdir()
    for other in ("README.txt", "cat/notes.txt", "dog/Thumbs.db"):
        (folder / other).write_text("x")
    own = read_images(folder, SIZE)
    assert own.class_names == ("cat", "dog")
    assert len(own.images) == 6
    assert own.n_ignored == 3
    assert repr(own).endswith("3 dog; 3 other files ignored)")
    assert len(own.skipped) == 0


def test_names_of_any_kind_are_kept_and_shown_as_text(folder):
    (folder / "Füchse 狐").mkdir()
    for i, name in enumerate(("ø 1.png", "<script>alert(1)<script>.png", "a&b.png")):
        picture(30 + i, channels=1).save(folder / "Füchse 狐" / name)
    own = read_images(folder, SIZE)
    assert own.class_names[0] == "Füchse 狐"
    assert "Füchse 狐/<script>alert(1)<script>.png" in own.files
    assert "<script>" not in own.notes._repr_html_()
    assert "&lt;script&gt;" in own.notes._repr_html_()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow only text as names")
def test_a_name_that_is_no_text_can_be_shown(folder):
    with open(os.fsencode(folder / "cat") + b"/\xff.png", "wb") as file:  # noqa: PTH123
        picture(3, channels=1).save(file, "png")
    own = read_images(folder, SIZE)
    assert "cat/\N{REPLACEMENT CHARACTER}.png" in own.files
    repr(own.notes).encode()


def test_a_copy_in_the_same_class_is_dropped(folder):
    with Image.open(folder / "cat" / "1.png") as image:
        image.save(folder / "cat" / "copy.bmp")  # other bytes, the same pixels
    own = read_images(folder, SIZE)
    assert "the same picture as cat/1.png" in reason_of(own, "cat/copy.bmp")
    assert "leak" in reason_of(own, "cat/copy.bmp")
    assert len(own.images) == 6
    assert "cat/1.png" in own.files


def test_a_picture_in_two_classes_is_dropped_in_both(folder):
    with Image.open(folder / "cat" / "1.png") as image:
        image.save(folder / "cat" / "copy.png")
        image.save(folder / "dog" / "copy.png")
    own = read_images(folder, SIZE)
    assert reason_of(own, "cat/1.png") == reason_of(own, "cat/copy.png")
    assert "dog/copy.png: one of the labels is wrong" in reason_of(own, "cat/1.png")
    assert "the same picture as cat/1.png" in reason_of(own, "dog/copy.png")
    assert own.files.tolist() == ["cat/0.png", "cat/2.png", "dog/0.png", "dog/1.png", "dog/2.png"]
    assert own.labels.tolist() == [0, 0, 1, 1, 1]
    kept = [np.asarray(read_picture(folder / file, SIZE).pixels) for file in own.files]
    assert (own.images == kept).all()


def test_different_pictures_are_all_kept(folder):
    """The twin of the two tests above: one other pixel is enough."""
    other = pixels(1).copy()
    other[20:24, 20:24] ^= 128
    Image.fromarray(other).save(folder / "dog" / "nearly.png")
    assert len(read_images(folder, SIZE).images) == 7


def with_a_class_of_one(folder):
    (folder / "owl").mkdir()
    picture(50).save(folder / "owl" / "1.png")
    (folder / "owl" / "2.png").write_text("no picture")


def without_pictures(folder, suffix="heic"):
    for path in folder.rglob("*.png"):
        path.with_suffix(f".{suffix}").write_text("x")
        path.unlink()


def in_parts(folder):
    for part in ("test", "Training", "val"):
        for name in ("cat", "dog"):
            (folder / part / name).mkdir(parents=True)
    for name in ("cat", "dog"):
        shutil.move(folder / name, folder / "Training" / name)


# What is done to a good folder, what is asked for in it, and what is said.
TROUBLES = [
    (with_a_class_of_one, ".", r"at least 2 pictures.*got 1 of 'owl'.*owl/2.png: not a"),
    (
        lambda folder: picture(60).save(folder / "loose.jpg"), ".",
        r"one subfolder per class.*1 picture of no class .'loose.jpg'.*2 subfolders.*'cat'",
    ),
    (lambda folder: (folder / "dog").rename(folder.parent / "dog"), ".",
     r"1 subfolder.*'cat'.*3 pictures.*at least two classes"),
    (lambda folder: None, "..", r"Did you mean '.*pets'\? It holds 'cat', 'dog'"),
    (in_parts, ".", r"Did you mean '.*/Training'\? It holds 'cat', 'dog'"),
    (without_pictures, ".", r"no pictures to read.*cat/0.heic: \.heic cannot be read"),
    (lambda folder: (folder / "new").mkdir(), "new",
     r"holds no subfolder. Put pictures.*\.jpg, \.png"),
    (lambda folder: None, "cats", r"no folder '.*cats'.*Did you mean '.*cat'\?"),
    (lambda folder: None, "cat/0.png", r"'.*0.png' is a file.*class folders"),
    (lambda folder: (folder / "pets.zip").write_text("x"), "pets.zip", "Unpack it first"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "where", "says"), TROUBLES)
def test_a_folder_that_is_not_as_it_should_be_is_named_with_the_way_out(folder, spoil, where, says):
    spoil(folder)
    with pytest.raises(ValueError, match=says):
        read_images(folder / where if where != ".." else folder.parent, SIZE)


def test_more_than_the_memory_holds_is_refused_before_reading(folder, monkeypatch):
    monkeypatch.setattr(own_images, "_MOST_BYTES", 5 * SIZE**2 * 3)
    with pytest.raises(ValueError, match=r"at most 5 pictures at `size_px`=32.*got 6"):
        read_images(folder, SIZE)
