"""The repository as Binder gets it, and the marker of this lane."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.binder)


@pytest.fixture
def clone(tmp_path):
    """A copy of all that is or will be committed: no caches, no environments."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    folder = tmp_path / "clone"
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).is_file():  # a file may be deleted and not yet committed so
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder
