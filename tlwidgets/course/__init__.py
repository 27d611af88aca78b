"""What a lesson has besides text: predictions, checks, claims, and the machine's state."""

from .checks import CheckFailedError, check, expect
from .claims import ClaimFailedError, claim
from .lessons import read_lessons, table_of_lessons
from .machine import budget, self_test
from .prediction import Prediction
from .progress import merge_progress, progress, write_grades
from .upload import UploadImages

__all__ = [
    "CheckFailedError",
    "ClaimFailedError",
    "Prediction",
    "UploadImages",
    "budget",
    "check",
    "claim",
    "expect",
    "merge_progress",
    "progress",
    "read_lessons",
    "self_test",
    "table_of_lessons",
    "write_grades",
]
