"""Training on two domains: the loop, the losses in it, the adversary, and the guard."""

import inspect

import keras
import numpy as np
import pytest

from tlwidgets import adapt
from tlwidgets.adapt import (
    DomainAdversarial,
    DomainAligned,
    coral_loss,
    entropy_loss,
    fit_two_domains,
    mmd_loss,
)

pytestmark = pytest.mark.keras

# Two classes that lie left and right; in the target both have moved up, along an axis that
# means nothing in the source.
RNG = np.random.default_rng(0)
Y = np.arange(200) % 2
X = RNG.normal(0, 0.3, (200, 2)).astype("float32") + np.stack([2.0 * Y - 1, 0 * Y], 1)
X = X.astype("float32")
Z = RNG.normal(0, 0.3, (150, 2)) + np.stack([2.0 * (np.arange(150) % 2) - 1, 3 + np.zeros(150)], 1)
Z = Z.astype("float32")


def small_net(seed=0):
    keras.utils.set_random_seed(seed)
    layers = [
        keras.layers.Dense(8, activation="relu", name="features"),
        keras.layers.Dense(2, name="head"),
    ]
    return keras.Sequential([keras.Input((2,)), *layers])


def fit(model, steps=300, **settings):
    return fit_two_domains(model, (X, Y), Z, steps=steps, batch_size=32, **settings)


def gap(model, loss):
    """How far the features of both domains lie apart, for their scale."""
    x, z = model.features(X), model.features(Z)
    scale = np.concatenate([x, z]).std()
    return float(loss(x / scale, z / scale))


def test_the_loop_does_what_keras_fit_does():
    ours, theirs = DomainAligned(small_net(), coral_loss), DomainAligned(small_net(), coral_loss)
    n = 32
    orders = {}

    def keep_order(n_examples, steps, batch_size, rng):
        order = np.arange(steps * batch_size).reshape(steps, batch_size) % n_examples
        orders[n_examples] = order
        return order.astype(np.int32)

    from tlwidgets.adapt import domains

    original, domains.draw_batches = domains.draw_batches, keep_order
    try:
        fit_two_domains(ours, (X, Y), Z, steps=6, batch_size=n)
    finally:
        domains.draw_batches = original
    for s, t in zip(orders[200], orders[150], strict=True):
        theirs.train_on_batch({"source": X[s], "target": Z[t]}, Y[s])
    for a, b in zip(ours.classifier.variables, theirs.classifier.variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)


def test_the_source_alone_does_not_depend_on_the_target():
    first, second = DomainAligned(small_net()), DomainAligned(small_net())
    fit_two_domains(first, (X, Y), Z, steps=20, batch_size=16)
    fit_two_domains(second, (X, Y), Z[::-1] * 7, steps=20, batch_size=16)
    for a, b in zip(first.classifier.variables, second.classifier.variables, strict=True):
        assert (a.numpy() == b.numpy()).all()


def distance_of_means(h_source, h_target):
    """A loss of one's own: a function, and no line of the package."""
    return keras.ops.sum((keras.ops.mean(h_source, 0) - keras.ops.mean(h_target, 0)) ** 2)


@pytest.mark.parametrize(
    ("loss", "strength"), [(mmd_loss, 1.0), (coral_loss, 30.0), (distance_of_means, 1.0)]
)
def test_a_loss_draws_the_domains_together_and_none_does_not(loss, strength):
    alone, drawn = DomainAligned(small_net()), DomainAligned(small_net(), loss, strength=strength)
    fit(alone), fit(drawn)
    assert gap(drawn, loss) < 0.5 * gap(alone, loss)
    assert np.mean(np.asarray(drawn.classifier(X)).argmax(1) == Y) > 0.95


def test_strength_zero_is_the_source_alone():
    alone, off = DomainAligned(small_net()), DomainAligned(small_net(), mmd_loss, strength=0)
    fit(alone, 30), fit(off, 30)
    for a, b in zip(alone.classifier.variables, off.classifier.variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5)


