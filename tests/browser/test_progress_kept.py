"""What is passed and guessed in JupyterLab is kept under the notebook's name, and shown."""

import json
import re

from playwright.sync_api import expect

GUESS = """\
from tlwidgets import Prediction, check, expect, progress
guess = Prediction("How many of 100?", low=0, high=100)
guess.commit(70)
guess.reveal(78.4)"""
CHECK = """\
check("Exercise 1", 4, expect(lambda a: a % 2 == 0, "Even, please."), well_done="Even!")"""
TABLE = """\
from tlwidgets import read_lessons, table_of_lessons
table_of_lessons(read_lessons())"""
SHOW = "progress()"


def test_a_passed_check_is_in_the_file_and_in_progress(notebook, write_notebook, server):
    notebook.open(write_notebook("42_kept_here.ipynb", GUESS, CHECK, SHOW))
    notebook.run_all()
    assert notebook.errors() == []
    line = "42 Kept here: 1 exercise passed, 1 guess (0 close)"
    expect(notebook.outputs.get_by_text(line)).to_be_visible()
    kept = json.loads(server.progress.read_text("utf-8"))
    (check,) = (c for c in kept["checks"] if c["lesson"] == "42_kept_here")
    assert (check["exercise"], check["tries"]) == ("Exercise 1", 1)
    (guess,) = (g for g in kept["predictions"] if g["lesson"] == "42_kept_here")
    assert (guess["guess"], guess["measured"], guess["close"]) == (70, 78.4, False)


def test_the_table_of_lessons_opens_a_lesson(notebook, write_notebook):
    notebook.open(write_notebook("links.ipynb", TABLE))
    notebook.run_all()
    assert notebook.errors() == []
    notebook.outputs.get_by_role("link", name="01 Why transfer").click()
    expect(notebook.page).to_have_url(re.compile("/doc/tree/01_why_transfer.ipynb"))
