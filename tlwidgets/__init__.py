"""Learn transfer learning by moving it.

Importing this package is cheap: it loads neither TensorFlow nor matplotlib. Each public name is
imported from its home when it is first used; the one list of them is `__init__.pyi` (SPEC 1).
"""

import os
from typing import Any

import lazy_loader

# TensorFlow greets every learner with lines in red that mean nothing to them; errors stay.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"tlwidgets has no public name {name!r}; it has: {', '.join(__all__)}")
    return _load(name)
