"""Labels of the target, kept where adaptation cannot read them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import errors


class SealedLabels:
    """Keep the target's labels in an envelope until the evaluation.

    Parameters
    ----------
    labels : array, shape (n,)
        They are copied.

    Raises
    ------
    ValueError
        If there is no label, or they are not in one line.

    Examples
    --------
    >>> secret = SealedLabels([3, 1, 4])
    >>> secret
    SealedLabels(3 labels, looked at 0 times)
    >>> round(secret.accuracy([3, 1, 5]), 2), secret
    (0.67, SealedLabels(3 labels, looked at 1 times))
    """

    def __init__(self, labels: ArrayLike) -> None:
        self.__labels = np.array(labels)
        if self.__labels.ndim != 1 or self.__labels.size == 0:
            raise ValueError(
                "`labels` must hold at least one label, in one line; got shape "
                f"{self.__labels.shape}."
            )
        self.n_looks = 0

    def __len__(self) -> int:
        return len(self.__labels)

    def __repr__(self) -> str:
        return f"SealedLabels({len(self)} labels, looked at {self.n_looks} times)"

    def __array__(self, *_args: Any, **_kwargs: Any) -> NDArray[Any]:
        raise errors.sealed_labels(len(self))

    def __iter__(self) -> Any:
        raise errors.sealed_labels(len(self))

    def __getitem__(self, _index: Any) -> Any:
        raise errors.sealed_labels(len(self))

    def open(self) -> NDArray[Any]:
        """Return the labels; each look is counted."""
        self.n_looks += 1
        return self.__labels.copy()

    def accuracy(self, predicted: ArrayLike) -> float:
        """Return the share of right answers; each look is counted.

        Parameters
        ----------
        predicted : array, shape (n,)

        Returns
        -------
        float, 0..1
        """
        found = np.asarray(predicted)
        if found.shape != self.__labels.shape:
            raise ValueError(
                f"`predicted` must hold {len(self)} labels, one per example; got shape "
                f"{found.shape}. From scores of classes take .argmax(axis=1)."
            )
        return float(np.mean(found == self.open()))
