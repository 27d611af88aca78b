"""A short text restores the exact choice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bias_explorer.toys import make_toy
from tlwidgets.bias_explorer.choice import Choice, from_url_state, to_url_state
from tlwidgets.bias_explorer.experiment import begin

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
UNIT = st.floats(0, 1)
CHOICES = st.builds(
    Choice,
    mechanism=TEXTS,
    kind=TEXTS,
    covariate=TEXTS,
    strength=UNIT,
    n=st.integers(20, 10**9),
    repair=TEXTS,
    region=st.none() | st.tuples(UNIT, UNIT, UNIT, UNIT),
    seed=st.integers(0, 2**63),
)


@given(CHOICES)
def test_any_choice_comes_back(choice):
    text = to_url_state(choice)
    assert from_url_state(text) == choice
    assert from_url_state(f"#{text}") == choice
    assert all(c.isascii() and c.isprintable() and c not in " <>\"'#" for c in text)


def test_the_default_is_no_text_and_a_usual_state_is_short():
    assert to_url_state(Choice()) == ""
    assert from_url_state("") == Choice()
    state = begin(make_toy(), Choice(mechanism="data skew", strength=0.85, n=120))
    text = to_url_state(state.choice)
    assert len(text) <= 60
    assert from_url_state(text) == state.choice


@pytest.mark.parametrize("text", ["x=1", "s=much", "b=0,1", "s", "n=1.5", "<script>"])
def test_another_text_is_refused(text):
    with pytest.raises(ValueError, match="`text` must be what `to_url_state"):
        from_url_state(text)
