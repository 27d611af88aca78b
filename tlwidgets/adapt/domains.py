"""Train on two domains at once, with all the steps inside one compiled function.

`Model.fit` spends milliseconds of Python on every step, and takes one data set, not two of
different lengths. Each step here is Keras' own `train_step`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from numpy.typing import ArrayLike, NDArray

from .. import _check, _keras
from ..freezing.loop import compile_loop
from .compiled_steps import draw_batches
from .features import examples_only, never_takes_target_labels, two_sets

# A classifier that learns from the labels of the source while its features are drawn together.
#
# Loss of a step: cross-entropy(y_s, head(h_s)) + strength * loss(h_s, h_t), with features h of a
# batch of the source and of the target. Each domain passes alone, so that BatchNormalization
# standardises it by itself. Everything is done in `call`, so that Keras' own training step serves.

DomainLoss = Callable[[Any, Any], Any]

_LEARNING_RATE = 1e-3
_LARGEST_STRENGTH = 1e6


class DomainAligned(keras.Model):
    """Train a classifier on the source while a loss draws both domains together.

    Parameters
    ----------
    classifier : keras.Model
        Gives logits. It is trained in place; use it afterwards as you would any model.
    loss : callable (features of the source, of the target) -> scalar, optional
        `mmd_loss`, `coral_loss`, `entropy_loss` or your own. None: the source alone, the honest
        control, which takes the same steps and never looks at the target.
    strength : float, >= 0
        How much the loss counts.
    features : str, optional
        The layer whose output is drawn together; by default what the last layer takes.
    **kwargs
        Of `keras.Model`.

    Examples
    --------
    >>> from tlwidgets.adapt import coral_loss, fit_two_domains
    >>> classifier = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> model = DomainAligned(classifier, coral_loss, strength=10)
    >>> x, y = np.eye(2), np.array([0, 1])
    >>> sorted(fit_two_domains(model, (x, y), x, steps=2, batch_size=2))
    ['accuracy', 'loss', 'step']
    """

    def __init__(
        self,
        classifier: keras.Model,
        loss: DomainLoss | None = None,
        *,
        strength: float = 1.0,
        features: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        aligned = _classifier("classifier", classifier, features)
        self.classifier = classifier
        self.strength = _check.number(
            "strength", strength, low=0, high=_LARGEST_STRENGTH, meaning="how much the loss counts"
        )
        self._domain_loss = loss
        self._both = keras.Model(classifier.inputs[0], [aligned, classifier.outputs[0]])
        self.recompile()

    def recompile(self, optimizer: Any = None) -> None:
        """Compile, with Adam or another optimizer."""
        self._loops: dict[Any, Any] = {}
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = optimizer or keras.optimizers.Adam(_LEARNING_RATE)
        self.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)

    def features(self, x: Any, batch_size: int = 500) -> Any:
        """Return the features that are drawn together, float32 of shape (n, d)."""
        parts = [self._both(x[i : i + batch_size])[0] for i in range(0, len(x), batch_size)]
        return np.concatenate([ops.convert_to_numpy(part) for part in parts])

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return logits: of the source when both domains come in, as training has it."""
        if not isinstance(inputs, dict):
            return self._both(inputs, training=training)[1]
        h_source, logits = self._both(inputs["source"], training=training)
        if self.looks_at_target:
            h_target = self._both(inputs["target"], training=training)[0]
            self.add_loss(self.domain_loss(h_source, h_target, training))
        return logits

    @property
    def looks_at_target(self) -> bool:
        """Tell whether there is a loss between the domains."""
        return self._domain_loss is not None

    def domain_loss(self, h_source: Any, h_target: Any, training: bool) -> Any:
        """Return the loss between the features of two batches, times its strength."""
        assert self._domain_loss is not None
        return self.strength * self._domain_loss(h_source, h_target)


_BATCH_SIZE = 64
_RECORD_EVERY = 100

OnRecord = Callable[[int, DomainAligned], None]


