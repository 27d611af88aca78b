"""Run a notebook as a learner or a teacher would, and ask what of it is seen."""

import ast
import os
import sys
from collections import Counter

from nbclient import NotebookClient

from benchmarks.measure import kernel_manager

CELL_SECONDS = 1800  # on a machine under load


def run(notebook, folder, **environment):
    """Run a notebook in its own kernel; what its cells show stands in it afterwards."""
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        km=kernel_manager(sys.executable),
        resources={"metadata": {"path": str(folder)}},  # a notebook runs in its own folder
    )
    client.execute(env={**os.environ, **environment})


def unseen(notebook):
    """The cells that show fewer claims, answers to guesses or verdicts than their code has."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code" and not _seen(cell)]


def _seen(cell):
    asked = Counter(_called(cell.source))
    html = "".join(o.data.get("text/html", "") for o in cell.outputs if "data" in o)
    claims, lines = html.count('role="img"'), html.count("border-left: 4px solid")
    return claims >= asked["claim"] and lines >= asked["reveal"] + asked["check"]


def _called(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
