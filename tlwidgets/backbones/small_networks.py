"""VGG, ResNet and Inception in the small: the idea of each family, trained in minutes.

Each keeps what made its family known and takes 28 x 28 grey pixels: VGG stacks small
convolutions and pools (Simonyan and Zisserman 2014), ResNet adds a shortcut around every pair
of convolutions (He et al. 2015), Inception looks at several sizes side by side (Szegedy et al.
2015). `datasets/mini_families/train.py` trained them on rendered letters.
"""

from __future__ import annotations

from types import MappingProxyType

import keras
import numpy as np
from keras import layers

from .. import _check
from ..data.catalog import read_catalog, shipped_path, verify

# Read the parameters of our own small networks from the files that ship with them.


def read_shipped(network: keras.Model, name: str, *, what: str, prefix: str = "") -> None:
    """Give a network the parameters of a file that stands in the catalog under a name.

    In the file each variable has its path in the network, after the prefix.
    """
    entry = read_catalog()[name]
    path = shipped_path(entry)
    verify(path, entry.sha256, what=what)
    with np.load(path, allow_pickle=False) as archive:
        for variable in network.variables:
            variable.assign(archive[prefix + variable.path].astype(np.float32))


_SIZE_PX = 28


def load_mini(name: str, checkpoint: str | None = "letters") -> keras.Model:
    """Give me a small network of a famous family that learned to read letters.

    Parameters
    ----------
    name : "mini_vgg", "mini_resnet" or "mini_inception"
        70,000 to 180,000 parameters each.
    checkpoint : "letters" or None
        Pretrained on the 52 letters of `make_glyphs`, or random parameters.

    Returns
    -------
    keras.Model
        Takes grey images of 28 x 28 raw pixels (0 to 255, white on black), gives 64
        (ResNet) or 128 features. Its layers are named as those of the large networks, so that
        its blocks are found as theirs.

    Raises
    ------
    ValueError
        If there is no such network or checkpoint, or the shipped file was changed.

    References
    ----------
    Simonyan and Zisserman (2014), arXiv 1409.1556. He et al. (2015), arXiv 1512.03385. Szegedy
    et al. (2015), arXiv 1512.00567.

    Examples
    --------
    >>> network = load_mini("mini_resnet")
    >>> network.output_shape
    (None, 64)
    """
    _check.one_of("name", name, MINI_FAMILIES, kind="small network")
    _check.one_of("checkpoint", str(checkpoint), ("letters", "None"), kind="checkpoint")
    inputs = keras.Input((_SIZE_PX, _SIZE_PX, 1), name="image")
    pixels = layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(inputs)
    network = keras.Model(inputs, MINI_FAMILIES[name](pixels), name=name)
    if checkpoint is not None:
        what = f"load_mini({name!r})"
        read_shipped(network, "mini_families", what=what, prefix=f"{name}/")
    return network


def _vgg(x: keras.KerasTensor) -> keras.KerasTensor:
    """Two small convolutions, then half the size and twice the channels, and again."""
    for block, filters in enumerate((16, 32, 64), start=1):
        for i in (1, 2):
            name = f"block{block}_conv{i}"
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    return layers.Dense(128, activation="relu", name="fc1")(x)


def _resnet(x: keras.KerasTensor) -> keras.KerasTensor:
    """Blocks that add to their input what two convolutions make of it."""
    x = _convolve(x, 16, 5, "conv1", strides=2)
    for stage, filters in enumerate((16, 32, 64), start=2):
        for block in (1, 2):
            strides = 2 if block == 1 and stage > 2 else 1
            x = _residual(x, filters, strides, f"conv{stage}_block{block}")
    return layers.GlobalAveragePooling2D(name="avg_pool")(x)


def _residual(x: keras.KerasTensor, filters: int, strides: int, name: str) -> keras.KerasTensor:
    shortcut = x
    if strides > 1 or x.shape[-1] != filters:
        shortcut = _convolve(x, filters, 1, f"{name}_0", strides=strides, relu=False)
    x = _convolve(x, filters, 3, f"{name}_1", strides=strides)
    x = _convolve(x, filters, 3, f"{name}_2", relu=False)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.ReLU(name=f"{name}_out")(x)


