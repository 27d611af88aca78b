"""What a lesson has besides text: predictions, checks, claims, and the machine's state."""

from .checking import CheckFailedError, Expectation, Verdict, check, expect
from .claiming import Claim, ClaimFailedError, claim
from .installation import self_test
from .lessons import read_lessons, table_of_lessons
from .machine import Budget, budget
from .prediction import Prediction
from .progress import Progress, merge_progress, progress
from .uploading import UploadImages

__all__ = [
    "Budget",
    "CheckFailedError",
    "Claim",
    "ClaimFailedError",
    "Expectation",
    "Prediction",
    "Progress",
    "UploadImages",
    "Verdict",
    "budget",
    "check",
    "claim",
    "expect",
    "merge_progress",
    "progress",
    "read_lessons",
    "self_test",
    "table_of_lessons",
]
