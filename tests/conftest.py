"""What all tests share: a cache of their own, seeds, and no silent skips in CI."""

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# What tests pass and guess is nobody's progress.
os.environ["TLWIDGETS_PROGRESS"] = "off"

ROOT = Path(__file__).parents[1]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, so that a test neither finds nor leaves anything."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TLWIDGETS_CACHE", str(folder))
    return folder


def start_from_the_same_parameters():
    """Seed Keras; a test that imports none needs no seed."""
    if (keras := sys.modules.get("keras")) is not None:
        keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="module")
def seeds_of_a_module():
    """For networks that the tests of a module share."""
    start_from_the_same_parameters()


@pytest.fixture(autouse=True)
def seeds():
    """For networks of a single test."""
    start_from_the_same_parameters()


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session):
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("TLWIDGETS_NO_SKIPS") == "1":
        reporter.write_line(f"{len(skipped)} tests were skipped, which CI does not allow")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
