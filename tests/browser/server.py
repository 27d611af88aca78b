"""Real servers of JupyterLab and Voila: nobody's settings and files, nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

# A machine under load takes 20 seconds to start; a quiet one four.
_START_SECONDS = 120
_STOP_SECONDS = 20
_POLL_SECONDS = 0.1
_LOG = "server.log"

_FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
}


@dataclass(frozen=True, slots=True)
class LabServer:
    """A running server; `root` is the folder that it shows."""

    url: str
    root: Path
    process: psutil.Process

    @property
    def progress(self) -> Path:
        """The file in which its notebooks keep progress, instead of the user's own."""
        return self.root.parent / "progress.json"

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request to the server's REST API, with a body as POST; return its answer."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def shut_down_kernels(self) -> None:
        """End all kernels: a machine with 2 GB does not hold those of all lessons."""
        for session in self.ask("api/sessions"):
            request = urllib.request.Request(
                f"{self.url}/api/sessions/{session['id']}", method="DELETE"
            )
            urllib.request.urlopen(request, timeout=30).close()


@contextmanager
def lab_server(folder: Path, notebooks: Path | None = None) -> Iterator[LabServer]:
    """Run a JupyterLab server, all of whose files are in one folder.

    Parameters
    ----------
    folder : Path
        An empty folder for its settings, its log and the files it shows.
    notebooks : Path, optional
        A folder or a notebook to show. It is copied: saving never changes the original.

    Yields
    ------
    LabServer
    """
    root = folder / "root"
    _copy(notebooks, root)
    port = _free_port()
    with _running(_command(port, root), folder, root) as process:
        server = LabServer(f"http://127.0.0.1:{port}", root, psutil.Process(process.pid))
        _wait_until_up(lambda: server.ask("api/status"), process, folder)
        yield server


@contextmanager
def voila_server(folder: Path, page: Path) -> Iterator[str]:
    """Run a Voila server that shows one notebook as a page.

    Parameters
    ----------
    folder : Path
        An empty folder for its settings and its log.
    page : Path
        The notebook, where it is.

    Yields
    ------
    str
        The address of the page.
    """
    port = _free_port()
    command = [
        *(sys.executable, "-m", "voila", page.name, "--no-browser", f"--port={port}"),
        *("--Voila.ip=127.0.0.1", "--Voila.port_retries=0"),
        # Voila shares fewer modules than it needs, and fails to load it; it is not for pages.
        "--VoilaConfiguration.extension_denylist=['jupyterlab-jupytext']",
    ]
    with _running(command, folder, page.parent) as process:
        # Asking for the page would start a kernel.
        _wait_until_up(
            lambda: socket.create_connection(("127.0.0.1", port)).close(), process, folder
        )
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], folder: Path, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / _LOG).open("wb") as output:
        process = subprocess.Popen(
            command,
            env=_environment(folder),
            cwd=root,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        _stop(process)


def _copy(notebooks: Path | None, root: Path) -> None:
    root.mkdir(parents=True)
    if notebooks is None:
        return
    if notebooks.is_file():
        shutil.copy(notebooks, root)
        return
    for path in notebooks.rglob("*.ipynb"):
        if ".ipynb_checkpoints" not in path.parts:
            copy = root / path.relative_to(notebooks)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(port: int, root: Path) -> list[str]:
    # Without token and XSRF check anybody on this machine could use it: tests only.
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *("--IdentityProvider.token=", "--ServerApp.password="),
        *("--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={root}"),
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",  # the same server has both
    ]


def _environment(folder: Path) -> dict[str, str]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    environment["TLWIDGETS_PROGRESS"] = str(folder / "progress.json")
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # without .pyc all starts take 3 x as long
    environment.pop("JUPYTER_PATH", None)
    # Where it is set, ipykernel leaves out what libraries in C write to stderr: learners see it.
    environment.pop("PYTEST_CURRENT_TEST", None)
    for variable, name in _FOLDERS.items():
        (folder / name).mkdir()
        environment[variable] = str(folder / name)
    page = folder / "config" / "labconfig" / "page_config.json"
    page.parent.mkdir()
    # It asks the network for news, and its notification covers cells.
    disabled = {"@jupyterlab/apputils-extension:announcements": True}
    page.write_text(json.dumps({"disabledExtensions": disabled}), "utf-8")
    return environment


def _wait_until_up(ask: Callable[[], Any], process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            ask()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(_POLL_SECONDS)
        else:
            return
    end = (folder / _LOG).read_text("utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"The server did not start within {_START_SECONDS} seconds:\n{end}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels, which run in process groups of their own."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(family, timeout=3)
    for orphan in alive:
        orphan.kill()
    psutil.wait_procs(alive, timeout=3)
