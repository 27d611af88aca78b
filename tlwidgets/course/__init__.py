"""What a lesson has besides text: predictions, checks, claims, and the machine's state."""

from .machine import Budget, budget
from .checking import CheckFailedError, Expectation, Verdict, check, expect
from .claiming import Claim, ClaimFailedError, claim
from .prediction import Prediction
from .installation import self_test

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
