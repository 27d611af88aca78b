"""Learn transfer learning by moving it.

Importing this package is cheap: it loads neither TensorFlow nor matplotlib. Each public
name is imported from its home when it is first used (PEP 562).
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backbones import (
        BlockTaps,
        extract_features,
        imagenet_class_names,
        list_backbones,
        load_backbone,
        load_glyph_net,
        load_mini,
        tap_blocks,
        top_names,
    )
    from .bias_explorer.widget import BiasExplorer
    from .course import (
        Prediction,
        UploadImages,
        budget,
        check,
        claim,
        expect,
        merge_progress,
        progress,
        read_lessons,
        self_test,
        table_of_lessons,
    )
    from .course.plot import plot_course, plot_predictions, plot_transfer_map
    from .data import (
        fetch_solar_cells,
        image_strip,
        load_digits,
        load_optdigits,
        load_photographs,
        load_results,
        make_glyphs,
        make_mnist_m,
        read_images,
    )
    from .freeze_slider.widget import FreezeSlider
    from .freezing.plot import plot_blocks
    from .training_curves.callback import TrainingCurves, fit_in_background

# TensorFlow greets every learner with lines in red that mean nothing to them; errors stay.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

_HOMES = {
    "backbones": (
        "BlockTaps",
        "extract_features",
        "imagenet_class_names",
        "list_backbones",
        "load_backbone",
        "load_glyph_net",
        "load_mini",
        "tap_blocks",
        "top_names",
    ),
    "bias_explorer.widget": ("BiasExplorer",),
    "course": (
        "Prediction",
        "UploadImages",
        "budget",
        "check",
        "claim",
        "expect",
        "merge_progress",
        "progress",
        "read_lessons",
        "self_test",
        "table_of_lessons",
    ),
    "course.plot": ("plot_course", "plot_predictions", "plot_transfer_map"),
    "data": (
        "fetch_solar_cells",
        "image_strip",
        "load_digits",
        "load_optdigits",
        "load_photographs",
        "load_results",
        "make_glyphs",
        "make_mnist_m",
        "read_images",
    ),
    "freeze_slider.widget": ("FreezeSlider",),
    "freezing.plot": ("plot_blocks",),
    "training_curves.callback": ("TrainingCurves", "fit_in_background"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"tlwidgets has no public name {name!r}; it has: {', '.join(__all__)}")
    value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
