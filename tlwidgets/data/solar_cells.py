"""Photographs of solar cells under current, and whether experts saw a defect in them.

The ELPV data set (Buerhop-Lutz et al. 2018; Deitsch et al. 2019) comes from the package
`elpv-dataset`, under CC BY-NC-SA 4.0: non-commercial use only. We never redistribute it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import _check
from .._cache import cached, digest
from .catalog import read_catalog, verify

# Raise it when decoding or resizing changes, so that old cache entries are not found.
_DECODER_VERSION = 1
_ORIGINAL_SIZE_PX = 300
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True, eq=False)
class SolarCells:
    """2,624 solar cells, photographed by the light they emit under current.

    Parameters
    ----------
    images : array of uint8, shape (n, size_px, size_px), 0..255
        Grey. Dark areas carry no current.
    defect_probability : array of float64, shape (n,), one of 0, 1/3, 2/3, 1
        What the experts said: sound, probably sound, probably defective, defective.
    module_type : array of str, shape (n,), "mono" or "poly"
        Grown from one crystal or from many.
    """

    images: NDArray[np.uint8]
    defect_probability: NDArray[np.float64]
    module_type: NDArray[np.str_]

    def __repr__(self) -> str:
        n, size_px, _ = self.images.shape
        share = self.is_defective.mean()
        return f"SolarCells({n:,} images of {size_px} x {size_px} pixels, {share:.0%} defective)"

    @property
    def is_defective(self) -> NDArray[np.int64]:
        """Labels: 1 where the defect probability is at least one half, else 0."""
        return (self.defect_probability >= 0.5).astype(np.int64)

    def split(
        self, seed: int = 0, test_share: float = 0.25
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Choose which cells to learn from and which to keep for the test.

        Every combination of defect probability and module type has the same share in both
        parts, as in Deitsch et al. (2019). Which module a cell was cut from is not recorded,
        so cells of one module can fall on both sides: the test is too kind (see the card).

        Parameters
        ----------
        seed : int, 0..2**32 - 1
            Another seed gives another split.
        test_share : float, 0.05..0.95
            Share of the cells that are kept for the test.

        Returns
        -------
        train, test : arrays of int64
            Indices of the cells, shuffled.
        """
        from sklearn.model_selection import train_test_split

        seed = _check.whole_number(
            "seed", seed, low=0, high=_LARGEST_SEED, meaning="the number of a random split"
        )
        test_share = _check.number(
            "test_share", test_share, low=0.05, high=0.95, meaning="the share kept for the test"
        )
        strata = [
            f"{p:.2f} {kind}"
            for p, kind in zip(self.defect_probability, self.module_type, strict=True)
        ]
        train, test = train_test_split(
            np.arange(len(strata)), test_size=test_share, stratify=strata, random_state=seed
        )
        return train, test


def fetch_solar_cells(size_px: int = 96) -> SolarCells:
    """Give me 2,624 real photographs of solar cells, sound and defective.

    For non-commercial use only (CC BY-NC-SA 4.0). The first call of each size decodes the
    files, which takes some seconds; later ones read the cache.

    Parameters
    ----------
    size_px : int, 16..300, pixels
        Side of the square images; the originals have 300.

    Returns
    -------
    SolarCells

    Raises
    ------
    ImportError
        If the package `elpv-dataset` is not installed.

    References
    ----------
    Buerhop-Lutz et al. (2018), A Benchmark for Visual Identification of Defective Solar Cells
    in Electroluminescence Imagery, EU PVSEC. Deitsch et al. (2019), Automatic classification
    of defective photovoltaic module cells in electroluminescence images, Solar Energy 185.
    """
    size_px = _check.whole_number(
        "size_px",
        size_px,
        low=16,
        high=_ORIGINAL_SIZE_PX,
        meaning="the side of a cell's image in pixels",
    )
    entry = read_catalog()["solar_cells"]
    labels_file = _package_folder() / entry.file
    verify(labels_file, entry.sha256, what="fetch_solar_cells()")
    rows = [line.split() for line in labels_file.read_text("utf-8").splitlines()]
    paths = [labels_file.parent / row[0] for row in rows]
    key = digest("solar_cells", _DECODER_VERSION, size_px, entry.sha256)
    arrays = cached("solar_cells", key, partial(_decode, paths, size_px))
    return SolarCells(
        arrays["images"],
        np.array([float(row[1]) for row in rows]),
        np.array([row[2] for row in rows]),
    )


def _package_folder() -> Path:
    spec = find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        raise _check.missing_package("elpv-dataset", needed_for="fetch_solar_cells()", extra="data")
    return Path(spec.origin).parent


def _decode(paths: list[Path], size_px: int) -> dict[str, NDArray[np.uint8]]:
    """Read and shrink one file after the other: all at full size would need 236 MB more."""
    from PIL import Image

    images = np.empty((len(paths), size_px, size_px), np.uint8)
    for i, path in enumerate(paths):
        with Image.open(path) as image:
            images[i] = np.asarray(
                image.convert("L").resize((size_px, size_px), Image.Resampling.BICUBIC)
            )
    return {"images": images}
