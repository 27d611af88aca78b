"""What repo2docker, Binder's own builder, makes of our repository. No Docker is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

PARTS = {
    "Python 3.11": "environment-2epy-2d3-2e11-2dlinux",
    "our packages": 'pip install --no-cache-dir -r "binder/requirements.txt"',
    "postBuild": "RUN ./binder/postBuild",
    "start": 'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
}
FILE_OF = {
    "Python 3.11": "runtime.txt",
    "our packages": "requirements.txt",
    "postBuild": "postBuild",
    "start": "start",
}


def parts_of(folder):
    """Return which parts are in the Dockerfile of a repository."""
    result = subprocess.run(
        [
            *(Path(sys.executable).with_name("jupyter-repo2docker"), "--no-build", "--debug"),
            # It refuses root, and asks for no name of ours.
            *("--user-id", "1000", "--user-name", "jovyan", folder),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    dockerfile = result.stdout + result.stderr
    return {part for part, text in PARTS.items() if text in dockerfile}


def test_binder_uses_every_file_of_ours(clone):
    assert parts_of(clone) == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_without_its_file_a_part_is_missing(part, clone):
    (clone / "binder" / FILE_OF[part]).unlink()
    assert parts_of(clone) == set(PARTS) - {part}
