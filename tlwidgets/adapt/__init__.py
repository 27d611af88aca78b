"""The types of transfer in Keras: two domains, two tasks, no labels, or doubtful ones."""

from .._keras import start_keras

start_keras()

from .domains import (
    DomainAdversarial,
    DomainAligned,
    annealed_sgd,
    coral_loss,
    digit_network,
    entropy_loss,
    fit_two_domains,
    mmd_loss,
)
from .features import (
    ProjectedDomains,
    SealedLabels,
    adapt_batchnorm,
    project_domains,
    pseudo_label,
    standardise_per_domain,
)
from .multi_task import MultiTask
from .self_taught import (
    ContrastiveLearner,
    DenoisingAutoencoder,
    PatchFeatures,
    RandomViews,
    contrastive_loss,
    learn_patches,
)

__all__ = [
    "ContrastiveLearner",
    "DenoisingAutoencoder",
    "DomainAdversarial",
    "DomainAligned",
    "MultiTask",
    "PatchFeatures",
    "ProjectedDomains",
    "RandomViews",
    "SealedLabels",
    "adapt_batchnorm",
    "annealed_sgd",
    "contrastive_loss",
    "coral_loss",
    "digit_network",
    "entropy_loss",
    "fit_two_domains",
    "learn_patches",
    "mmd_loss",
    "project_domains",
    "pseudo_label",
    "standardise_per_domain",
]
