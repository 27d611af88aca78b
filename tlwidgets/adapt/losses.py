"""How far two domains lie apart, as losses that a network can make small.

h_s and h_t are features of a batch of the source and of the target, shapes (n_s, d), (n_t, d).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from . import errors

# Widths of the kernels, as multiples of the mean squared distance (as Long et al. 2015 do).
_WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)


@errors.never_takes_target_labels
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


@errors.never_takes_target_labels
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


@errors.never_takes_target_labels
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
        errors.examples_only(name, value)
    source, target = ops.convert_to_tensor(source), ops.convert_to_tensor(target)
    errors.batch_shapes(tuple(source.shape), tuple(target.shape))
    return source, target


def _covariance(features: Any) -> Any:
    centred = features - ops.mean(features, axis=0, keepdims=True)
    n = ops.cast(ops.shape(features)[0], features.dtype)
    return ops.matmul(ops.transpose(centred), centred) / (n - 1)