def _inception(x: keras.KerasTensor) -> keras.KerasTensor:
    """Modules that look with four eyes and put what they see side by side."""
    x = _convolve(x, 24, 3, "stem_1", strides=2)
    x = _convolve(x, 32, 3, "stem_2")
    x = _mixed(x, (16, (16, 24), (8, 16), 8), "mixed0")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool0")(x)
    x = _mixed(x, (24, (24, 40), (12, 20), 12), "mixed1")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    x = _mixed(x, (32, (32, 56), (16, 24), 16), "mixed2")
    return layers.GlobalAveragePooling2D(name="avg_pool")(x)


def _mixed(
    x: keras.KerasTensor, filters: tuple[int, tuple[int, int], tuple[int, int], int], name: str
) -> keras.KerasTensor:
    one, (three_in, three), (five_in, five), pooled = filters
    branches = [
        _convolve(x, one, 1, f"{name}_1x1"),
        _convolve(_convolve(x, three_in, 1, f"{name}_3x3_reduce"), three, 3, f"{name}_3x3"),
        _convolve(_convolve(x, five_in, 1, f"{name}_5x5_reduce"), five, 5, f"{name}_5x5"),
        _convolve(
            layers.AveragePooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x),
            pooled,
            1,
            f"{name}_pool_1x1",
        ),
    ]
    return layers.Concatenate(name=name)(branches)


def _convolve(
    x: keras.KerasTensor, filters: int, side: int, name: str, *, strides: int = 1, relu: bool = True
) -> keras.KerasTensor:
    """Return a convolution with BatchNormalization, which came between VGG and ResNet."""
    x = layers.Conv2D(
        filters, side, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if relu else x


#: What builds each small network, by the name that `load_mini` takes.
MINI_FAMILIES = MappingProxyType(
    {"mini_vgg": _vgg, "mini_resnet": _resnet, "mini_inception": _inception}
)


# A small network that learned to read letters: fine-tuned in a second, not in a minute.
#
# Four strided convolutions and a dense layer, 98,400 parameters. `datasets/glyph_net/train.py`
# trained it on rendered letters; it has never seen a digit.


_N_FEATURES = 64
# name, filters, side of the kernel, stride
_CONVOLUTIONS = (("conv1", 16, 5, 2), ("conv2", 32, 3, 1), ("conv3", 32, 3, 2), ("conv4", 64, 3, 2))


def load_glyph_net(checkpoint: str | None = "letters") -> keras.Model:
    """Give me a small network that learned to read letters, for digits or glyphs.

    Parameters
    ----------
    checkpoint : "letters" or None
        Pretrained on the 52 letters of `make_glyphs`, or random parameters.

    Returns
    -------
    keras.Model
        Takes grey images of 28 x 28 raw pixels (0 to 255, white on black), gives 64 features.
        Five blocks: conv1, conv2, conv3, conv4, dense1. Put a head of your own on it.

    Raises
    ------
    ValueError
        If `checkpoint` is neither, or the shipped file was changed.

    Examples
    --------
    >>> network = load_glyph_net()
    >>> network.output_shape, network.count_params()
    ((None, 64), 98400)
    """
    _check.one_of("checkpoint", str(checkpoint), ("letters", "None"), kind="checkpoint")
    network = _build()
    if checkpoint is not None:
        read_shipped(network, "glyph_net", what="load_glyph_net()")
    return network


def _build() -> keras.Model:
    inputs = keras.Input((_SIZE_PX, _SIZE_PX, 1), name="image")
    x = layers.Rescaling(1 / 255, name="preprocessing")(inputs)
    for name, filters, side, stride in _CONVOLUTIONS:
        convolution = layers.Conv2D(
            filters, side, strides=stride, padding="same", activation="relu", name=name
        )
        x = convolution(x)
    x = layers.Flatten(name="flatten")(x)
    outputs = layers.Dense(_N_FEATURES, activation="relu", name="dense1")(x)
    return keras.Model(inputs, outputs, name="glyph_net")
