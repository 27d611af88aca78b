"""The API reference: one page for each module that says with `__all__` what is public.

Nothing is listed here: a new public name has its entry by itself. A name that two modules offer
stands on the page of the longer one, under the shorter: `tlwidgets.load_digits`, as lessons import
it, on the page of `tlwidgets.data`. `setup` mends what autodoc would say of classes and constants.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from sphinx.pycode import ModuleAnalyzer
from sphinx.util.inspect import signature, stringify_signature

from .runs import ROOT

_PACKAGE = "tlwidgets"
_NAMES_ALL = re.compile(r"^[\w, ]*\b__all__\b.* =", re.M)  # alone, or with what lazy_loader gives
# autosummary wants short names from within a module; ours are whole, for two are on one page.
_NOWHERE = ".. py:currentmodule:: None\n"


@functools.cache
def find_modules() -> dict[str, ModuleType]:
    """Return the public modules by their names."""
    found = {}
    for path in sorted((ROOT / _PACKAGE).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if _NAMES_ALL.search(path.read_text("utf-8")) and "._" not in name:
            found[name] = import_module(name)
    return found


@functools.cache
def find_homes() -> dict[str, list[str]]:
    """Return which modules offer a public name, by the shortest way to import it."""
    homes: dict[tuple[str, int], list[str]] = {}
    for module in sorted(find_modules(), key=len):
        for name in find_modules()[module].__all__:
            value = getattr(find_modules()[module], name)
            homes.setdefault((name, id(value)), []).append(module)
    return {f"{places[0]}.{name}": places for (name, _), places in homes.items()}


def write_api(folder: Path) -> None:
    """Write the index and a page for each module, for Sphinx to fill from the docstrings."""
    folder.mkdir()
    for module in find_modules():
        offered = sorted((x for x in find_homes() if module in find_homes()[x]), key=_by_name)
        own = [path for path in offered if find_homes()[path][-1] == module]
        about = f".. automodule:: {module}\n   :no-members:\n"
        parts = [_head(module), about, _NOWHERE, _table(f"~{path}" for path in offered)]
        text = "\n".join([*parts, *map(_entry, own)])
        (folder / f"{module}.rst").write_text(text, "utf-8")
    pages = "".join(f"   {x.removeprefix('tlwidgets.')} <{x}>\n" for x in find_modules())
    toctree = f".. toctree::\n   :hidden:\n\n{pages}"
    index = "\n".join([_head("API reference"), _table(find_modules()), toctree])
    (folder / "index.rst").write_text(index, "utf-8")


def _by_name(path: str) -> str:
    return _name(path).lower()


def _name(path: str) -> str:
    return path.rsplit(".", 1)[1]


def _head(title: str) -> str:
    return f"{title}\n{'=' * len(title)}\n"


def _table(paths: Iterable[str]) -> str:
    rows = "".join(f"   {path}\n" for path in paths)
    return f".. autosummary::\n   :signatures: none\n\n{rows}"


def _entry(path: str) -> str:
    value = getattr(find_modules()[find_homes()[path][0]], _name(path))
    if not inspect.isclass(value):
        kind = "function" if callable(value) else "data"
        return f".. auto{kind}:: {path}\n" + ("" if callable(value) else "   :no-value:\n")
    kind = "exception" if issubclass(value, BaseException) else "class"
    members = ", ".join(own_members(value))
    options = f"   :members: {members}\n   :undoc-members:\n" if members else ""
    return f".. auto{kind}:: {path}\n{options}"


def own_members(kind: type) -> Iterator[str]:
    """Name what a class adds to Keras and ipywidgets: methods, properties, traits with a help.

    What those call or close, such as `on_epoch_end`, is not for readers.
    """
    foreign = [base for base in kind.__mro__[1:] if not _is_ours(base)]
    for name, value in inspect.getmembers_static(kind):
        is_told = inspect.isroutine(value) or isinstance(value, property) or _help(value)
        is_named = not name.startswith("_") and not any(hasattr(x, name) for x in foreign)
        if is_told and (is_named or (name == "__call__" and _is_ours(value))):
            yield name


def _help(trait: Any) -> str | None:
    return getattr(trait, "help", None)


def _is_ours(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).startswith(_PACKAGE)


def setup(app: Any) -> dict[str, Any]:
    """Tell autodoc and Sphinx what they cannot know of ours."""
    app.connect("autodoc-process-signature", _sign)
    app.connect("autodoc-process-docstring", _tell_constant)
    app.connect("missing-reference", _find_short_name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _sign(_: Any, what: str, path: str, value: Any, *given: Any) -> tuple[str, None] | None:
    """Give a class the arguments of our `__init__`, where a base takes anything."""
    if given[1] != "(*args, **kwargs)" or what not in {"class", "exception"}:
        return None
    if not _is_ours(value.__init__):
        return "", None
    own = signature(value.__init__, bound_method=True)
    return stringify_signature(own, show_annotation=False), None


def _tell_constant(_: Any, what: str, path: str, value: Any, __: Any, lines: list[str]) -> None:
    """Take the comment `#:` above a constant where it is assigned; others only import it."""
    if what != "data":
        return
    for module in sorted(x for x in sys.modules if x.startswith(_PACKAGE)):
        if getattr(sys.modules[module], _name(path), None) is value:
            comments = ModuleAnalyzer.for_module(module).find_attr_docs()
            lines[:] = comments.get(("", _name(path)), lines)


def _find_short_name(app: Any, env: Any, node: Any, shown: Any) -> Any:
    """Lead from `read_images` or `Plan` to its entry, on whatever page both are."""
    paths = [path for path in find_homes() if _name(path) == node.get("reftarget")]
    # A name in one small word may as well be an argument.
    if len(paths) != 1 or not re.search("[A-Z_]", _name(paths[0])):
        return None
    start = node.get("refdoc")
    return env.domains["py"].resolve_xref(env, start, app.builder, "obj", paths[0], node, shown)
