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


@pytest.fixture(autouse=True)
def seeds():
    """The same initial parameters in every run; a test that imports no Keras needs none."""
    if (keras := sys.modules.get("keras")) is not None:
        keras.utils.set_random_seed(0)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session):
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("TLWIDGETS_NO_SKIPS") == "1":
        reporter.write_line(f"{len(skipped)} tests were skipped, which CI does not allow")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
