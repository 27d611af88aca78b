"""The public names and where each lives: read by type checkers, and by `__init__.py`."""

from .backbones import (
    BlockTaps as BlockTaps,
    dense_parameters as dense_parameters,
    extract_features as extract_features,
    imagenet_class_names as imagenet_class_names,
    list_backbones as list_backbones,
    load_backbone as load_backbone,
    load_glyph_net as load_glyph_net,
    load_mini as load_mini,
    load_text_encoder as load_text_encoder,
    load_tokenizer as load_tokenizer,
    solve_head as solve_head,
    tap_blocks as tap_blocks,
    top_names as top_names,
)
from .bias_explorer.widget import BiasExplorer as BiasExplorer
from .course import (
    Prediction as Prediction,
    UploadImages as UploadImages,
    budget as budget,
    check as check,
    claim as claim,
    expect as expect,
    merge_progress as merge_progress,
    progress as progress,
    read_lessons as read_lessons,
    self_test as self_test,
    table_of_lessons as table_of_lessons,
    write_grades as write_grades,
)
from .course.plot import (
    plot_course as plot_course,
    plot_predictions as plot_predictions,
    plot_transfer_map as plot_transfer_map,
)
from .data import (
    fetch_solar_cells as fetch_solar_cells,
    image_strip as image_strip,
    load_digits as load_digits,
    load_opinions as load_opinions,
    load_optdigits as load_optdigits,
    load_photographs as load_photographs,
    load_results as load_results,
    make_glyphs as make_glyphs,
    make_mnist_m as make_mnist_m,
    read_images as read_images,
)
from .freeze_slider.widget import FreezeSlider as FreezeSlider
from .freezing.plot import plot_blocks as plot_blocks
from .sweeping import sweep as sweep
from .training_curves.callback import (
    TrainingCurves as TrainingCurves,
    fit_in_background as fit_in_background,
)

__all__: list[str]
