"""Binder installs exact versions, all that we need, and what pyproject.toml allows."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
BINDER = {
    "sys_platform": "linux",
    "platform_machine": "x86_64",
    "python_version": "3.11",
    "python_full_version": "3.11.9",
}
# Not in pyproject.toml: Binder's base image has one that does not fit our JupyterLab.
SERVER = "notebook"


def lines():
    text = (ROOT / "binder" / "requirements.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pins():
    """Return the version of each package."""
    exact = [Requirement(line) for line in lines() if line != "."]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in exact}


def needed():
    """Return what pyproject.toml asks for on Binder's machines."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["cpu"], *extras["lessons"]]
    for extra in ("data", "kmm"):  # an extra of ours brings another one, and is no package
        assert f"tlwidgets[{extra}]" in lines
        lines += extras[extra]
    wanted = [Requirement(line) for line in lines if not line.startswith("tlwidgets[")]
    return [one for one in wanted if one.marker is None or one.marker.evaluate(BINDER)]


@pytest.mark.parametrize("line", lines())
def test_each_line_is_an_exact_pin_or_the_project_itself(line):
    assert line == "." or re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.+]*", line)


def test_the_project_itself_is_installed():
    assert lines().count(".") == 1


@pytest.mark.parametrize("requirement", needed(), ids=lambda requirement: requirement.name)
def test_each_dependency_is_pinned_within_its_bounds(requirement):
    version = pins().get(canonicalize_name(requirement.name))
    assert version is not None
    assert requirement.specifier.contains(version, prereleases=True)


def test_the_server_that_binder_starts_is_pinned_too():
    assert SERVER in pins()
