"""The picture of two domains: the same plane, the same axes, the colours of the course."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from tlwidgets import _palette
from tlwidgets.adapt import project_domains
from tlwidgets.adapt.plot import plot_adversary, plot_domains, scrub_domains

RNG = np.random.default_rng(0)
SOURCE = RNG.normal(size=(30, 5))
FRAMES = {"before": (SOURCE, SOURCE[:20] + 4), "after": (SOURCE, SOURCE[:20] + 0.01)}
CLASSES = np.arange(30) % 3


def distance(projected, moment):
    return np.linalg.norm(projected.source[moment].mean(0) - projected.target[moment].mean(0))


def test_the_gap_is_seen_before_and_closed_after():
    projected = project_domains(FRAMES)
    assert distance(projected, 0) > 10 * distance(projected, 1)


def test_the_plane_is_that_of_scikit_learns_pca():
    from sklearn.decomposition import PCA

    projected = project_domains({"only": (SOURCE, SOURCE)})
    wanted = PCA(2).fit_transform(SOURCE) / np.sqrt(SOURCE.var(0).sum())
    np.testing.assert_allclose(np.abs(projected.source[0]), np.abs(wanted), atol=1e-10)


def test_smaller_features_alone_do_not_look_adapted():
    apart = (SOURCE, SOURCE + 4)
    small = tuple(table / 100 for table in apart)
    projected = project_domains({"large": apart, "small": small})
    assert distance(projected, 0) == pytest.approx(distance(projected, 1))


def test_both_pictures_have_the_same_axes_and_the_colours_of_the_domains():
    projected = project_domains(FRAMES)
    axes = Figure().subplots(1, 2)
    for moment, ax in enumerate(axes):
        assert plot_domains(projected, moment, ax) is ax
        assert ax.get_title() == ["before", "after"][moment]
        colours = [to_hex(c.get_facecolor()[0], keep_alpha=False) for c in ax.collections]
        assert [c.lower() for c in colours] == [_palette.SOURCE.lower(), _palette.TARGET.lower()]
        assert [len(c.get_offsets()) for c in ax.collections] == [30, 20]
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert axes[0].get_ylim() == axes[1].get_ylim()


def test_classes_are_drawn_as_digits_and_all_points_are_there():
    ax = Figure().subplots()
    plot_domains(project_domains(FRAMES), 0, ax, source_classes=CLASSES)
    assert [len(c.get_offsets()) for c in ax.collections] == [10, 10, 10, 0, 20]


def test_the_scrubber_shows_each_moment_at_one_size():
    box = scrub_domains(project_domains(FRAMES), source_classes=CLASSES)
    slider, image = box.children
    first, sizes = image.value, set()
    for moment in (1, 0):
        slider.value = moment
        sizes.add(Image.open(io.BytesIO(image.value)).size)
    assert image.value == first
    slider.value = 1
    assert image.value != first
    assert len(sizes) == 1


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ({}, "`frames`.*empty"),
        ([SOURCE], "`frames`.*list"),
        ({"x": (SOURCE,)}, "`frames"),
        ({"x": (SOURCE, SOURCE[:, :2])}, r"got \(30, 2\)"),
        ({"x": (SOURCE[:, :1], SOURCE[:, :1])}, "at least 2 features"),
        ({"x": (SOURCE, SOURCE[:1])}, "at least 2 examples"),
    ],
)
def test_bad_features_are_named(frames, says):
    with pytest.raises((TypeError, ValueError), match=says):
        project_domains(frames)


@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        (("picture", 0), {}, "`projected`.*str"),
        ((None, 2), {}, "`moment`.*from 0 to 1"),
        ((None, 0), {"source_classes": [1, 2]}, "`source_classes`.*30 whole numbers"),
        ((None, 0), {"target_classes": ["a"] * 20}, "`target_classes`.*20 whole numbers"),
    ],
)
def test_bad_pictures_are_named(arguments, settings, says):
    projected, moment = arguments
    with pytest.raises((TypeError, ValueError), match=says):
        plot_domains(projected or project_domains(FRAMES), moment, Figure().subplots(), **settings)


def test_no_axes_are_named():
    with pytest.raises(TypeError, match="`ax`"):
        plot_domains(project_domains(FRAMES), 0, None)


def test_the_flows_of_an_adversary_name_every_part_and_turn_one_gradient():
    ax = Figure().subplots()
    assert plot_adversary(ax) is ax
    words = " ".join(text.get_text() for text in ax.texts)
    for part in ("features", "head", "label loss", "reversal", "discriminator", "domain loss"):
        assert part in words
    assert words.count(r"-\lambda g") == 1
