"""A loss that believes no label blindly: generalised cross-entropy.

(1 - p_y^q) / q lies between cross-entropy (q to 0) and half the mean absolute error (q = 1). Its
gradient is that of cross-entropy times p_y^q: an example that the model finds impossible, and so
perhaps is wrongly labelled, hardly pulls at it.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from .. import _check


@keras.saving.register_keras_serializable("tlwidgets")
class GeneralizedCrossEntropy(keras.losses.Loss):
    """Learn from labels some of which are wrong.

    Parameters
    ----------
    q : float, 0..1, default 0.7
        0: cross-entropy. Larger: more robust, and slower to learn.
    from_logits : bool, default False
        Whether the model's last layer has no softmax.
    name, reduction, dtype
        As for any Keras loss.

    Raises
    ------
    ValueError, TypeError
        If q is not a number from 0 to 1.

    References
    ----------
    Zhang and Sabuncu 2018, "Generalized cross entropy loss for training deep neural networks with
    noisy labels", equation 6.

    Examples
    --------
    >>> loss = GeneralizedCrossEntropy(q=1.0)
    >>> round(float(loss([1], [[0.25, 0.75]])), 3)
    0.25
    """

    def __init__(
        self,
        q: float = 0.7,
        *,
        from_logits: bool = False,
        name: str = "generalized_cross_entropy",
        reduction: str = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.q = _check.number("q", q, low=0, high=1, meaning="0 is cross-entropy")
        self.from_logits = bool(from_logits)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each example, shape (n,).

        Labels are class numbers, shape (n,) or (n, 1), and predictions of shape (n, k).
        """
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.cast(y_true, "int32")
        if len(y_true.shape) == len(y_pred.shape):
            y_true = ops.squeeze(y_true, -1)
        # By Keras, because it is exact for logits far from 0.
        cross_entropy = ops.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=self.from_logits
        )
        if self.q == 0:
            return cross_entropy
        return -ops.expm1(-self.q * cross_entropy) / self.q

    def get_config(self) -> dict[str, Any]:
        """Return what the loss can be made of again."""
        return {**super().get_config(), "q": self.q, "from_logits": self.from_logits}
