"""Images side by side as one PNG, for widgets that change quickly."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import ArrayLike

from .. import _check


def image_strip(*rows: ArrayLike) -> bytes:
    r"""Put images side by side, in one row or several, for an image widget.

    Parameters
    ----------
    *rows : array, shape (n, height, width) or (n, height, width, 1 or 3), 0..255
        At least one row; all of the same shape.

    Returns
    -------
    bytes
        A PNG.

    Raises
    ------
    TypeError, ValueError
        If there is no row, one holds no images, or their shapes differ.

    Examples
    --------
    >>> image_strip(np.zeros((2, 8, 8), np.uint8))[:4]
    b'\x89PNG'
    """
    from PIL import Image

    checked = [_check.images("rows", row) for row in rows]
    if not checked or len({row.shape for row in checked}) > 1:
        raise ValueError(
            "`rows` must be at least one row of images, all of one shape; "
            f"got {[row.shape for row in checked]}."
        )
    picture = np.vstack([np.hstack(list(row)) for row in checked]).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, "png")
    return file.getvalue()