@never_takes_target_labels
def fit_two_domains(
    model: DomainAligned,
    source: tuple[ArrayLike, ArrayLike],
    x_target: ArrayLike,
    *,
    steps: int,
    batch_size: int = _BATCH_SIZE,
    seed: int = 0,
    record_every: int = _RECORD_EVERY,
    on_record: OnRecord | None = None,
) -> dict[str, list[float]]:
    """Train on labelled examples of the source and unlabelled ones of the target.

    Parameters
    ----------
    model : DomainAligned or DomainAdversarial
        Trained in place; a second call goes on where the first ended.
    source : pair of arrays (x, y), shapes (n_source, ...) and (n_source,)
        Examples and whole numbers, the classes.
    x_target : array, shape (n_target, ...)
        Examples without labels, of the shape and kind of the source's.
    steps : int, >= 1
        Each takes a batch of the source and one of the target; both are shuffled again when they
        come to their end.
    batch_size : int, >= 2
        Of each domain.
    seed : int, >= 0
        Of the order of the examples.
    record_every : int, >= 1
        Steps between two rows of the history.
    on_record : callable (steps done, model), optional
        Called for each row, and before the first step with 0: to keep features, for instance.

    Returns
    -------
    dict of str to list
        "step", and for each row the mean since the one before it: "loss", "accuracy" (of the
        source's labels), and of an adversarial model "domain_accuracy".

    Raises
    ------
    TypeError, ValueError
        If the domains do not fit each other or the model, or labels of the target are passed.
    """
    x, y, z = _checked(model, source, x_target)
    steps = _check.whole_number("steps", steps, low=1, meaning="batches of each domain")
    batch_size = _check.whole_number(
        "batch_size", batch_size, low=2, high=min(len(x), len(z)), meaning="examples of each domain"
    )
    record_every = _check.whole_number("record_every", record_every, low=1, meaning="steps")
    rng = np.random.default_rng(_check.whole_number("seed", seed, low=0, meaning="of the order"))
    orders = [draw_batches(len(data), steps, batch_size, rng) for data in (x, z)]
    loop = _loop(model, x, y, z)
    data = [(tf.constant(x), tf.constant(y)), (tf.constant(z),)]
    history: dict[str, list[float]] = {"step": []}
    if on_record:
        on_record(0, model)
    for begin in range(0, steps, record_every):
        model.reset_metrics()
        loop(data, [tf.constant(order[begin : begin + record_every]) for order in orders])
        history["step"].append(min(begin + record_every, steps))
        for name, value in model.get_metrics_result().items():
            history.setdefault(name, []).append(float(value))
        if on_record:
            on_record(int(history["step"][-1]), model)
    return history


