"""A real JupyterHub with its proxy, set as docs/class.md says: two learners run a lesson at once.

`make hub-test` installs what this needs into build/hub, by the recipe of that page. Learners log in
without a password, and their homes are folders of the test; all else is as it stands.
"""

import asyncio
import json
import os
import signal
import subprocess
import uuid
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.browser.server import _free_port as free_port

pytestmark = pytest.mark.hub

ROOT = Path(__file__).parents[2]
HUB = ROOT / "build" / "hub"
LEARNERS = ("ada", "grace")
LESSON = "00_start_here.ipynb"
SECONDS = 600  # on a machine under load

CONFIG = """
load_subconfig({settings!r})
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {home!r} + "/{{username}}"
c.Spawner.args = [*c.Spawner.args, "--allow-root"]
c.JupyterHub.services = [{{"name": "class", "api_token": {token!r}}}]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "class", "services": ["class"], "scopes": scopes}}]
"""

HAS = """
import json, os
from pathlib import Path
from tlwidgets import budget
from tlwidgets._cache import cache_folders
print("HAS" + json.dumps({
    "limit_gb": budget().limit_gb,
    "threads": os.environ["TF_NUM_INTRAOP_THREADS"],
    "cache": [str(folder) for folder in cache_folders()],
    "home": str(Path.home()),
}))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("class")


@contextmanager
def started(place, token):
    ports = {name: free_port() for name in ("port", "hub_port", "api_port")}
    settings = str(ROOT / "hub" / "jupyterhub_config.py")
    config = CONFIG.format(settings=settings, home=str(place / "home"), token=token, **ports)
    (place / "config.py").write_text(config)
    paths = [HUB / "bin", HUB / "node_modules" / ".bin", os.environ["PATH"]]
    environment = os.environ | {
        "PATH": os.pathsep.join(map(str, paths)),
        "TLWIDGETS_SHARED_CACHE": str(place / "shared"),
    }
    for variable in ("PYTHONPATH", "TLWIDGETS_CACHE", "TLWIDGETS_PROGRESS"):
        environment.pop(variable, None)
    with (place / "hub.log").open("w") as log:
        hub = subprocess.Popen(
            [HUB / "bin" / "jupyterhub", "-f", "config.py"],
            cwd=place, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{ports['port']}", hub
        finally:
            os.killpg(hub.pid, signal.SIGTERM)
            hub.wait(timeout=60)


class Asking:
    """What a teacher's script asks the hub, and a learner's page the server behind it."""

    def __init__(self, url, token):
        self.url, self.headers = url, {"Authorization": f"token {token}"}

    async def ask(self, path, method="GET"):
        body = None if method == "GET" else ""
        request = HTTPRequest(f"{self.url}{path}", method, self.headers, body, request_timeout=60)
        answer = await AsyncHTTPClient().fetch(request)
        return json.loads(answer.body or "null")

    async def until(self, path, is_so):
        while True:
            try:
                if is_so(await self.ask(path)):
                    return
            except (OSError, HTTPClientError):
                pass
            await asyncio.sleep(0.5)

    async def learner(self, name, lesson):
        """Log a learner in, run a lesson in a kernel of hers, and tell what she has."""
        await self.ask(f"/hub/api/users/{name}", "POST")
        await self.ask(f"/hub/api/users/{name}/server", "POST")
        await self.until(f"/hub/api/users/{name}", lambda user: user["servers"][""]["ready"])
        kernel = await self.ask(f"/user/{name}/api/kernels", "POST")
        channels = f"/user/{name}/api/kernels/{kernel['id']}/channels"
        page = await websocket_connect(
            HTTPRequest(self.url.replace("http", "ws", 1) + channels, headers=self.headers)
        )
        codes = [cell.source for cell in lesson.cells if cell.cell_type == "code"]
        said = [await run(page, code) for code in [*codes, HAS]]
        return json.loads(said[-1].split("HAS")[1])


async def run(page, code):
    """Run a cell as a page does; what it printed."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "session": "page",
              "username": "", "date": "2026-01-01T00:00:00Z", "version": "5.3"}  # fmt: skip
    content = {"code": code, "silent": False, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content,
               "channel": "shell"}  # fmt: skip
    await page.write_message(json.dumps(message))
    printed = ""
    while True:
        received = await page.read_message()
        assert received is not None, "the kernel has died"
        if isinstance(received, bytes):  # a widget's buffers
            continue
        answer = json.loads(received)
        if answer["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if answer["msg_type"] == "stream":
            printed += answer["content"]["text"]
        if answer["msg_type"] == "execute_reply":
            assert answer["content"]["status"] == "ok", answer["content"]
            return printed


async def a_class(url, token, lesson):
    asking = Asking(url, token)
    await asking.until("/hub/api/", lambda answer: "version" in answer)
    return await asyncio.gather(*(asking.learner(name, lesson) for name in LEARNERS))


def test_two_learners_run_a_lesson_at_once_with_the_settings_of_the_page(place):
    token, lesson = uuid.uuid4().hex, nbformat.read(ROOT / "notebooks" / LESSON, 4)
    for name in LEARNERS:
        (place / "home" / name).mkdir(parents=True)
    with started(place, token) as (url, hub):
        found = asyncio.run(asyncio.wait_for(a_class(url, token, lesson), SECONDS))
        assert hub.poll() is None
    for name, has in zip(LEARNERS, found, strict=True):
        home = str(place / "home" / name)
        own = f"{home}/.cache/tlwidgets"
        assert has == {
            "limit_gb": 2 * 1.024**3, "threads": "1", "home": home,
            "cache": [str(place / "shared"), own],
        }  # fmt: skip
