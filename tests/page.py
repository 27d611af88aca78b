"""A page without a browser: it hears what widgets send, and says what a browser would."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def listen(widget: Any) -> list[dict[str, Any]]:
    """Return the list to which every message of this widget will be added."""
    messages: list[dict[str, Any]] = []

    def send(data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        messages.append(data)

    for part in everything_in(widget):
        part.comm.send = send
    return messages


def everything_in(widget: Any) -> list[Any]:
    inner = [child for part in getattr(widget, "children", ()) for child in everything_in(part)]
    return [widget, *inner]


def set_by_hand(widget: Any, **state: Any) -> None:
    """Do what a browser does when a control is moved."""
    data = {"method": "update", "state": state, "buffer_paths": []}
    widget._handle_msg({"content": {"data": data}, "buffers": []})


def say(widget: Any, content: Any, *buffers: bytes) -> None:
    """Send a message of our own views."""
    data = {"method": "custom", "content": content}
    views = [memoryview(buffer) for buffer in buffers]
    widget._handle_msg({"content": {"data": data}, "buffers": views})


def choose_files(chooser: Any, files: Iterable[tuple[str, bytes]], *, batch: str = "1") -> None:
    """Do what a browser does when these files are chosen, each in two pieces."""
    files = list(files)
    sizes = [[name, len(content)] for name, content in files]
    say(chooser, {"kind": "start", "batch": batch, "files": sizes})
    for i, (_, content) in enumerate(files):
        for piece in (content[:10], content[10:]):
            say(chooser, {"kind": "piece", "batch": batch, "file": i}, piece)
    say(chooser, {"kind": "end", "batch": batch})


def find(widget: Any, description: str) -> Any:
    """Return the one control with this description."""
    (found,) = [w for w in everything_in(widget) if getattr(w, "description", None) == description]
    return found
