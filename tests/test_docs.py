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


def test_the_readme_states_the_benchmark_as_measured():
    measured = json.loads(text_of("benchmarks/results/lessons.json"))
    table = text_of("README.md")
    for row in measured["notebooks"]:
        if "solutions" in row["notebook"]:
            continue
        name = Path(row["notebook"]).stem
        line = next(li for li in table.splitlines() if f"`{name}`" in li and "| " in li)
        cold, warm, peak = (float(x) for x in re.findall(r"\d+\.?\d*", line.split("`")[-1])[:3])
        assert cold == pytest.approx(row["cold"]["wall_seconds"], abs=0.51)
        assert warm == pytest.approx(row["warm"]["wall_seconds"], abs=0.51)
        assert peak == pytest.approx(row["peak_gb"], abs=0.051)


def test_the_readme_states_the_saved_results():
    results = load_results("solar_cells_from_scratch")
    auc = results.pivot_table(index="way", columns="n_labels", values="auc")
    cost = results.query("n_labels == 1968").groupby("way")["cpu_seconds"].mean()
    for way in auc.index:
        numbers = " | ".join(f"{x:.3f}" for x in auc.loc[way])
        assert f"| {way} | {numbers} | {cost[way]:.0f} |" in text_of("README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text("utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.M))
    for page in PAGES:
        named = re.findall(r"`make ([a-z-]+)", page.read_text("utf-8"))
        assert set(named) <= targets, page.name