def test_entropy_on_the_logits_makes_the_target_decided():
    def entropy(model):
        logits = np.asarray(model.classifier(Z))
        return float(entropy_loss(logits, logits))

    alone = DomainAligned(small_net())
    decided = DomainAligned(small_net(), entropy_loss, features="head")
    fit(alone, 60), fit(decided, 60)
    assert entropy(decided) < entropy(alone)


def small_adversarial(**settings):
    return DomainAdversarial(small_net(), steps=400, **settings)


def test_the_adversary_hides_the_domain_and_one_that_only_watches_does_not():
    watched, hidden = small_adversarial(strength=0.0), small_adversarial(strength=1.0)
    seen, fooled = fit(watched, 400), fit(hidden, 400)
    assert seen["domain_accuracy"][-1] > 0.9
    assert fooled["domain_accuracy"][-1] < 0.8
    assert min(seen["accuracy"][-1], fooled["accuracy"][-1]) > 0.95  # both are reported


def test_lambda_follows_the_papers_schedule():
    model = DomainAdversarial(small_net(), strength=0.5, steps=200)
    for step in (0, 10, 100, 200, 500):
        share = min(step / 200, 1)
        wanted = 0.5 * (2 / (1 + np.exp(-10 * share)) - 1)
        assert model.strength_at(step) == pytest.approx(wanted, rel=1e-5, abs=1e-7)
    steady = DomainAdversarial(small_net(), strength=0.5, steps=200, is_ramped=False)
    assert steady.strength_at(0) == steady.strength_at(200) == 0.5


def test_lambda_grows_while_the_loop_runs():
    model = DomainAdversarial(small_net(), strength=0.5, steps=200)
    seen = []
    fit(model, 100, record_every=50, on_record=lambda _, m: seen.append(float(m.reversal.strength)))
    # Step k of the loop uses lambda(k / steps); the last one before a record is one step behind.
    np.testing.assert_allclose(seen, [0, model.strength_at(49), model.strength_at(99)], rtol=1e-5)


def test_every_gradient_of_the_adversary_is_that_of_the_paper():
    import tensorflow as tf

    model = small_adversarial(strength=0.7, is_ramped=False)
    kernel = model.classifier.get_layer("features").kernel.value
    with tf.GradientTape(persistent=True) as tape:
        h_source, h_target = model._both(X)[0], model._both(Z)[0]
        turned = model.domain_loss(h_source, h_target, training=False)
        plain = tf.nn.sigmoid_cross_entropy_with_logits(
            np.repeat([0.0, 1.0], [200, 150])[:, None].astype("float32"),
            model.discriminator(tf.concat([h_source, h_target], 0)),
        )
        plain = tf.reduce_mean(plain)
    assert float(turned) == pytest.approx(float(plain), rel=1e-5)
    np.testing.assert_allclose(
        tape.gradient(turned, kernel), -0.7 * tape.gradient(plain, kernel), rtol=1e-3, atol=1e-6
    )


def test_history_has_a_row_for_every_record():
    seen = []
    history = fit(
        DomainAligned(small_net()), 25, record_every=10, on_record=lambda k, _: seen.append(k)
    )
    assert history["step"] == [10, 20, 25]
    assert seen == [0, 10, 20, 25]
    assert history["loss"][0] > history["loss"][-1]


def test_a_second_call_goes_on_and_compiles_nothing():
    model = DomainAligned(small_net())
    first = fit(model, 60)
    loops = dict(model._loops)
    second = fit(model, 60)
    assert second["loss"][-1] < first["loss"][-1]
    assert model._loops == loops
    assert len(loops) == 1


def test_batchnorm_sees_one_domain_at_a_time():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(3), keras.layers.BatchNormalization(name="bn")]
    net = keras.Sequential([keras.Input((2,)), *layers, keras.layers.Dense(2)])
    model = DomainAligned(net, mmd_loss)
    far = {"source": X[:32], "target": Z[:32] + 100}
    model(far, training=True)
    # Standardised by itself, even a target far away comes out near zero.
    alone = np.asarray(model._both(Z[:32] + 100, training=True)[0])
    assert np.abs(alone.mean(0)).max() < 1e-2


