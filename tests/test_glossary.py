"""The glossary: each word stands in the lesson that it names, and the book has the page."""

import re
from pathlib import Path

import pytest

from docs.book.front import glossary_page
from tests.notebooks.lessons import cells_of

ROOT = Path(__file__).parents[1]
ENTRY = re.compile(r"^\*\*([^*]+)\*\* \(\[(\d\d)\]\(\.\./notebooks/(\w+)\.ipynb\)\): (.+)", re.S)
ENTRIES = [
    ENTRY.match(part)
    for part in (ROOT / "docs/glossary.md").read_text("utf-8").split("\n\n")
    if part.startswith("**")
]


def prose_of(lesson):
    """The text of a lesson, in small letters and one line."""
    cells = cells_of(ROOT / "notebooks" / "src" / f"{lesson}.py")
    text = " ".join(cell.text for cell in cells if cell.kind == "markdown")
    return re.sub(r"[\s*]+", " ", text).lower()


def test_every_entry_is_read_in_the_order_of_the_alphabet():
    words = [entry[1].lower() for entry in ENTRIES]
    assert all(ENTRIES)
    assert words == sorted(words)
    assert 40 <= len(set(words)) == len(words)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry[1])
def test_its_lesson_has_the_word(entry):
    word, number, lesson = entry[1].lower(), entry[2], entry[3]
    assert lesson.startswith(number)
    spellings = {re.sub(r" \(.*", "", word), *re.findall(r"\((.+)\)", word)}
    assert any(spelling in prose_of(lesson) for spelling in spellings)


def test_in_the_book_it_leads_to_the_pages_that_there_are():
    page = glossary_page({"03": "03_fine_tuning"})
    assert "[03](03_fine_tuning.ipynb)" in page
    assert "**pooling** (06)" in page
