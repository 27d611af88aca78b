"""What README, lesson index and contributing guide say is so."""

import json
import re
from pathlib import Path

import pytest

from tlwidgets import load_results

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "notebooks" / "src").glob("[0-9][0-9]_*.py"))
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("notebooks/*.md"),
    *ROOT.glob("datasets/**/*.md"),
]


def text_of(name):
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_the_lesson_index_has_title_question_and_minutes(path):
    title = path.read_text("utf-8")
    question = re.search(r"# # \d\d · (.+)", title)[1].removeprefix("Start here: ")
    minutes = re.search(r"About (\d+) minutes", title)[1]
    rows = [r for r in text_of("notebooks/README.md").splitlines() if f"({path.stem}.ipynb)" in r]
    assert len(rows) == 1
    cells = [cell.strip() for cell in rows[0].split("|")]
    assert cells[2].lower() == question.lower()
    assert cells[3] == minutes


def test_the_readme_links_every_lesson():
    for path in SOURCES:
        assert f"notebooks/{path.stem}.ipynb" in text_of("README.md")


def measured_lessons():
    """Pairs of a lesson's source and what the benchmark measured of it."""
    rows = json.loads(text_of("benchmarks/results/lessons.json"))["notebooks"]
    by_name = {row["notebook"]: row for row in rows}
    return [(p, by_name[f"{p.stem}.ipynb"]) for p in SOURCES if f"{p.stem}.ipynb" in by_name]


def test_the_teachers_timing_table_is_what_was_measured():
    expected = []
    for path, row in measured_lessons():
        minutes, needs = re.search(
            r"About (\d+) minutes\*\* · needs ([^·]+) · ", path.read_text("utf-8")
        ).groups()
        first, again = (f"{row[way]['wall_seconds']:.0f}" for way in ("cold", "warm"))
        link = f"[{path.stem[:2]}](../notebooks/{path.stem}.ipynb)"
        cells = link, minutes, needs, first, again, f"{row['peak_gb']:.1f}"
        expected.append(f"| {' | '.join(cells)} |")
    table = re.findall(r"^\| \[\d\d\].+", text_of("docs/teaching.md"), re.M)
    assert table == expected


def test_titles_state_seconds_and_memory_as_measured():
    """A learner plans with the title: within a fifth or ten seconds, and a tenth of a gigabyte."""
    wrong = []
    for path, row in measured_lessons():
        title = path.read_text("utf-8")
        stated = int(re.search(r"(\d+) CPU seconds", title)[1])
        gigabytes = float(re.search(r"(\d\.\d) GB of memory", title)[1])
        seconds, peak = row["cold"]["cpu_seconds"], row["peak_gb"]
        if abs(stated - seconds) > max(10, seconds / 5) or abs(gigabytes - peak) > 0.11:
            wrong.append((path.stem, stated, seconds, gigabytes, peak))
    assert wrong == []


def test_the_readme_states_the_saved_results():
    results = load_results("solar_cells_from_scratch")
    auc = results.pivot_table(index="way", columns="n_labels", values="auc")
    cost = results.query("n_labels == 1968").groupby("way")["cpu_seconds"].mean()
    for way in auc.index:
        numbers = " | ".join(f"{x:.3f}" for x in auc.loc[way])
        assert f"| {way} | {numbers} | {cost[way]:.0f} |" in text_of("README.md")


def test_the_card_of_the_small_networks_states_the_saved_results():
    accuracy = load_results("minis_from_scratch").pivot_table(
        "accuracy", "network", ["labels", "way"]
    )
    ways = ["from scratch", "letters, head only", "letters, fine-tuned"]
    for name, row in accuracy.iterrows():
        numbers = " | ".join(f"{row[n, way]:.3f}" for n in (50, 500) for way in ways)
        assert f"| `{name}` | {numbers} |" in text_of("datasets/mini_families/card.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text("utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_the_citation_is_of_this_version():
    version = re.search(r'^version = "(.+)"', text_of("pyproject.toml"), re.M)[1]
    assert f"\nversion: {version}\n" in text_of("CITATION.cff")


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.M))
    for page in PAGES:
        named = re.findall(r"`make ([a-z-]+)", page.read_text("utf-8"))
        assert set(named) <= targets, page.name
