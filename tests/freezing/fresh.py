"""A session of its own that runs what the slider writes: another process, where names begin anew.

It is asked line by line, so that many scripts need one process (`python -m tests.freezing.fresh`).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path


class Session:
    """Runs scripts; each finds the model and the data of one line of the table."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.freezing.fresh"],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, kind: str, code: str, folder: Path) -> tuple[list, dict]:
        """Return the parameters and the history that a script ends with."""
        import numpy as np

        file = folder / "weights.npz"
        print(json.dumps([kind, code, str(file)]), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, f"{answer['error']}\n{code}"
        with np.load(file) as arrays:
            return [arrays[f"arr_{i}"] for i in range(len(arrays.files))], answer["history"]

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def _answer(kind: str, code: str, file: str) -> dict:
    import keras
    import numpy as np

    from .kinds import KINDS

    keras.utils.clear_session()
    model = KINDS[kind].made()
    names = {"model": model, **KINDS[kind].for_script}
    exec(compile(code, "script.py", "exec"), names)
    np.savez(file, *model.get_weights())
    history = names["history"].history
    return {"history": {key: [np.asarray(v).tolist() for v in history[key]] for key in history}}


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    with contextlib.redirect_stdout(sys.stderr):
        for line in sys.stdin:
            try:
                answer = _answer(*json.loads(line))
            except Exception:  # noqa: BLE001 - whatever it is, it is the answer
                answer = {"error": traceback.format_exc()}
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
