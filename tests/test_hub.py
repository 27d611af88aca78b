"""The settings of a hub for a class say what docs/class.md says, and what `binder/start` does."""

from pathlib import Path

from traitlets.config import Config

from tlwidgets._cache import cache_folders

ROOT = Path(__file__).parents[1]


def settings(monkeypatch):
    monkeypatch.delenv("TLWIDGETS_SHARED_CACHE", raising=False)
    source = ROOT / "hub" / "jupyterhub_config.py"
    config = Config()
    exec(compile(source.read_text("utf-8"), source, "exec"), {"get_config": lambda: config})
    return config


def test_a_learner_reads_the_shared_cache_and_keeps_what_is_new_at_home(monkeypatch):
    environment = settings(monkeypatch).Spawner.environment
    monkeypatch.setenv("TLWIDGETS_CACHE", environment["TLWIDGETS_CACHE"])
    monkeypatch.setenv("HOME", "/home/ada")
    assert list(map(str, cache_folders())) == [
        "/srv/tlwidgets/cache", "/home/ada/.cache/tlwidgets",
    ]  # fmt: skip


def test_threads_are_limited_as_on_binder(monkeypatch):
    environment = settings(monkeypatch).Spawner.environment
    exported = (ROOT / "binder" / "start").read_text("utf-8").replace("export ", "").split()
    on_binder = dict(word.split("=", 1) for word in exported if "=" in word)
    assert on_binder.items() <= environment.items()


def test_what_the_page_says_of_limits_stands_in_the_settings(monkeypatch):
    config, page = settings(monkeypatch), (ROOT / "docs" / "class.md").read_text("utf-8")
    assert (config.Spawner.mem_limit, config.Spawner.cpu_limit) == ("2G", 1)
    quoted = [line.split("`")[1] for line in page.splitlines() if "| `--" in line]
    assert len(quoted) == 2 and {*quoted} <= {*config.Spawner.args}
    assert f"`TLWIDGETS_CACHE={config.Spawner.environment['TLWIDGETS_CACHE']}`" in page
    assert Path(config.Spawner.cmd[0]).name == "jupyterhub-singleuser"