def _checked(
    model: Any, source: Any, x_target: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    if not isinstance(model, DomainAligned):
        raise TypeError(
            f"`model` must be a DomainAligned or DomainAdversarial; got {type(model).__name__}. "
            "Wrap your classifier: DomainAligned(classifier, mmd_loss)."
        )
    _check.pair("source", source)
    x, z = two_sets("source", source[0], "x_target", x_target)
    inputs, outputs = model.classifier.inputs[0].shape, model.classifier.outputs[0].shape
    if x.shape[1:] != tuple(inputs[1:]):
        raise ValueError(
            f"`source` must have examples of shape {tuple(inputs[1:])}, as the classifier takes "
            f"them; got {x.shape[1:]}."
        )
    y = _source_labels("source", source[1], n=len(x), n_classes=outputs[1])
    return x, y.astype(np.int32), z


def _loop(model: DomainAligned, x: NDArray[Any], y: NDArray[Any], z: NDArray[Any]) -> Any:
    """Return the compiled loop of this model for data of these kinds; it is made once."""

    def step(groups: list[Any]) -> Any:
        (x, y), (z,) = groups
        logs = model.train_step(({"source": x, "target": z}, y))
        return logs["loss"]

    kinds = tuple((array.dtype.str, array.shape[1:]) for array in (x, y, z))
    if kinds not in model._loops:
        batch = {"source": tf.constant(x[:2]), "target": tf.constant(z[:2])}
        _keras.build_training(model, (batch, tf.constant(y[:2])))
        model._loops[kinds] = compile_loop(step, [(x, y), (z,)])
    return model._loops[kinds]


# A layer that does nothing forward and turns the gradient round backward.
#
# What stands after it learns to tell the domains apart; what stands before it learns to make that
# impossible. With lambda >= 0 and the gradient g that comes from above (Ganin et al. 2016, eq. 17):
# forward R(x) = x, backward dR/dx = -lambda * g.

_LARGEST = 1e6


@keras.saving.register_keras_serializable("tlwidgets")
class GradientReversal(keras.layers.Layer):
    """Turn the gradient round, so that the layers before work against those after.

    `strength` is lambda: how much of the gradient goes on, with the other sign. It can be set at
    any time, also between the steps of a compiled training.
    """

    def __init__(self, strength: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        initial = _check.number("strength", strength, low=0, high=_LARGEST, meaning="lambda")
        self._strength = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(initial), trainable=False,
            name="strength",
        )  # fmt: skip

    @property
    def strength(self) -> Any:
        """Lambda, a Keras variable."""
        return self._strength

    @strength.setter
    def strength(self, value: Any) -> None:
        self._strength.assign(value)

    def call(self, inputs: Any) -> Any:
        """Return the inputs as they are."""
        strength = ops.cast(self._strength, inputs.dtype)

        @ops.custom_gradient  # type: ignore[untyped-decorator]
        def reverse(x: Any) -> tuple[Any, Any]:
            def grad(*args: Any, upstream: Any = None) -> Any:
                return -strength * (args[0] if upstream is None else upstream)

            return ops.multiply(x, 1), grad

        return reverse(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer anew."""
        config: dict[str, Any] = super().get_config()
        return config | {"strength": float(ops.convert_to_numpy(self._strength))}


# DANN: features from which a discriminator cannot tell the domains apart.
#
# Three parts: features h = F(x), a head that reads the label from h, and a discriminator D that
# reads the domain from R(h), R the gradient reversal. One descent trains all of them on ``E_label
# - lambda * E_domain`` for F and on ``E_domain`` for D (Ganin et al. 2016, eq. 18). Lambda grows
# from 0 with the share p of the training that is done (their section 5.2.2): ``lambda(p) =
# strength * (2 / (1 + exp(-10 p)) - 1)``.

_HIDDEN = (64,)
_GAMMA = 10.0  # how steeply lambda grows, as in the paper


class DomainAdversarial(DomainAligned):
    """Train a classifier on the source while a discriminator tries to tell the domains apart.

    Parameters
    ----------
    classifier : keras.Model
        Gives logits. It is trained in place.
    strength : float, >= 0
        The largest lambda; with 0 the discriminator only watches.
    steps : int, >= 1
        Length of the training, over which lambda grows; it stays at `strength` after that.
    hidden : sequence of int, >= 1
        Widths of the discriminator's hidden layers.
    is_ramped : bool
        False: lambda is `strength` from the first step on.
    features : str, optional
        The layer whose output the discriminator sees; by default what the last layer takes.
    **kwargs
        Of `keras.Model`.

    Notes
    -----
    The history has `accuracy`, of the labels of the source, and `domain_accuracy`, of the
    discriminator: 0.5 means that it cannot tell, 1 that it always can. Equal domains are not yet
    equal classes: the sevens of one may come to lie on the ones of the other.

    References
    ----------
    Ganin et al. (2016), Domain-Adversarial Training of Neural Networks, JMLR 17(59), eq. 10-18.

    Examples
    --------
    >>> classifier = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    >>> model = DomainAdversarial(classifier, steps=100)
    >>> round(model.strength_at(0), 2), round(model.strength_at(50), 2)
    (0.0, 0.99)
    """

    def __init__(
        self,
        classifier: keras.Model,
        *,
        strength: float = 1.0,
        steps: int = 300,
        hidden: Sequence[int] = _HIDDEN,
        is_ramped: bool = True,
        features: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(classifier, strength=strength, features=features, **kwargs)
        self.steps = _check.whole_number("steps", steps, low=1, meaning="the length of training")
        self.is_ramped = is_ramped
        self.reversal = GradientReversal(0.0 if is_ramped else strength)
        widths = [_check.whole_number("hidden", w, low=1, meaning="a width") for w in hidden]
        self.discriminator = keras.Sequential(
            [
                keras.Input(self._both.outputs[0].shape[1:]),
                *[keras.layers.Dense(width, activation="relu") for width in widths],
                keras.layers.Dense(1),
            ]
        )
        self._done = self.add_weight(shape=(), initializer="zeros", trainable=False, name="done")
        self.domain_accuracy = keras.metrics.BinaryAccuracy("domain_accuracy", threshold=0.0)

    @property
    def looks_at_target(self) -> bool:
        """Tell whether the target is looked at: always, if only by the discriminator."""
        return True

    def strength_at(self, step: int) -> float:
        """Return lambda after some steps, from 0 to `strength`."""
        return float(ops.convert_to_numpy(self._ramp(ops.cast(step, "float32"))))

    def domain_loss(self, h_source: Any, h_target: Any, training: bool) -> Any:
        """Return the discriminator's cross-entropy; its gradient turns round below it."""
        if training:
            self.reversal.strength = self._ramp(self._done)
            self._done.assign_add(1.0)
        scores = self.discriminator(self.reversal(ops.concatenate([h_source, h_target])))
        is_target = ops.concatenate(
            [ops.zeros_like(h_source[:, :1]), ops.ones_like(h_target[:, :1])]
        )
        self.domain_accuracy.update_state(is_target, scores)
        return ops.mean(ops.binary_crossentropy(is_target, scores, from_logits=True))

    def _ramp(self, step: Any) -> Any:
        if not self.is_ramped:
            return ops.convert_to_tensor(self.strength)
        share = ops.minimum(step / self.steps, 1.0)
        return self.strength * (2 / (1 + ops.exp(-_GAMMA * share)) - 1)


# How far two domains lie apart, as losses that a network can make small.
#
# h_s and h_t are features of a batch of the source and of the target, shapes (n_s, d), (n_t, d).

# Widths of the kernels, as multiples of the mean squared distance (as Long et al. 2015 do).
_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)


@never_takes_target_labels
def coral_loss(source: Any, target: Any) -> Any:
    """Measure how differently features vary together in two domains.

    Parameters
    ----------
    source, target : tensor, shape (n_source, d) and (n_target, d), n >= 2
        Features of a batch of each domain.

    Returns
    -------
    tensor, shape (), >= 0
        ``||C_s - C_t||^2 / (4 d^2)`` with the covariances C, Frobenius norm.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, a domain has fewer than 2 examples, or labels are passed.

    Notes
    -----
    Means may differ as they like: the loss does not see them.

    References
    ----------
    Sun and Saenko (2016), Deep CORAL, ECCV workshops, eq. 1-3.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0, 1.0], [2.0, 3.0]])
    >>> float(coral_loss(x, x + 5)), float(coral_loss(x, 2 * x))  # C = [[2, 2], [2, 2]]
    (0.0, 9.0)
    """
    source, target = _batches(source, target)
    difference = _covariance(source) - _covariance(target)
    return ops.sum(ops.square(difference)) / (4 * source.shape[1] ** 2)


@never_takes_target_labels
def mmd_loss(source: Any, target: Any, *, widths: Sequence[float] = _WIDTHS) -> Any:
    """Measure how far apart the clouds of two domains lie, whatever their shape.

    Parameters
    ----------
    source, target : tensor, shape (n_source, d) and (n_target, d), n >= 2
        Features of a batch of each domain.
    widths : sequence of float, > 0
        One Gaussian kernel each: its width as a multiple of the mean squared distance between
        all pairs of the batch.

    Returns
    -------
    tensor, shape (), >= 0
        ``mean k(s, s') + mean k(t, t') - 2 mean k(s, t)``, k the sum of the kernels
        ``exp(-|a - b|^2 / (width * mean squared distance))``; 0 when both are the same.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, a domain has fewer than 2 examples, or labels are passed.

    Notes
    -----
    This is the biased estimate: pairs of an example with itself count, too. No gradient flows
    through the mean distance, else the network could shrink the loss by growing its features.

    References
    ----------
    Gretton et al. (2012), A Kernel Two-Sample Test, JMLR 13, eq. 5. Long et al. (2015), Learning
    Transferable Features with Deep Adaptation Networks, ICML, eq. 1-3.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0], [1.0]])
    >>> round(float(mmd_loss(x, x)), 6), float(mmd_loss(x, x + 9)) > 1
    (0.0, True)
    """
    source, target = _batches(source, target)
    both = ops.concatenate([source, target])
    squares = ops.sum(ops.square(both), axis=1)
    distance = squares[:, None] + squares[None] - 2 * ops.matmul(both, ops.transpose(both))
    distance = ops.relu(distance)  # rounding makes tiny negative numbers
    scale = ops.stop_gradient(ops.mean(distance)) + 1e-12
    kernel = sum(ops.exp(-distance / (scale * width)) for width in widths)
    n = ops.shape(source)[0]
    within = ops.mean(kernel[:n, :n]) + ops.mean(kernel[n:, n:])
    return ops.relu(within - 2 * ops.mean(kernel[:n, n:]))


@never_takes_target_labels
def entropy_loss(source: Any, target: Any) -> Any:
    """Measure how undecided the classifier is on the target.

    Parameters
    ----------
    source, target : tensor, shape (n_source, classes) and (n_target, classes)
        Logits. Those of the source are not used; they are there so that every loss of this module
        is called alike.

    Returns
    -------
    tensor, shape (), 0..log(classes)
        Mean of ``-sum_c p_c log p_c`` over the target.

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, or labels are passed.

    Notes
    -----
    A classifier that is sure of itself and wrong has no entropy either: where many examples of the
    target lie on the wrong side already, this loss makes it worse.

    References
    ----------
    Grandvalet and Bengio (2005), Semi-supervised Learning by Entropy Minimization, NeurIPS, eq. 6.

    Examples
    --------
    >>> import numpy as np
    >>> undecided = np.zeros((2, 2))
    >>> round(float(entropy_loss(undecided, undecided)), 3)  # log 2
    0.693
    """
    source, target = _batches(source, target)
    log_p = ops.log_softmax(target, axis=1)
    return -ops.mean(ops.sum(ops.exp(log_p) * log_p, axis=1))


def _batches(source: Any, target: Any) -> tuple[Any, Any]:
    for name, value in (("source", source), ("target", target)):
        examples_only(name, value)
    source, target = ops.convert_to_tensor(source), ops.convert_to_tensor(target)
    if len(source.shape) != 2 or len(target.shape) != 2 or source.shape[1] != target.shape[1]:
        raise ValueError(
            "`target` must have the shape of `source`, (n, d) with the same d; got "
            f"{tuple(source.shape)} and {tuple(target.shape)}. Flatten or pool the features first."
        )
    for name, n in (("source", source.shape[0]), ("target", target.shape[0])):
        if n is not None and n < 2:
            raise ValueError(
                f"`{name}` must hold at least 2 examples, because one has no spread; got {n}. "
                "Take larger batches."
            )
    return source, target


def _covariance(features: Any) -> Any:
    centred = features - ops.mean(features, axis=0, keepdims=True)
    n = ops.cast(ops.shape(features)[0], features.dtype)
    return ops.matmul(ops.transpose(centred), centred) / (n - 1)


# The ingredients with which adversarial training works on a small machine.
#
# Batch normalization, which sees one domain at a time, makes most of the difference; Adam, or an
# adversary that comes late, do no harm (datasets/results/adversary.py). The optimizer is that of
# Ganin et al. (2016, section 5.2.2), with the share p of the training that is done: ``rate(p) =
# initial / (1 + 10 p)^0.75``.

_FIRST_LEARNING_RATE = 0.1  # the paper takes 0.01, without batch normalization
_MOMENTUM, _ALPHA, _BETA = 0.9, 10.0, 0.75
_SIZE_PX, _N_FEATURES, _N_CLASSES = 28, 64, 10
_CONVOLUTIONS = ((16, 5), (32, 3), (64, 3))  # filters, side of the kernel
# Averages over some tens of batches: a lesson trains for some hundreds.
_BATCHNORM_MOMENTUM = 0.9


def annealed_sgd(
    steps: int, *, learning_rate: float = _FIRST_LEARNING_RATE
) -> keras.optimizers.SGD:
    """Give me the optimizer of the paper on domain-adversarial training.

    Parameters
    ----------
    steps : int, >= 1
        Length of the training.
    learning_rate : float, 1e-6..10
        Of the first step.

    Returns
    -------
    keras.optimizers.SGD
        With momentum 0.9, and a rate that falls to a sixth.

    Examples
    --------
    >>> rate = annealed_sgd(100)._learning_rate
    >>> round(float(rate(0)), 3), round(float(rate(100)), 3)
    (0.1, 0.017)
    """
    steps = _check.whole_number("steps", steps, low=1, meaning="the length of training")
    learning_rate = _check.number(
        "learning_rate", learning_rate, low=1e-6, high=10, meaning="of the first step"
    )
    return keras.optimizers.SGD(_Annealed(learning_rate, steps), momentum=_MOMENTUM)


def digit_network(
    channels: int = 1, *, has_batchnorm: bool = True, standardises_images: bool = False
) -> keras.Model:
    """Give me a small network that can learn to read digits in one domain or in two.

    Parameters
    ----------
    channels : 1 or 3
        Grey or colour images of 28 x 28 raw pixels, 0 to 255.
    has_batchnorm : bool
        After each layer but the last.
    standardises_images : bool
        Give each image mean 0 and standard deviation 1 in every channel first.

    Returns
    -------
    keras.Model
        Random parameters; three strided convolutions, the layer "features" with 64 numbers, and
        logits for ten classes.

    Raises
    ------
    TypeError, ValueError
        If `channels` is not 1 or 3.

    Examples
    --------
    >>> digit_network().output_shape
    (None, 10)
    """
    channels = _check.whole_number("channels", channels, low=1, high=3, meaning="of an image")
    parts = [keras.Input((_SIZE_PX, _SIZE_PX, channels)), layers.Rescaling(1 / 255)]
    if standardises_images:
        parts.append(layers.GroupNormalization(channels, center=False, scale=False))
    for filters, side in _CONVOLUTIONS:
        convolution = layers.Conv2D(
            filters, side, strides=2, padding="same", use_bias=not has_batchnorm
        )
        parts += [convolution, *_normalised(has_batchnorm), layers.ReLU()]
    dense = layers.Dense(_N_FEATURES, use_bias=not has_batchnorm)
    parts += [layers.Flatten(), dense, *_normalised(has_batchnorm), layers.ReLU(name="features")]
    return keras.Sequential([*parts, layers.Dense(_N_CLASSES, name="head")])


def _normalised(has_batchnorm: bool) -> list[Any]:
    return [layers.BatchNormalization(momentum=_BATCHNORM_MOMENTUM)] if has_batchnorm else []


@keras.saving.register_keras_serializable("tlwidgets")
class _Annealed(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, initial: float, steps: int) -> None:
        self.initial, self.steps = initial, steps

    def __call__(self, step: Any) -> Any:
        share = ops.minimum(ops.cast(step, "float32") / self.steps, 1.0)
        return self.initial / (1 + _ALPHA * share) ** _BETA

    def get_config(self) -> dict[str, Any]:
        return {"initial": self.initial, "steps": self.steps}


def _source_labels(name: str, value: ArrayLike, *, n: int, n_classes: int) -> NDArray[Any]:
    """Return labels of the source that the classifier's head can learn from."""
    array = np.asarray(value)
    if array.shape != (n,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must hold {n} whole numbers, the classes of the source; got shape "
            f"{array.shape} and dtype {array.dtype}. Number the classes 0, 1, 2 ..."
        )
    if array.min() < 0 or array.max() >= n_classes:
        raise ValueError(
            f"`{name}` must be classes from 0 to {n_classes - 1}, because the head has "
            f"{n_classes} outputs; got {array.min()} to {array.max()}. Source and target must "
            "share one set of classes: drop the others, or widen the head."
        )
    if array.min() == array.max():
        raise ValueError(
            f"`{name}` must hold at least two classes; got only {array[0]}. Nothing can be told "
            "apart: sample the source again."
        )
    return array


def _classifier(name: str, value: Any, features: str | None) -> Any:
    """Return the layer's output that is to be aligned; refuse what is no classifier."""
    _check.functional_model(name, value)
    shape = tuple(value.outputs[0].shape) if len(value.outputs) == 1 else ()
    if len(value.inputs) != 1 or len(shape) != 2 or shape[1] < 2:
        raise ValueError(
            f"`{name}` must have one input and one output of shape (n, classes), 2 classes or "
            f"more; got outputs {[tuple(o.shape) for o in value.outputs]}."
        )
    names = [layer.name for layer in value.layers]
    if features is None:
        return value.layers[-1].input
    if features not in names:
        raise ValueError(
            f"`features` must name a layer of {value.name!r}; got {features!r}. "
            f"It has: {', '.join(names)}."
        )
    return value.get_layer(features).output
