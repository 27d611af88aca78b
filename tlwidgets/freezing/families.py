"""How well-known networks name their layers by block."""

from __future__ import annotations

import re

# The first pattern that a layer's name begins with gives its block.
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"stage\d+(?=_)",  # EfficientNet-Lite: stage3_block1_expand_conv
        r"conv\d+_block\d+(?=_)",  # ResNet, DenseNet: conv2_block1_1_conv
        r"mixed_?\d+[a-z]?$",  # Inception: the layers in a module have no names of their own
        r"\w+_stage_\d+_block_\d+(?=_)",  # ConvNeXt
        r"block\d+_\d+(?=_|$)",  # Inception-ResNet: block35_1_conv
        r"block_?\d+[a-z]?(?=_|$)",  # VGG block1_conv1, EfficientNet block1a_bn, MobileNet block_2
        r"expanded_conv(?:_\d+)?(?=_)",  # MobileNetV2's first, all of MobileNetV3
    )
)


def family_block(layer_name: str) -> str | None:
    """Return the block that a layer's name tells, None if it tells none.

    Examples
    --------
    >>> family_block("conv2_block1_1_conv"), family_block("conv2d_7")
    ('conv2_block1', None)
    """
    return next((found[0] for pattern in _PATTERNS if (found := pattern.match(layer_name))), None)
