"""Which way a metric should go, over all that Keras and scikit-learn ship."""

import keras
import pytest
from sklearn import metrics as sklearn_metrics

from tlwidgets._metrics import lower_is_better

pytestmark = pytest.mark.keras

# Kept beside the metrics, but none: bases, sums of anything, and what serves them.
NO_METRIC = {"Mean", "Sum", "MeanMetricWrapper", "Metric", "deserialize", "get", "serialize"}
# Pictures, distances between examples, curves and tables have no direction.
NO_NUMBER = {
    "DistanceMetric", "check_scoring", "class_likelihood_ratios", "classification_report",
    "cluster", "confusion_matrix", "confusion_matrix_at_thresholds", "det_curve",
    "euclidean_distances", "get_scorer", "get_scorer_names", "make_scorer", "metric_at_thresholds",
    "multilabel_confusion_matrix", "nan_euclidean_distances", "pair_confusion_matrix",
    "pairwise_distances", "pairwise_distances_argmin", "pairwise_distances_argmin_min",
    "pairwise_distances_chunked", "pairwise_kernels", "precision_recall_curve",
    "precision_recall_fscore_support", "roc_curve",
}  # fmt: skip
FALLING_WORDS = ("error", "loss", "crossentropy", "hinge", "huber", "poisson", "log_cosh", "false")


def public(module):
    return {name for name in dir(module) if not name.startswith("_")}


def functions_of_sklearn():
    names = {n for n in sklearn_metrics.__all__ if not n.endswith("Display")}
    return sorted(names - NO_NUMBER)


@pytest.mark.parametrize("name", sorted(public(keras.metrics) - NO_METRIC))
def test_every_metric_of_keras_has_a_direction(name):
    snake = keras.src.utils.naming.to_snake_case(name)
    falls = any(word in snake for word in (*FALLING_WORDS, "kl_divergence"))
    for known in (name, snake, snake.upper(), f"val_head_{snake}", f"val_out_1_{snake}_1"):
        assert lower_is_better(known) is falls, known


@pytest.mark.parametrize("name", sorted(public(keras.losses) - {"Loss"} - NO_METRIC))
def test_every_loss_of_keras_falls(name):
    # Keras' losses of these two are one minus the metric of the same name.
    is_metric = name.lower().replace("_", "") in {"cosinesimilarity", "dice"}
    assert lower_is_better(name) is not is_metric
    assert lower_is_better(f"{name}_loss") is True


@pytest.mark.parametrize("name", sklearn_metrics.get_scorer_names())
def test_more_is_better_for_every_scorer_of_scikit_learn(name):
    for known in (name, f"val_head_{name}", name.upper()):
        assert lower_is_better(known) is False, known


@pytest.mark.parametrize("name", functions_of_sklearn())
def test_every_function_of_scikit_learn_has_a_direction(name):
    ends = ("_loss", "_error", "_deviance")
    assert lower_is_better(name) is (name.endswith(ends) or name == "davies_bouldin_score")


def test_what_has_no_direction_is_not_given_one():
    assert {n for n in NO_METRIC | NO_NUMBER if lower_is_better(n) is not None} == set()


FALLING = """
loss val_loss d_loss head_loss_2 mae MSE rmse RMSLE mape smape nll ece brier_score fid_score kld
logcosh perplexity wer cer error_rate word_error_rate sum_of_squared_errors mae_in_kwh dice_loss
MSELoss fpr_at_95_tpr FPR@95TPR negative_log_likelihood neg_log_likelihood accuracy_head_mae
bits_per_dim val_binary_focal_crossentropy
"""
RISING = """
acc accuracy_3 acc1 top_5_accuracy Top5Accuracy auc_1 PRAUC f1_score f_1_score fbeta_score R2 mIoU
mean_io_u iou_class_cat iou bleu dice dice_coef ndcg nDCG mcc kappa mAP50 recall@10 hit_rate@5
cosine_similarity error_head_accuracy brier_skill_score neg_mean_squared_error
mean_absolute_error_head_auc
"""
UNKNOWN = """
my_thing score val_head_score learning_rate loss_scale accuracy_drop maestro lossless
accuracy_head_my_thing mae_improvement neg_loss neg_acc val_ _ 1
"""


@pytest.mark.parametrize(("names", "falls"), [(FALLING, True), (RISING, False), (UNKNOWN, None)])
def test_names_as_people_write_them(names, falls):
    wrong = {name for name in names.split() if lower_is_better(name) is not falls}
    assert wrong == set()
    assert lower_is_better("") is None
