"""DANN: features from which a discriminator cannot tell the domains apart.

Three parts: features h = F(x), a head that reads the label from h, and a discriminator D that
reads the domain from R(h), R the gradient reversal. One descent trains all of them on
``E_label - lambda * E_domain`` for F and on ``E_domain`` for D (Ganin et al. 2016, eq. 18). Lambda
grows from 0 with the share p of the training that is done (their section 5.2.2):
``lambda(p) = strength * (2 / (1 + exp(-10 p)) - 1)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from .. import _check
from .aligned import DomainAligned
from .gradient_reversal import GradientReversal

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

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.

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
        """Return lambda after some steps.

        Parameters
        ----------
        step : int, >= 0

        Returns
        -------
        float, 0..strength
        """
        return float(ops.convert_to_numpy(self._ramp(ops.cast(step, "float32"))))

    def domain_loss(self, h_source: Any, h_target: Any, training: bool) -> Any:
        """Return the discriminator's cross-entropy; its gradient turns round below it.

        Parameters
        ----------
        h_source, h_target : tensors, shape (n, d)
        training : bool

        Returns
        -------
        tensor, shape ()
        """
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
