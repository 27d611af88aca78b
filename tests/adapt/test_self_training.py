"""What the classifier is sure of, and labels nobody may see."""

import numpy as np
import pytest

from tlwidgets.adapt import SealedLabels, pseudo_label

SURE = np.array([[0.05, 0.95], [0.6, 0.4], [0.92, 0.08], [0.5, 0.5]])


@pytest.mark.parametrize("confidence", [0.0, 0.5, 0.9, 0.99])
def test_a_slow_loop_chooses_the_same(confidence):
    wanted = [(i, list(p).index(max(p))) for i, p in enumerate(SURE) if max(p) > confidence]
    chosen, labels = pseudo_label(SURE, confidence=confidence)
    assert list(zip(chosen.tolist(), labels.tolist(), strict=True)) == wanted


def test_sure_ones_are_more_often_right_than_all():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 4000)
    logits = rng.normal(2 * truth - 1, 1.5)  # right in about three of four
    p = 1 / (1 + np.exp(-2 * logits / 1.5**2))
    probabilities = np.stack([1 - p, p], axis=1)
    chosen, labels = pseudo_label(probabilities, confidence=0.9)
    everybody, all_labels = pseudo_label(probabilities, confidence=0.0)  # the twin: no threshold
    right, right_of_all = (labels == truth[chosen]).mean(), (all_labels == truth[everybody]).mean()
    assert right > 0.9 > right_of_all + 0.05


@pytest.mark.parametrize(
    ("probabilities", "confidence", "says"),
    [
        ([[2.0, -1.0]], 0.9, "`probabilities`.*softmax"),
        ([[3.0, 4.0]], 0.9, "`probabilities`.*softmax"),
        (np.zeros((0, 2)), 0.9, "`probabilities`.*at least 1.*got 0"),
        ([[1.0]], 0.9, "2 or more classes"),
        (SURE, 1.5, "`confidence`.*got 1.5"),
        ((SURE, np.zeros(4)), 0.9, "`probabilities`.*without labels"),
    ],
)
def test_bad_input_is_named(probabilities, confidence, says):
    with pytest.raises((TypeError, ValueError), match=says):
        pseudo_label(probabilities, confidence=confidence)


@pytest.mark.parametrize(
    "read", [np.asarray, list, lambda s: s[0], lambda s: np.mean(s), lambda s: s == np.zeros(3)]
)
def test_sealed_labels_cannot_be_read(read):
    secret = SealedLabels([1, 2, 3])
    with pytest.raises(TypeError, match=r"`labels`: these 3 labels.*sealed"):
        read(secret)
    assert secret.n_looks == 0
    assert "1, 2" not in repr(secret)


def test_the_evaluation_counts_its_looks():
    secret = SealedLabels([1, 2, 3])
    assert secret.accuracy([1, 2, 0]) == pytest.approx(2 / 3)
    assert secret.open().tolist() == [1, 2, 3]
    assert secret.n_looks == 2
    assert len(secret) == 3


def test_opening_does_not_hand_out_the_labels_themselves():
    secret = SealedLabels([1, 2])
    secret.open()[:] = 0
    assert secret.open().tolist() == [1, 2]


def test_scores_instead_of_labels_are_named():
    with pytest.raises(ValueError, match=r"`predicted`.*\(2, 5\).*argmax"):
        SealedLabels([1, 2]).accuracy(np.zeros((2, 5)))


@pytest.mark.parametrize("labels", [[], [[1, 2]], 3])
def test_what_is_no_list_of_labels_is_named(labels):
    with pytest.raises(ValueError, match="`labels`"):
        SealedLabels(labels)
