"""The kept activations are those of the model, and cost the memory they should."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tlwidgets.freezing.activations import ActivationCache, ActivationStore, Trunk, as_tensor
from tlwidgets.freezing.blocks import read_layout
from tlwidgets.freezing.graph import batchnorms_in, build_model, copy_graph

from .small_models import MODELS, data, randomise_statistics

pytestmark = pytest.mark.keras


def trunk_of(model, x):
    layout = read_layout(model)
    _, _, tensors = copy_graph(layout.graph, name="copy")
    return layout, Trunk(layout, tensors, x)


def check_cuts(model, x, cuts=None):
    layout, trunk = trunk_of(model, x[:2])
    wanted = model(x, training=False).numpy()
    cache = ActivationCache(x, trunk, ActivationStore(10**9))
    for cut in cuts or range(1, len(layout.blocks)):  # each from the one before
        kept = cache.get(cut)
        n_steps = len(layout.graph.steps)
        top = build_model(layout.graph, layout.starts[cut], n_steps, name="top")
        found = top(kept[0] if len(kept) == 1 else list(kept), training=False).numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


def test_kept_activations_are_those_of_the_model(model):
    check_cuts(model, data(model, 40)[0])


@pytest.mark.parametrize(
    ("network", "size", "cuts"),
    [("MobileNetV2", 32, None), ("InceptionV3", 75, [3, 10]), ("DenseNet121", 32, [5, 9, 60])],
)
def test_folding_leaves_what_crosses_a_cut_as_it_is(network, size, cuts):
    keras.utils.set_random_seed(0)
    build = getattr(keras.applications, network)
    model = build(weights=None, include_top=False, input_shape=(size, size, 3), pooling="avg")
    x = np.random.default_rng(0).uniform(-1, 1, (3, size, size, 3)).astype("float32")
    check_cuts(randomise_statistics(model), x, cuts)


@pytest.mark.parametrize(("name", "n_left"), [("sequential", 0), ("nested", 0), ("skip", 1)])
def test_batchnorm_after_a_plain_convolution_is_folded_away(name, n_left):
    model = MODELS[name]()
    layout, trunk = trunk_of(model, data(model, 2)[0])
    assert any(batchnorms_in(step.operation) for step in layout.graph.steps)
    left = [step.name for step in trunk._graph.steps if batchnorms_in(step.operation)]
    assert len(left) == n_left  # in the skip model an activation lies between


def test_memory_up_to_the_budget_then_files():
    store = ActivationStore(1000)
    small, large = store.reserve((10, 5), "float32"), store.reserve((100, 5), "float32")
    assert (store.n_bytes_in_memory, store.n_bytes_on_disk) == (200, 2000)
    for array in (small, large):
        array[:] = 3.0
        tensor = as_tensor(array)
        array[1, 2] = 4.0
        assert float(tensor[1, 2]) == 4.0  # one memory, not two
        store.release(array)
    assert (store.n_bytes_in_memory, store.n_bytes_on_disk) == (0, 0)
    store.close()
    np.testing.assert_equal(large[1, 1], 3.0)


def test_an_error_while_filling_gives_the_room_back(model):
    _, trunk = trunk_of(model, data(model, 2)[0])
    store = ActivationStore(10**9)
    cache = ActivationCache(data(model, 40)[0], trunk, store)
    with pytest.raises(ZeroDivisionError):
        cache.get(1, on_progress=lambda share: 1 / 0)
    assert store.n_bytes_in_memory == 0 and cache.nearest(1) == 0
    assert cache.get(1) is not None and cache.nearest(1) == 1
