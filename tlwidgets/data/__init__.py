"""Data sets of the course: real, small, described by a card, and available offline.

`load_*` reads what ships with tlwidgets or its dependencies, `fetch_*` reads a package of
somebody else's that an extra installs, `make_*` draws. Cards and licences stand in
`datasets/`. `read_images` takes your own pictures.
"""

from .._cache import CacheWarning
from .catalog import load_results
from .digits import Digits, load_digits, load_optdigits, make_mnist_m
from .glyphs import Glyphs, make_glyphs
from .opinions import Opinions, load_opinions
from .own_images import OwnImages, read_images
from .photographs import Photographs, image_strip, load_photographs
from .solar_cells import SolarCells, fetch_solar_cells

__all__ = [
    "CacheWarning",
    "Digits",
    "Glyphs",
    "Opinions",
    "OwnImages",
    "Photographs",
    "SolarCells",
    "fetch_solar_cells",
    "image_strip",
    "load_digits",
    "load_opinions",
    "load_optdigits",
    "load_photographs",
    "load_results",
    "make_glyphs",
    "make_mnist_m",
    "read_images",
]
