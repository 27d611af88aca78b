"""Which pictures stand in a folder of class folders, and what to say when none do."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .decoding import READABLE, UNREADABLE

LEAST_PER_CLASS = 2  # one to learn from, one to test with
LAYOUT = "one subfolder per class, named like the class: cat/1.jpg, cat/2.jpg, dog/1.jpg and so on."
_NO_CLASSES = frozenset(("__MACOSX", "__pycache__"))  # macOS puts the first into zip files
_N_NAMED = 3


@dataclass(slots=True)
class ClassFolders:
    """The files of each class, and what is no picture to read."""

    root: Path
    files_of: dict[str, list[Path]] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    n_ignored: int = 0


def find_class_folders(folder: object) -> ClassFolders:
    """List a folder of class folders; raise an error that explains the layout otherwise."""
    root = _existing_folder(folder)
    entries = _visible(root)
    loose = [path.name for path in entries if _is_picture(path)]
    found = ClassFolders(root, n_ignored=sum(path.is_file() for path in entries))
    for place in (path for path in entries if path.is_dir()):
        _list_class(found, place)
    n_pictures = sum(len(files) for files in found.files_of.values())
    if loose:
        raise ValueError(
            f"`folder` must hold {LAYOUT} {shown(root)!r} holds {_count(len(loose), 'picture')} "
            f"of no class ({_named(loose)}) and {_folders(found)}. Make a folder for each class "
            "and move every picture into its own."
        )
    if n_pictures == 0 or len(found.files_of) < 2:
        inside = f" with {_count(n_pictures, 'picture')} to read" if found.files_of else ""
        raise ValueError(
            f"`folder` must hold {LAYOUT} {shown(root)!r} holds {_folders(found)}{inside}. "
            f"{_next_step(root, found)}"
        )
    return found


def too_few(found: ClassFolders, n_read: Counter[str]) -> ValueError:
    """Return the error for classes of which not enough could be read."""
    short = {name: n_read[name] for name in found.files_of if n_read[name] < LEAST_PER_CLASS}
    reasons = [f"{file}: {reason}" for file, reason in found.skipped if file.split("/")[0] in short]
    why = f" Skipped: {'; '.join(reasons[:_N_NAMED])}." if reasons else ""
    return ValueError(
        f"`folder` must hold at least {LEAST_PER_CLASS} pictures of each class, one to learn from "
        f"and one to test with; got {', '.join(f'{n} of {name!r}' for name, n in short.items())} "
        f"in {shown(found.root)!r}.{why} Add pictures, or take the folder away."
    )


def shown(path: Path | str) -> str:
    """Return a name as text that can be printed: Linux allows bytes that are not."""
    return os.fsencode(path).decode("utf-8", "replace")


def _existing_folder(folder: object) -> Path:
    if not isinstance(folder, str | os.PathLike):
        raise TypeError(
            f"`folder` must be the path of a folder; got {folder!r} ({type(folder).__name__})."
        )
    path = Path(os.fsdecode(folder)).expanduser()
    if path.is_file():
        unpack = " Unpack it first." if path.suffix.lower() == ".zip" else ""
        raise ValueError(
            f"`folder` must be a folder with {LAYOUT} {shown(path)!r} is a file.{unpack} Give the "
            f"folder above the class folders, for instance {shown(path.parent.parent)!r}."
        )
    if not path.is_dir():
        siblings = [each.name for each in _visible(path.parent) if each.is_dir()]
        close = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.5)
        hint = f" Did you mean {shown(path.parent / close[0])!r}?" if close else ""
        raise ValueError(
            f"`folder`: no folder {shown(path)!r}, looked for in {shown(Path.cwd())!r}. It must "
            f"hold {LAYOUT}{hint}"
        )
    return path


def _visible(folder: Path) -> list[Path]:
    """Return what is not hidden, sorted; hidden are .ipynb_checkpoints, ._1.jpg of macOS, ..."""
    if not folder.is_dir():
        return []
    entries = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(path for path in entries if path.name not in _NO_CLASSES)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in READABLE | UNREADABLE and not path.is_dir()


def _list_class(found: ClassFolders, place: Path) -> None:
    name = shown(place.name)
    pictures = found.files_of.setdefault(name, [])
    for path in _visible(place):
        suffix = path.suffix.lower()
        file = f"{name}/{shown(path.name)}"
        if path.is_dir():
            reason = "a folder inside a class folder is not read: move its pictures up"
            found.skipped.append((file, reason))
        elif suffix in UNREADABLE:
            reason = f"{suffix} cannot be read: save it as JPEG or PNG"
            found.skipped.append((file, reason))
        elif suffix in READABLE and (path.is_file() or path.is_symlink()):
            pictures.append(path)
        else:
            found.n_ignored += 1


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else ""
    return ", ".join(repr(shown(name)) for name in names[:_N_NAMED]) + more


def _folders(found: ClassFolders) -> str:
    names = list(found.files_of)
    return f"{_count(len(names), 'subfolder')} ({_named(names)})" if names else "no subfolder"


def _count(n: int, what: str) -> str:
    return f"{n or 'no'} {what}{'' if n == 1 else 's'}"


def _next_step(root: Path, found: ClassFolders) -> str:
    """Say where the class folders may be: one level down, as after unpacking a zip file."""
    for name in found.files_of:
        inner = [path for path in _visible(root / name) if path.is_dir()]
        if len(inner) >= 2:
            return (
                f"Did you mean {shown(root / name)!r}? It holds {_named([p.name for p in inner])}."
            )
    if len(found.files_of) == 1:
        return "To learn, a network needs at least two classes: add a folder of another one."
    if found.skipped:
        return f"Skipped: {'; '.join(': '.join(row) for row in found.skipped[:_N_NAMED])}."
    return f"Put pictures into the folders: {', '.join(sorted(READABLE))}."
