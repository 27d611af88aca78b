"""What a network is taught from a file is what an inspector shows it of that file, to the pixel."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.shipping.small_inspectors import inspector
from tlwidgets import read_images

pytestmark = pytest.mark.keras
SIZE = 32


@pytest.fixture(scope="module")
def inspectors():
    """One of each kind of model that answers nothing and keeps what it was shown."""
    return {shape: watched(*shape) for shape in ((SIZE, SIZE, 3), (SIZE, SIZE, 1), (24, 40, 3))}


def watched(height, width, channels):
    watched = inspector(channels=channels)
    watched.size_px, watched.seen = (height, width), []

    def model(x, training):
        assert not training
        watched.seen.append(np.asarray(x)[0])
        return [[0.5, 0.5]]

    watched.model = model
    return watched


def shown(inspector, image):
    inspector.inspect(image)
    return inspector.seen.pop()


def colours(height=60, width=160, channels=3):
    """Every part of it has another colour, so that a cut and a stretched one differ."""
    coarse = np.random.default_rng(0).integers(0, 256, (6, 16, channels), np.uint8)
    picture = Image.fromarray(coarse[..., 0] if channels == 1 else coarse)
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def grey(white, kind):
    return Image.fromarray((np.asarray(colours(channels=1)) / 255 * white).astype(kind))


def with_alpha(mode):
    picture = colours().convert(mode[:-1] or "L")
    picture.putalpha(colours(channels=1))
    return picture


def exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def content(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def deep_png():
    """RGB of 16 bits, which Pillow reads and does not write."""
    lines = b"".join(
        b"\0" + row.astype(">u2").tobytes() for row in np.array(colours(), np.uint16) * 257
    )
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", 160, 60, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines)),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in (*parts, (b"IEND", b""))
    )


MOVING = {"save_all": True, "append_images": [colours().rotate(180)]}
FILES = {
    "wide.png": content(colours(), "png"),
    "tall.png": content(colours(160, 60), "png"),
    "long.png": content(colours(20, 900), "png"),
    "tiny.png": content(colours(2, 5), "png"),
    "large.jpg": content(colours(700, 1500), "jpeg"),
    "progressive.jpg": content(colours(), "jpeg", progressive=True),
    "grey.jpg": content(colours(channels=1), "jpeg"),
    "print.jpg": content(colours().convert("CMYK"), "jpeg"),
    "print.tif": content(colours().convert("CMYK"), "tiff"),
    "a png named.jpg": content(colours(), "png"),
    "zeros behind.jpg": content(colours(), "jpeg") + b"\0" * 300,
    "grey.png": content(colours(channels=1), "png"),
    "one bit.png": content(colours().convert("1"), "png"),
    "rgba.png": content(with_alpha("RGBA"), "png"),
    "rgba.webp": content(with_alpha("RGBA"), "webp", lossless=True),
    "grey alpha.png": content(with_alpha("LA"), "png"),
    "palette.gif": content(colours().quantize(64), "gif"),
    "palette glass.png": content(colours().quantize(64), "png", transparency=3),
    "palette glass.gif": content(colours().quantize(64), "gif", transparency=3),
    "colour glass.png": content(colours(), "png", transparency=colours().getpixel((80, 30))),
    "16 bits.png": content(grey(65_535, np.uint16), "png"),
    "16 bits.tif": content(grey(65_535, np.uint16), "tiff"),
    "12 bits.png": content(grey(4095, np.uint16), "png"),
    "12 bits.tif": content(grey(4095, np.uint16), "tiff"),
    "16 bits colour.png": deep_png(),
    "32 bits.tif": content(grey(100_000, np.int32), "tiff"),
    "32 bits to 255.tif": content(grey(255, np.int32), "tiff"),
    "decimals to 1.tif": content(grey(1, np.float32), "tiff"),
    "decimals to 255.tif": content(grey(255, np.float32), "tiff"),
    "decimals to 4000.tif": content(grey(4000, np.float32), "tiff"),
    "moving.gif": content(colours(), "gif", **MOVING),
    "moving.webp": content(colours(), "webp", **MOVING),
    "moving.png": content(colours(), "png", **MOVING),
    "pages.tif": content(colours(), "tiff", **MOVING),
    **{
        f"turned {i}.{kind}": content(colours(), kind, exif=exif(i))
        for i in range(2, 9)
        for kind in ("jpeg", "png", "tiff", "webp")
    },
}
# In memory it is whole; from its file a large JPEG is decoded at a part of its size. On average:
OFF_IN_MEMORY = {"large.jpg": 3}


@pytest.fixture
def taught(tmp_path, request):
    """The path of a file, and what `read_images` makes of it."""
    for i in range(4):
        path = tmp_path / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((40, 40), i, np.uint8)).save(path)
    path = tmp_path / "a" / request.param
    path.write_bytes(FILES[request.param])
    own = read_images(tmp_path, SIZE, progress=False)
    return path, own.images[own.files.tolist().index(f"a/{request.param}")]


@pytest.mark.parametrize("taught", FILES, indirect=True)
def test_an_inspector_sees_what_was_taught(inspectors, taught):
    path, image = taught
    of_colour, of_grey = inspectors[SIZE, SIZE, 3], inspectors[SIZE, SIZE, 1]
    for way in (path, str(path), path.read_bytes(), image):
        np.testing.assert_array_equal(shown(of_colour, way), image)
    with Image.open(path) as opened:
        size = opened.size
        off = np.abs(shown(of_colour, opened) - image)
        assert off.mean() <= OFF_IN_MEMORY.get(path.name, 0)
        assert opened.size in (size, size[::-1])  # theirs is not made smaller; a TIFF turns itself
    np.testing.assert_array_equal(
        shown(of_grey, path)[..., 0], np.asarray(Image.fromarray(image).convert("L"))
    )


ARRAYS = {
    "bytes": (np.asarray(colours()), content(colours(), "png")),
    "grey": (np.asarray(colours(channels=1))[..., None], content(colours(channels=1), "png")),
    "whole numbers": (np.array(colours(), np.int64), content(colours(), "png")),
    "16 bits": (np.array(grey(65_535, np.uint16)), FILES["16 bits.png"]),
    "12 bits": (np.array(grey(4095, np.uint16)), FILES["12 bits.png"]),
    "16 bits colour": (np.array(colours(), np.uint16) * 257, FILES["16 bits colour.png"]),
    "decimals to 1": (np.array(grey(1, np.float32)), FILES["decimals to 1.tif"]),
    "colour to 1": (np.array(colours()) / 255, content(colours(), "png")),
    "decimals to 255": (np.array(grey(255, np.float32)), FILES["decimals to 255.tif"]),
    "colour to 255": (np.array(colours(), float), content(colours(), "png")),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_an_array_is_seen_as_its_file_would_be(inspectors, kind):
    array, file = ARRAYS[kind]
    seen = inspectors[SIZE, SIZE, 3]
    np.testing.assert_array_equal(shown(seen, array), shown(seen, file))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_model_of_another_shape_gets_the_middle_of_that_shape(inspectors, orientation):
    for picture in (colours(), colours(160, 60)):
        seen = shown(inspectors[24, 40, 3], content(picture, "png", exif=exif(orientation)))
        picture.getexif()[0x0112] = orientation
        upright = ImageOps.exif_transpose(picture)
        wanted = ImageOps.fit(upright, (40, 24), Image.Resampling.BICUBIC)
        assert np.abs(seen - np.asarray(wanted)).max() <= 6


def test_what_is_skipped_in_training_is_refused_with_the_same_reason(inspectors, tmp_path):
    damaged = {
        "empty.png": b"",
        "text.jpg": b"I am a text.",
        "cut.png": FILES["wide.png"][:2000],
        "phone.jpg": b"\0\0\0\x18ftypheic\0\0\0\0",
        "post.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "bomb.png": content(Image.new("1", (10_000, 6000)), "png"),
    }
    for name, data in {"1.png": FILES["wide.png"], "2.png": FILES["tall.png"], **damaged}.items():
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / name).write_bytes(data)
    for i in range(2):
        (tmp_path / "b").mkdir(exist_ok=True)
        colours(40 + i, 40).save(tmp_path / "b" / f"{i}.png")
    own = read_images(tmp_path, SIZE, progress=False)
    assert len(own.skipped) == len(damaged)
    for file, reason in own.skipped.itertuples(index=False):
        with pytest.raises(ValueError, match=r"`image` must be a picture") as caught:
            inspectors[SIZE, SIZE, 3].inspect(tmp_path / file)
        assert file in str(caught.value) and reason in str(caught.value)