# The guard: nobody who adapts may see labels of the target.
TAKE_NO_LABELS = [
    "adapt_batchnorm", "coral_loss", "entropy_loss", "fit_two_domains",
    "mmd_loss", "pseudo_label", "standardise_per_domain",
]  # fmt: skip


@pytest.mark.parametrize("name", TAKE_NO_LABELS)
@pytest.mark.parametrize("keyword", ["y_target", "target_labels"])
def test_labels_of_the_target_are_refused_with_the_reason(name, keyword):
    with pytest.raises(TypeError, match=f"`{keyword}`: {name} never takes labels of the target"):
        getattr(adapt, name)(X, Z, **{keyword: Y})


def test_every_function_of_the_package_has_the_guard():
    functions = {
        name for name in adapt.__all__
        if inspect.isfunction(getattr(adapt, name)) and not name.startswith("plot_")
    }  # fmt: skip
    assert set(TAKE_NO_LABELS) <= functions


def test_a_pair_in_the_place_of_the_target_is_refused():
    with pytest.raises(TypeError, match=r"`x_target`.*pair \(x, y\).*Keep them for the evaluation"):
        fit_two_domains(DomainAligned(small_net()), (X, Y), (Z, Y[:150]), steps=1)


@pytest.mark.parametrize(
    ("source", "target", "settings", "says"),
    [
        ((X, Y), Z[:, :1], {}, r"`x_target`.*expected \(n, 2\); got \(150, 1\)"),
        ((X, Y), Z.astype(int), {}, "`x_target`.*float32; got int64"),
        ((X, Y), Z[:0], {}, r"`x_target`.*at least one example"),
        ((X, Y), Z * np.nan, {}, "`x_target`.*finite"),
        ((X, 0 * Y), Z, {}, "`source`.*at least two classes; got only 0"),
        ((X, Y + 1), Z, {}, "`source`.*0 to 1.*one set of classes"),
        ((X, Y.astype(str)), Z, {}, "`source`.*whole numbers"),
        ((X, Y[:-1]), Z, {}, r"`source`.*200.*\(199,\)"),
        ((X[:, :1], Y), Z[:, :1], {}, r"`source`.*\(2,\).*got \(1,\)"),
        (X, Z, {}, "`source`.*pair"),
        ((X, Y), Z, {"batch_size": 1}, "`batch_size`.*from 2 to 150"),
        ((X, Y), Z, {"batch_size": 151}, "`batch_size`.*got 151"),
        ((X, Y), Z, {"steps": 0}, "`steps`.*got 0"),
        ((X, Y), Z, {"record_every": 0}, "`record_every`"),
        ((X, Y), Z, {"seed": -1}, "`seed`"),
    ],
)
def test_bad_input_is_named(source, target, settings, says):
    with pytest.raises((TypeError, ValueError), match=says):
        fit_two_domains(DomainAligned(small_net()), source, target, **{"steps": 1, **settings})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: DomainAligned("vgg16"), "`classifier`.*'vgg16'"),
        (lambda: DomainAligned(small_net(), features="conv9"), "`features`.*'conv9'.*features"),
        (lambda: DomainAligned(small_net(), mmd_loss, strength=-1), "`strength`.*got -1"),
        (lambda: DomainAdversarial(small_net(), strength=-0.1), "`strength`.*got -0.1"),
        (lambda: DomainAdversarial(small_net(), steps=0), "`steps`.*got 0"),
        (lambda: DomainAdversarial(small_net(), hidden=[0]), "`hidden`.*got 0"),
        (lambda: fit_two_domains(small_net(), (X, Y), Z, steps=1), "`model`.*DomainAligned"),
        (
            lambda: DomainAligned(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])),
            "`classifier`.*2 classes or more",
        ),
    ],
)
def test_a_wrong_model_is_named(make, says):
    with pytest.raises((TypeError, ValueError), match=says):
        make()
