"""JupyterHub for a class on one machine: `jupyterhub -f jupyterhub_config.py`.

As root, in the environment where `tlwidgets[cpu,lessons]`, `jupyterhub` and `nbgitpuller` are
installed, with `configurable-http-proxy` from npm; the machine's accounts log in. docs/class.md has
what to do before, and how many fit.
"""

import os
import sys
from pathlib import Path

c = get_config()

# Filled once by the teacher, read by everybody, and outside the homes: see docs/class.md.
SHARED_CACHE = os.environ.get("TLWIDGETS_SHARED_CACHE", "/srv/tlwidgets/cache")

c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # put a server with TLS before it
c.Spawner.cmd = [str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 120  # a class arrives at once
c.Spawner.http_timeout = 120

# What a lesson needs; `budget()` shows a learner the limit. Accounts of one machine are only told
# of it: a spawner with containers or systemd holds them to it (docs/class.md).
c.Spawner.mem_limit = "2G"
c.Spawner.cpu_limit = 1

c.Spawner.environment = {
    # More threads than CPUs wait for each other: as in binder/start.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TLWIDGETS_CACHE": f"{SHARED_CACHE}:~/.cache/tlwidgets",
}
c.Spawner.args = [
    # An idle kernel keeps its gigabyte; it goes an hour after its last cell, and then the server.
    "--MappingKernelManager.cull_idle_timeout=3600",
    "--MappingKernelManager.cull_interval=300",
    "--MappingKernelManager.cull_connected=True",
    "--ServerApp.shutdown_no_activity_timeout=7200",
]
