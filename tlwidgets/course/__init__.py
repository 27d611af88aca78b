"""What a lesson has besides text: predictions, checks, claims, and the machine's state."""

from .checking import CheckFailedError, Expectation, Verdict, check, expect
from .claiming import Claim, ClaimFailedError, claim
from .installation import self_test
from .machine import Budget, budget
from .prediction import Prediction

__all__ = [
    "Budget",
    "CheckFailedError",
    "Claim",
    "ClaimFailedError",
    "Expectation",
    "Prediction",
    "Verdict",
    "budget",
    "check",
    "claim",
    "expect",
    "self_test",
]
