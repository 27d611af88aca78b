"""The types of transfer in Keras: two domains, two tasks, no labels, or doubtful ones."""

from .._quiet import start_keras

start_keras()

from .adversarial import DomainAdversarial
from .aligned import DomainAligned
from .autoencoding import DenoisingAutoencoder
from .batch_statistics import adapt_batchnorm
from .closed_form import align_covariance, standardise_per_domain
from .contrast import ContrastiveLearner, RandomViews, contrastive_loss
from .gradient_reversal import GradientReversal
from .losses import coral_loss, entropy_loss, mmd_loss
from .multi_task import MultiTask
from .patches import PatchFeatures, learn_patches
from .projection import ProjectedDomains, project_domains
from .recipe import annealed_sgd, digit_network
from .robust_loss import GeneralizedCrossEntropy
from .sealed import SealedLabels
from .self_training import pseudo_label
from .two_domains import fit_two_domains

__all__ = [
    "ContrastiveLearner",
    "DenoisingAutoencoder",
    "DomainAdversarial",
    "DomainAligned",
    "GeneralizedCrossEntropy",
    "GradientReversal",
    "MultiTask",
    "PatchFeatures",
    "ProjectedDomains",
    "RandomViews",
    "SealedLabels",
    "adapt_batchnorm",
    "align_covariance",
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
