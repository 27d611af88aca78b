"""A classifier that learns from the labels of the source while its features are drawn together.

Loss of a step: cross-entropy(y_s, head(h_s)) + strength * loss(h_s, h_t), with features h of a
batch of the source and of the target. Each domain passes alone, so that BatchNormalization
standardises it by itself. Everything is done in `call`, so that Keras' own training step serves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from .. import _check
from . import errors

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

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.

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
        aligned = errors.classifier("classifier", classifier, features)
        self.classifier = classifier
        self.strength = _check.number(
            "strength", strength, low=0, high=_LARGEST_STRENGTH, meaning="how much the loss counts"
        )
        self._domain_loss = loss
        self._both = keras.Model(classifier.inputs[0], [aligned, classifier.outputs[0]])
        self.recompile()

    def recompile(self, optimizer: Any = None) -> None:
        """Compile, with Adam or another optimizer.

        Parameters
        ----------
        optimizer : keras.optimizers.Optimizer, optional
        """
        self._loops: dict[Any, Any] = {}
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = optimizer or keras.optimizers.Adam(_LEARNING_RATE)
        self.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)

    def features(self, x: Any, batch_size: int = 500) -> Any:
        """Return the features that are drawn together.

        Parameters
        ----------
        x : array, shape (n, ...)
        batch_size : int

        Returns
        -------
        array of float32, shape (n, d)
        """
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
        """Return the loss between the features of two batches, times its strength.

        Parameters
        ----------
        h_source, h_target : tensors, shape (n, d)
        training : bool

        Returns
        -------
        tensor, shape ()
        """
        assert self._domain_loss is not None
        return self.strength * self._domain_loss(h_source, h_target)
