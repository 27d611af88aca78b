"""The catalog of pretrained networks: who made them, how large, which checkpoint file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# A parameter of a checkpoint is a 32-bit number.
_BYTES_PER_PARAMETER = 4


@dataclass(frozen=True, slots=True)
class BackboneEntry:
    """What we know of a network before it is built.

    Parameters
    ----------
    name : str
        As `load_backbone` takes it.
    class_name : str
        Class in `keras.applications`; EfficientNet-Lite0 is built by tlwidgets.
    family, paper : str
        The idea it belongs to, and who published it.
    year : int
        Of the publication.
    parameters : int
        Without the classifier on top.
    top1 : float, percent
        Published accuracy on the ImageNet validation set.
    input_size, min_size : int, pixels
        The size it was trained with, and the smallest it accepts.
    preprocessing : {"inside", "tf", "caffe", "torch"}
        What raw pixels need; "inside" where the network already begins with it.
    file, file_with_top : str
        Names of the checkpoint files, with `{px}` where they depend on the input size.
    file_sizes : tuple of int, pixels
        The sizes for which there are files of their own.
    """

    name: str
    class_name: str
    family: str
    year: int
    paper: str
    parameters: int
    top1: float
    input_size: int
    min_size: int
    preprocessing: str
    file: str
    file_with_top: str
    file_sizes: tuple[int, ...] = ()

    @property
    def size_mb(self) -> float:
        """Size of the checkpoint without the classifier, in megabytes."""
        return self.parameters * _BYTES_PER_PARAMETER / 1e6

    def checkpoint_file(self, input_size: int, *, include_top: bool) -> str:
        """Return the name of the file that holds the ImageNet checkpoint."""
        # Keras takes the file of the trained size where the asked size has none of its own.
        px = input_size if input_size in self.file_sizes else self.input_size
        return (self.file_with_top if include_top else self.file).format(px=px)


@cache
def read_backbones() -> dict[str, BackboneEntry]:
    """List every network that `load_backbone` knows, by name.

    Returns
    -------
    dict of str to BackboneEntry

    Examples
    --------
    >>> read_backbones()["vgg16"].year
    2014
    """
    table = tomllib.loads((files(__package__) / "catalog.toml").read_text("utf-8"))
    return {
        name: BackboneEntry(
            name=name, **{**fields, "file_sizes": tuple(fields.get("file_sizes", ()))}
        )
        for name, fields in table.items()
    }
