"""The button, and the files that it brought.

ipywidgets' own FileUpload sends all files in one message, and Jupyter's server closes the
connection over a message of more than 10 MB (tornado's `websocket_max_message_size`): three
photographs of a phone. This one sends pieces, and each waits for the answer to the one before.
"""

from __future__ import annotations

from typing import Any

import traitlets

from .base import LiveView

# They wait in the memory of the kernel, which on Binder has 2 GB for everything.
MOST_BYTES = 500_000_000


class FileChooser(LiveView):
    """Let me choose files on my machine, and hand their contents to Python: observe `files`.

    `words` stand on the button; `accept` is as in HTML: ".png,.jpg" or "image/*".
    """

    kind = traitlets.Unicode("files").tag(sync=True)
    files = traitlets.Tuple(help="Pairs of name and content, once all are here.")
    n_chosen = traitlets.Int(help="How many files are here.").tag(sync=True)

    def __init__(
        self, words: str, *, accept: str = "", takes_many: bool = False, is_primary: bool = False
    ) -> None:
        super().__init__(
            view={"words": words, "accept": accept, "many": takes_many, "primary": is_primary}
        )
        self.clear()
        self._batch, self._parts = "", list[tuple[str, bytearray]]()
        self.on_msg(self._hear)

    @property
    def is_receiving(self) -> bool:
        """Tell whether files are on their way."""
        return bool(self._parts)

    def clear(self) -> None:
        """Forget what was chosen."""
        self.files, self.n_chosen = (), 0

    def _hear(self, _widget: object, said: dict[str, Any], buffers: list[memoryview]) -> None:
        """Take a piece, and answer whose turn it is: a newer choice ends an older one."""
        refusal = ""
        if said["kind"] == "start":
            refusal = self._start(said["batch"], said["files"])
        elif said["batch"] == self._batch:
            if said["kind"] == "piece":
                self._parts[said["file"]][1].extend(buffers[0])
            else:
                self._end(is_whole=said["kind"] == "end")
        self.send({"kind": "got", "batch": self._batch, "refusal": refusal})

    def _start(self, batch: str, files: list[tuple[str, int]]) -> str:
        """Expect these files; return why not, if they are too much: the last ones stay then."""
        n_bytes = sum(size for _, size in files)
        if n_bytes > MOST_BYTES:
            return (
                f"{n_bytes / 1e6:,.0f} MB are too much at a time: at most "
                f"{MOST_BYTES / 1e6:.0f} MB. Choose fewer."
            )
        self.clear()
        self._batch, self._parts = batch, [(name, bytearray()) for name, _ in files]
        return ""

    def _end(self, *, is_whole: bool) -> None:
        files = tuple((name, bytes(content)) for name, content in self._parts)
        self._parts = []
        if is_whole:
            # The number first: who observes `files` may clear both.
            self.n_chosen = len(files)
            self.files = files
