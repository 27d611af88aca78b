"""What Binder does, without Docker: install the pins, run postBuild, run the largest lesson.

The cache is the user's own: where lessons have run before, postBuild is quick here.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measure import run_notebook

LESSON = Path("notebooks") / "02_feature_extraction.ipynb"
# What Binder kills at, for all processes of a learner.
LIMIT_GB = 2.0


def run(*command, **options):
    """Run a command; what it said is in the failure."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, f"{command}\n{result.stdout[-2000:]}\n{result.stderr[-3000:]}"
    return result.stdout


def environment_of(venv, scratch):
    """Return the environment of a person who sees this venv and no other settings."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "JUPYTER"))}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment |= {
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(venv),
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTER_DATA_DIR": str(scratch / "data"),
        "IPYTHONDIR": str(scratch / "ipython"),
    }
    return environment


def settings_of_start(clone, environment):
    """Return the environment that binder/start gives to the command it runs."""
    text = run(clone / "binder" / "start", "env", "-0", env=environment)
    return dict(entry.split("=", 1) for entry in text.split("\0") if entry)


@pytest.fixture
def venv(clone, tmp_path):
    folder = tmp_path / "venv"
    uv = Path(sys.executable).with_name("uv")
    run(uv, "venv", "--quiet", "--python", "3.11", folder)
    install = ("pip", "install", "--quiet", "--compile-bytecode", "--python", folder / "bin/python")
    run(uv, *install, "-r", "binder/requirements.txt", cwd=clone)
    run(uv, "pip", "check", "--python", folder / "bin/python")
    yield folder
    shutil.rmtree(folder)  # 2 GB, which pytest would keep for three runs


def test_lesson_02_runs_on_binders_pins_within_its_memory(venv, clone, tmp_path):
    environment = environment_of(venv, tmp_path)
    # The pins are what is tested, not the working tree.
    where = run(venv / "bin/python", "-c", "import tlwidgets; print(tlwidgets.__file__)",
                env=environment, cwd=tmp_path)  # fmt: skip
    assert str(venv) in where
    run(clone / "binder" / "postBuild", cwd=clone, env=environment)
    settings = json.loads((venv / "etc/jupyter/labconfig/page_config.json").read_text("utf-8"))
    assert settings["disabledExtensions"] == {"@jupyterlab/apputils-extension:announcements": True}
    cost = run_notebook(
        clone / LESSON,
        python=str(venv / "bin/python"),
        environment=settings_of_start(clone, environment),
    )
    assert cost.errors == []
    assert cost.peak_gb < LIMIT_GB


def test_start_leaves_the_command_its_arguments_and_gives_it_one_thread(clone):
    assert run(clone / "binder" / "start", "echo", "a b", "c") == "a b c\n"
    settings = settings_of_start(clone, dict(os.environ))
    assert settings["OMP_NUM_THREADS"] == settings["TF_NUM_INTRAOP_THREADS"] == "1"
