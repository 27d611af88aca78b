"""Start Keras without the log lines that its native code writes before anybody can stop it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_STANDARD_ERROR = 2


def start_keras() -> None:
    """Import Keras and run one operation, with TensorFlow's greeting hidden.

    On some processors TensorFlow logs several lines at import and at the first operation,
    whatever the log level says (measured with 2.21); a notebook shows them in red.
    """
    with _hidden_standard_error():
        import keras

        keras.ops.ones(())


@contextmanager
def _hidden_standard_error() -> Iterator[None]:
    """Keep what is written to the standard error, at the level of the process; show it on error."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        original = os.dup(_STANDARD_ERROR)
        os.dup2(kept.fileno(), _STANDARD_ERROR)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(original, kept.read())
            raise
        finally:
            os.dup2(original, _STANDARD_ERROR)
            os.close(original)
