"""Make the executed course and the reference as HTML, to be read without a network.

Run with: python -m docs.book [--lessons 00 03] [--out FOLDER]; "none" makes the reference alone.
The book shows photographs of solar cells, which are for non-commercial use only: it is built
output and never stands in the repository.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import nbformat
from sphinx.cmd.build import build_main

from .api import write_api
from .front import front_page, glossary_page
from .pages import PageMaker
from .runs import ROOT, Lesson, LessonFailedError, find_lessons, run_lessons

HERE = Path(__file__).parent
BUILD = ROOT / "build"


def write_pages(lessons: list[Lesson], work: Path, kept: Path) -> None:
    """Write what Sphinx reads: the front page, the lessons' notebooks, the glossary, the reference.

    Parameters
    ----------
    lessons : list of Lesson
    work : Path
        A folder for the pages and for the files that belong to them.
    kept : Path
        Where the results of runs are kept.
    """
    ran = run_lessons(lessons, kept)
    pages = {lesson.name[:2]: lesson.name for lesson in ran}
    maker = PageMaker(work / "extra", pages)
    (work / "pages").mkdir()
    for lesson, with_outputs in ran.items():
        student = nbformat.read(lesson.student, as_version=4)
        page = maker.make(student, with_outputs, lesson.name)
        nbformat.write(page, work / "pages" / f"{lesson.name}.ipynb")
    (work / "pages" / "index.md").write_text(front_page(pages), "utf-8")
    (work / "pages" / "glossary.md").write_text(glossary_page(pages), "utf-8")
    write_api(work / "pages" / "api")
    for picture in [*HERE.parent.glob("*.png"), *HERE.parent.glob("*.webp")]:
        shutil.copy(picture, work / "pages")


def make_book(work: Path, out: Path) -> int:
    """Let Sphinx make HTML of the pages; return its exit code.

    Parameters
    ----------
    work : Path
        As `write_pages` left it.
    out : Path
        The folder of the book.

    Returns
    -------
    int
        0 if all is well; a warning is an error.
    """
    folders = [str(work / "pages"), str(out)]
    extra = f"html_extra_path={work / 'extra'}"
    strict = ["--quiet", "--fail-on-warning", "--keep-going"]
    options = ["-b", "html", "-c", str(HERE), "-d", str(work / "doctrees"), "-D", extra]
    return build_main([*options, *strict, *folders])


def main(arguments: list[str]) -> int:
    """Run the lessons that have changed, then build all pages anew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", nargs="*", default=[], help="numbers, or none; else all")
    parser.add_argument("--out", type=Path, default=BUILD / "book", help="folder of the book")
    parser.add_argument("--kept", type=Path, default=BUILD / "book-runs", help="results of runs")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks")
    chosen = parser.parse_args(arguments)
    work = chosen.kept / "work"
    for folder in (work, chosen.out):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        lessons = find_lessons(chosen.notebooks, chosen.lessons)
        write_pages(lessons, work, chosen.kept)
    except (LessonFailedError, ValueError) as error:
        sys.stderr.write(f"No book: {error}\n")
        return 1
    code = make_book(work, chosen.out.resolve())
    size = sum(path.stat().st_size for path in chosen.out.rglob("*") if path.is_file())
    sys.stdout.write(f"{chosen.out / 'index.html'} ({size / 1e6:.1f} MB)\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
