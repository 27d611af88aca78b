"""Stand-ins for what tlwidgets.shift will bring."""

from __future__ import annotations

import numpy as np


def LogisticRatio():
    def estimate(x_sample, x_population):
        from sklearn.linear_model import LogisticRegression

        x = np.vstack([x_sample, x_population])
        d = np.r_[np.zeros(len(x_sample)), np.ones(len(x_population))]
        ratio = np.exp(
            LogisticRegression(C=1, solver="newton-cholesky").fit(x, d).decision_function(x_sample)
        )
        return ratio / ratio.mean()

    return estimate


def clip_ratio(r, largest):
    r = np.minimum(r / r.mean(), largest)
    return r / r.mean()


def true_ratio(p):
    r = 1 / p
    return r / r.mean()


def SaerensEM():
    def estimate(y, proba, target):
        prior = np.bincount(y, minlength=proba.shape[1]) / len(y)
        q = prior.copy()
        for _ in range(200):
            r = target * (q / prior)
            r /= r.sum(1, keepdims=True)
            q = r.mean(0)
        return q / prior

    return estimate


def find_label_errors(y, proba):
    k = proba.shape[1]
    t = np.array([proba[y == c, c].mean() if (y == c).any() else np.inf for c in range(k)])
    above = proba >= t
    guess = np.where(above.any(1), np.where(above, proba, -1).argmax(1), -1)
    return (guess >= 0) & (guess != y)


def effective_sample_size(r):
    return float(r.sum() ** 2 / (r**2).sum())
