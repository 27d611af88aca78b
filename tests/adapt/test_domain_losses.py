"""Each loss against a slow loop in NumPy that follows the paper's formula."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tlwidgets.adapt import coral_loss, entropy_loss, mmd_loss

pytestmark = pytest.mark.keras

LOSSES = [coral_loss, mmd_loss, entropy_loss]
BY_HAND = np.array([[0.0, 1.0], [2.0, 3.0], [1.0, -1.0]])


def slow_covariance(x):
    n, d = x.shape
    mean = [sum(x[i][a] for i in range(n)) / n for a in range(d)]
    return [
        [sum((x[i][a] - mean[a]) * (x[i][b] - mean[b]) for i in range(n)) / (n - 1)
         for b in range(d)]
        for a in range(d)
    ]  # fmt: skip


def slow_coral(s, t):
    d = s.shape[1]
    cs, ct = slow_covariance(s), slow_covariance(t)
    return sum((cs[a][b] - ct[a][b]) ** 2 for a in range(d) for b in range(d)) / (4 * d * d)


def slow_mmd(s, t, widths=(0.25, 0.5, 1.0, 2.0, 4.0)):
    both = [*s, *t]
    distances = [sum((a - b) ** 2) for a in both for b in both]
    scale = sum(distances) / len(distances)

    def mean_kernel(first, second):
        values = [
            sum(np.exp(-sum((a - b) ** 2) / (scale * w)) for w in widths)
            for a in first
            for b in second
        ]
        return sum(values) / len(values)

    return mean_kernel(s, s) + mean_kernel(t, t) - 2 * mean_kernel(s, t)


def slow_entropy(_s, t):
    total = 0.0
    for row in t:
        p = np.exp(row - max(row)) / sum(np.exp(row - max(row)))
        total -= sum(q * np.log(q) for q in p if q > 0)
    return total / len(t)


ORACLES = list(zip(LOSSES, [slow_coral, slow_mmd, slow_entropy], strict=True))


@pytest.mark.parametrize(("loss", "oracle"), ORACLES)
def test_each_loss_is_that_of_the_slow_loop(loss, oracle):
    rng = np.random.default_rng(0)
    by_hand = BY_HAND, BY_HAND[:2] * 3 + 1
    for pair in (by_hand, (rng.normal(size=(7, 3)), rng.normal(1, 2, size=(5, 3)))):
        assert float(loss(*pair)) == pytest.approx(oracle(*pair), rel=1e-5)


numbers = hnp.arrays(
    np.float64,
    st.tuples(st.integers(2, 6), st.just(2)),
    elements=st.floats(-9, 9, allow_nan=False, width=32),
)


@settings(max_examples=40, deadline=None)
@given(numbers, numbers)
def test_distances_are_never_negative_and_zero_on_the_same_set(a, b):
    for loss in (coral_loss, mmd_loss):
        assert float(loss(a, b)) >= 0
        assert float(loss(a, a)) == pytest.approx(0, abs=1e-5)
        assert float(loss(a, b)) == pytest.approx(float(loss(b, a)), rel=1e-3, abs=1e-4)


def test_each_loss_sees_what_it_says_and_no_more():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 2))
    assert float(coral_loss(x, x + 5)) == pytest.approx(0, abs=1e-9)  # blind to means
    assert float(mmd_loss(x, x + 5)) > 1
    assert float(coral_loss(x, 3 * x)) > 1


def test_no_gradient_shrinks_the_loss_by_the_scale_of_the_kernel():
    x = tf.constant(BY_HAND)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = mmd_loss(x, x * 0.5 + 1)
    assert np.abs(tape.gradient(loss, x).numpy()).max() > 1e-3


def descend(loss, steps=60):
    """Move the source by gradient descent on a loss; return how far it still lies away."""
    source, target = tf.Variable(BY_HAND), tf.constant(BY_HAND[::-1] * 2 + 1)
    before = float(mmd_loss(source, target))
    for _ in range(steps):
        with tf.GradientTape() as tape:
            value = loss(source, target)
        source.assign_sub(0.3 * tape.gradient(value, source))
    return float(mmd_loss(source, target)) / before


def test_descending_brings_the_clouds_together():
    assert descend(mmd_loss) < 0.5


def test_descending_on_nothing_leaves_them_apart():
    assert descend(lambda s, t: 0 * mmd_loss(s, t)) == pytest.approx(1)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        (BY_HAND, BY_HAND[:, :1], r"`target`.*\(3, 2\) and \(3, 1\)"),
        (BY_HAND, np.zeros((2, 2, 2)), "`target`"),
        (BY_HAND[:1], BY_HAND, "`source`.*at least 2.*got 1"),
        (BY_HAND, BY_HAND[:1], "`target`.*at least 2.*got 1"),
        (BY_HAND, (BY_HAND, np.array([0, 1, 0])), "`target`.*without labels"),
    ],
)
def test_bad_input_is_named(loss, source, target, says):
    with pytest.raises((TypeError, ValueError), match=says):
        loss(source, target)
