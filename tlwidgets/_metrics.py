"""Which way is better: the direction of a metric, told from its name.

A history holds names and numbers, nothing else: which way a number should go must be read off
the name. The metric stands at its end (`val_head_mean_absolute_error_1`: Keras puts `val_` and
the output's name before it and counts after it), so what is looked up is the longest known
ending. Whoever isn't known has no best: a wrong one is worse than none.
"""

import re

# Spelled as one word: Keras' `mean_io_u`, `MeanIoU` and somebody's `mean_iou` are the same.
_FALLS = frozenset(
    """
    loss losses error errors err errorrate cost mse mae mape smape wape msle rmse rmsle nrmse
    mase sse medae squarederror crossentropy xent bce cce scce ce logloss nll nlpd
    negloglikelihood negativeloglikelihood negativelikelihoodratio kl kld divergence logcosh
    huber hinge poisson ctc circle tversky pinball deviance crps brier brierscore fid kid lpips
    perplexity ppl bitsperdim bitsperbyte bitsperchar bpd bpb bpc wer cer ter mer eer ece mce
    epe mpjpe hamming zeroone misclassification misclassificationrate missrate
    falsepositives falsenegatives falsepositiverate falsenegativerate falsediscoveryrate
    falsealarmrate fpr fnr fdr fp fn daviesbouldin aic bic residual residuals regret
    editdistance levenshtein hammingdistance chamferdistance frechetdistance
    frechetinceptiondistance hausdorffdistance wassersteindistance
    """.split()  # noqa: SIM905 - a list of 120 quoted words is no easier to read
)
_RISES = frozenset(
    """
    accuracy accuracies acc top1 top3 top5 top10 topk correct auc rocauc aucroc auroc prauc aucpr
    aupr auprc areaundercurve areaunderthecurve areaunderroc precision recall sensitivity
    specificity f1 f2 f05 fbeta fscore fmeasure iou jaccard dice tverskyindex tverskyscore r2 d2
    d2tweedie rsquared explainedvariance cosinesimilarity similarity ssim psnr correlation corrcoef
    corr pearson pearsonr spearman spearmanr kendalltau ccc mcc kappa qwk ap map averageprecision
    dcg ndcg mrr reciprocalrank hit hits hitrate bleu rouge rougel meteor chrf cider bertscore
    exactmatch inceptionscore truepositives truenegatives truepositiverate truenegativerate tpr tnr
    tp tn ppv npv positivepredictivevalue negativepredictivevalue positivelikelihoodratio
    likelihood loglikelihood elbo silhouette calinskiharabasz rand ari nmi ami mutualinfo
    mutualinformation homogeneity completeness vmeasure fowlkesmallows consensus gini informedness
    markedness youden youdenj nse kge skillscore reward successrate
    """.split()  # noqa: SIM905
)
# What may follow a metric without turning it: a kind of mean, a count, an empty word.
_NEUTRAL = frozenset(
    """
    score scores metric value coef coefficient index mean avg average macro micro weighted
    samples ovo ovr percent percentage pct k
    """.split()  # noqa: SIM905
)
_LINKS = ("at", "on", "of", "in", "per", "for", "class")
_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


def lower_is_better(name: str) -> bool | None:
    """Return whether a metric should fall; None where its name doesn't tell.

    A metric, not a loss, is meant where a name is both: `cosine_similarity` and `dice` rise.

    Examples
    --------
    >>> lower_is_better("val_head_mae"), lower_is_better("MeanIoU"), lower_is_better("my_thing")
    (True, False, None)
    """
    words = [w.lower() for w in _BETWEEN_WORDS.split(name.replace("@", "_at_")) if w]
    heads = [words[:i] for i, word in enumerate(words) if word in _LINKS]
    # "fpr_at_95_tpr" is a kind of the first, "error_of_arm_accuracy" a kind of the last.
    first = words[: words.index("at")] if "at" in words else []
    known = (_direction(part) for part in (first, words, *heads))
    return next((falls for falls in known if falls is not None), None)


def _direction(words: list[str]) -> bool | None:
    """Return whether the longest known ending falls, past the neutral words after it."""
    while words:
        for start in range(len(words)):
            ending = "".join(words[start:])
            if ending in _FALLS or ending in _RISES:
                return _turned(words, start, falls=ending in _FALLS)
        without_number = words[-1].rstrip("0123456789")
        if words[-1] not in _NEUTRAL and without_number == words[-1]:
            return None
        words = words[:-1] + [without_number] * (0 < len(without_number) < len(words[-1]))
    return None


def _turned(words: list[str], start: int, *, falls: bool) -> bool | None:
    """Return the direction with what stands before the metric: scikit-learn's `neg_` and `d2_`."""
    if "d2" in words[:start]:  # the share of an error that is explained, as in R2
        return False
    if "neg" not in words[:start]:
        return falls
    # `neg_acc` and `neg_loss` may as well be those of the negative examples.
    return False if falls and words[start:] != ["loss"] else None
