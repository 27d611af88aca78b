"""The bias explorer without a browser: what it sends, what it hears, and what it refuses."""

import base64
import io
import json

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from tests.bias_explorer.states import numeric_population, population
from tests.page import find, listen, say, set_by_hand
from tlwidgets import BiasExplorer
from tlwidgets.shift import MECHANISMS

REGION = [0.2, 0.0, 0.7, 1.0]


@pytest.fixture
def explorer():
    explorer = BiasExplorer(population(600))
    yield explorer
    explorer.close()


def control(explorer, name, mechanism=None):
    controls = explorer._controls
    return controls.shared.get(name) or controls.tabs[mechanism or explorer.mechanism].by_name[name]


def turn_to(explorer, mechanism):
    set_by_hand(explorer._controls.choose_tab, selected_index=list(MECHANISMS).index(mechanism))


def view(explorer):
    return explorer._view.view


def text(explorer):
    return view(explorer)["sentence"]


def choose(explorer, name, value):
    say(explorer._view, {"kind": "choose", "name": name, "value": value})


def offered(explorer, name):
    return view(explorer)["choices"][name]


def script_in(explorer):
    return explorer._code.view.get("code", "")


def test_a_drag_is_answered_with_an_echo_and_one_small_message(explorer):
    messages = listen(explorer)
    set_by_hand(control(explorer, "strength"), value=0.2)
    assert explorer.strength == 0.2
    assert len(messages) == 2
    assert len(json.dumps(messages)) < 6000
    assert "positions" not in json.dumps(messages)


def test_a_brush_selects_there_only_and_then_costs_one_message_each(explorer):
    set_by_hand(explorer._view, region=REGION)
    assert (explorer.mechanism, explorer.kind) == ("sampling strategy", "region")
    assert explorer.region == tuple(REGION) and explorer.strength == 1
    x = explorer.population.position[explorer._state.result.selection.indices, 0]
    assert x.min() >= 0.2 and x.max() <= 0.7
    messages = listen(explorer)
    set_by_hand(explorer._view, region=[0.25, 0.0, 0.75, 1.0])
    assert len(messages) == 1
    assert view(explorer)["map"]["region"] == [0.25, 0.0, 0.75, 1.0]


def test_a_small_region_gives_a_small_sample_and_the_wish_is_kept(explorer):
    set_by_hand(explorer._view, region=[0.0, 0.0, 0.2, 1.0])
    assert 100 <= explorer.n <= 125
    set_by_hand(explorer._view, region=[0.0, 0.0, 0.8, 1.0])
    assert explorer.n == 300
    set_by_hand(explorer._view, region=[0.0, 0.0, 0.2, 1.0])
    set_by_hand(explorer._view, region=[])
    assert (explorer.kind, explorer.region, explorer.n) == ("simple random", None, 300)


def test_a_region_with_nobody_is_said_and_changes_nothing(explorer):
    before = explorer._state.choice
    set_by_hand(explorer._view, region=[0.001, 0.001, 0.002, 0.002])
    assert explorer._state.choice == before
    assert "20 examples" in view(explorer)["warning"]
    set_by_hand(control(explorer, "strength"), value=0.4)
    assert view(explorer)["warning"] == explorer._state.result.warning


def test_the_same_by_code(explorer):
    by_hand = BiasExplorer(population(600))
    set_by_hand(by_hand._view, region=REGION)
    explorer.region = REGION
    assert explorer._state.choice.n == by_hand._state.choice.n
    assert repr(explorer) == repr(by_hand)
    explorer.region = None
    assert explorer.kind == "simple random"
    by_hand.close()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_each_tab_keeps_its_own_experiment(explorer, mechanism):
    turn_to(explorer, mechanism)
    assert explorer.mechanism == mechanism
    set_by_hand(control(explorer, "strength"), value=0.3)
    other = "data skew" if mechanism != "data skew" else "dataset quality"
    turn_to(explorer, other)
    assert explorer.strength == 0.7
    turn_to(explorer, mechanism)
    assert (explorer.mechanism, explorer.strength) == (mechanism, 0.3)


def test_turning_to_another_tab_costs_its_echo_the_picture_and_what_colours_it(explorer):
    messages = listen(explorer)
    turn_to(explorer, "data skew")
    assert [next(iter(m["state"])) for m in messages] == ["selected_index", "view"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_kind_and_every_repair_can_be_chosen_by_hand(explorer, mechanism):
    turn_to(explorer, mechanism)
    kinds = control(explorer, "kind")
    for i, option in enumerate(kinds.options):
        set_by_hand(kinds, index=i)
        assert explorer.kind == option, view(explorer)["warning"]
    repairs = offered(explorer, "repair")[1]
    assert repairs[0] == "none" and len(repairs) > 1
    for option in repairs:
        choose(explorer, "repair", option)
        assert explorer.repair == offered(explorer, "repair")[0] == option


def test_another_covariate_brings_its_own_ways_to_draw(explorer):
    set_by_hand(control(explorer, "covariate"), index=1)
    assert explorer.covariate == "colour"
    assert control(explorer, "kind").options == ("more of blue", "more of green", "more of red")
    assert explorer.kind == "more of blue"
    explorer.covariate = "age"
    assert control(explorer, "kind").value == explorer.kind == "more of the high"


@pytest.mark.parametrize(
    ("name", "value"),
    [("strength", 0.25), ("n", 50), ("seed", 7), ("covariate", "colour"),
     ("kind", "more of the low")],
)  # fmt: skip
def test_what_code_chooses_the_controls_show(explorer, name, value):
    setattr(explorer, name, value)
    assert getattr(explorer, name) == value
    assert control(explorer, name).value == value


@pytest.mark.parametrize("repair", ["importance weighting", "class weighting"])
def test_a_repair_that_code_chooses_is_among_the_chips(explorer, repair):
    explorer.repair = repair  # the second is not offered in a domain shift
    chosen, options = offered(explorer, "repair")
    assert chosen == repair and repair in options


def test_the_colours_of_the_points_follow_their_list(explorer):
    before = explorer._view.colours
    choose(explorer, "colour_by", "group")
    assert explorer.colour_by == "group" and explorer._view.colours != before
    assert view(explorer)["panel"]["title"] == "group"  # the distribution beside the map, too
    explorer.colour_by = "age"
    assert offered(explorer, "colour_by")[0] == "age"
    assert view(explorer)["map"]["ends"] is not None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("strength", 1.5, "`strength` must be a number from 0 to 1"),
        ("region", "left", "region"),
        ("colour_by", "taste", "`colour_by`"),
        ("strenght", 0.5, "Did you mean 'strength'"),
        ("population", None, "population"),
    ],
)
def test_a_wrong_value_is_refused_and_changes_nothing(explorer, name, value, message):
    before = explorer._state
    with pytest.raises((TypeError, ValueError, AttributeError), match=message):
        setattr(explorer, name, value)
    assert explorer._state is before


def test_reset_goes_back_to_the_beginning(explorer):
    before = repr(explorer)
    turn_to(explorer, "data skew")
    set_by_hand(control(explorer, "n"), value=50)
    find(explorer, "Reset").click()
    assert repr(explorer) == before and control(explorer, "n").value == 300
    assert control(explorer, "strength").value == explorer.strength


def test_a_numeric_outcome_has_no_classes_to_skew():
    explorer = BiasExplorer(numeric_population(300))
    turn_to(explorer, "data skew")
    assert explorer.mechanism == "domain shift"
    assert "no classes to skew" in explorer._controls.tabs["data skew"].box.children[0].value
    turn_to(explorer, "sampling strategy")
    assert explorer.mechanism == "sampling strategy"
    assert "lower is better" in view(explorer)["scores"]["title"]
    explorer.close()


def test_a_page_without_a_kernel_gets_text_and_a_picture(explorer):
    bundle = explorer._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert bundle["text/plain"] == repr(explorer)
    assert len(bundle["image/png"]) > 1000


@pytest.mark.parametrize("whole", [population(300), numeric_population(300)], ids=["y", "numbers"])
def test_the_figure_shows_the_same(whole):
    explorer = BiasExplorer(whole)
    explorer.region = (0.1, 0.1, 0.8, 0.9)
    figure = explorer.figure()
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    for row in view(explorer)["scores"]["rows"]:
        if "hint" not in row:
            assert row["reported_text"] in texts and row["actual_text"] in texts
    assert any(ax.patches for ax in figure.axes)
    explorer.close()


def test_closing_leaves_nothing_behind():
    before = set(ipywidgets.widgets.widget._instances)
    explorer = BiasExplorer(population(300))
    explorer.close()
    assert not set(ipywidgets.widgets.widget._instances) - before


def test_two_explorers_of_one_population_do_not_disturb_each_other():
    whole = population(300)
    one, two = BiasExplorer(whole), BiasExplorer(whole)
    before = repr(two)
    one.n = 60
    assert one.n == 60 and repr(two) == before
    one.close()
    two.close()


def test_a_short_text_restores_what_is_shown(explorer):
    explorer.mechanism = "data skew"
    set_by_hand(control(explorer, "strength"), value=0.9)
    again = BiasExplorer.from_state(explorer.to_url_state(), explorer.population)
    assert repr(again) == repr(explorer)
    assert control(again, "strength").value == 0.9
    assert again.report().equals(explorer.report())
    again.close()


def test_the_report_has_what_the_bars_show(explorer):
    explorer.repair = "importance weighting"
    overall = explorer.report()["overall"]
    rows = view(explorer)["scores"]["rows"]
    for name, row in zip(("naive", "repaired", "ideal"), rows, strict=True):
        assert overall[name]["its own test set"] == pytest.approx(row["reported"], abs=1e-3)
        assert overall[name]["the population"] == pytest.approx(row["actual"], abs=1e-3)


def test_the_code_is_shown_when_asked_for_and_follows_the_controls(explorer):
    assert script_in(explorer) == ""
    set_by_hand(explorer._code, is_open=True)
    assert "0.7" in script_in(explorer)
    set_by_hand(control(explorer, "strength"), value=0.3)
    assert "0.3" in script_in(explorer) and "0.7" not in script_in(explorer)
    set_by_hand(explorer._code, is_open=False)
    assert script_in(explorer) == ""


def test_my_own_arrays_with_groups():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = np.where(x[:, 0] > 0, "up", "down")
    groups = np.where(x[:, 1] > 0, "here", "there")
    explorer = BiasExplorer(x, y, feature_names=["a", "b", "c"], groups=groups)
    explorer.covariate = "b"
    assert {"here", "there"} < set(explorer.report().columns)
    with pytest.raises(TypeError, match="colour"):
        BiasExplorer(x, y, colour="red")
    explorer.close()


def test_what_is_impossible_is_said_and_the_controls_go_back():
    names = tuple(f"class {i}" for i in range(100))
    whole = population(4000, y=np.arange(4000) % 100, class_names=names)
    explorer = BiasExplorer(whole)
    set_by_hand(control(explorer, "n"), value=60)
    before = explorer._state.choice
    turn_to(explorer, "data skew")
    assert explorer._state.choice == before
    assert "leaves a class empty" in view(explorer)["warning"]
    assert explorer._controls.choose_tab.selected_index == 0
    set_by_hand(control(explorer, "n"), value=600)
    assert view(explorer)["warning"] == ""
    turn_to(explorer, "data skew")
    assert explorer.mechanism == "data skew"
    set_by_hand(control(explorer, "n"), value=60)
    assert control(explorer, "n").value == explorer.n == 600
    explorer.close()


def test_a_strength_that_changes_nothing_is_switched_off_and_says_why(explorer):
    explorer.mechanism, explorer.kind = "sampling strategy", "simple random"
    strength = control(explorer, "strength")
    assert strength.disabled and "no effect" in strength.description
    assert "Chance alone" in strength.tooltip
    before = explorer.report()
    explorer.strength = 0.1
    assert explorer.report().equals(before)  # so it says
    explorer.kind = "stratified"
    assert not strength.disabled and "no effect" not in strength.description
    explorer.strength = 0.9
    assert not explorer.report().equals(before)


def test_the_map_is_coloured_by_what_the_tab_is_about(explorer):
    assert explorer.colour_by == explorer.covariate
    messages = listen(explorer)
    explorer.covariate = "colour"
    assert explorer.colour_by == offered(explorer, "colour_by")[0] == "colour"
    assert len([m for m in messages if "view" in m.get("state", {})]) == 1
    explorer.mechanism = "data skew"
    assert explorer.colour_by == "class"
    explorer.colour_by = "age"  # my own wish holds
    explorer.strength = 0.3
    assert explorer.colour_by == "age"
    set_by_hand(explorer._view, region=REGION)  # another tab, but no other colours under the brush
    assert (explorer.mechanism, explorer.colour_by) == ("sampling strategy", "age")


def test_who_points_at_an_example_sees_it_and_a_table_has_no_picture(explorer):
    messages = listen(explorer)
    say(explorer._view, {"kind": "look", "point": 3})
    assert messages == [] and not explorer._view.has_pictures
    whole = population(100, picture=lambda i: np.full((4, 4), i, np.uint8))
    seen = BiasExplorer(whole)
    messages = listen(seen)
    for point in (7, 100, -1):  # the last two are nobody
        say(seen._view, {"kind": "look", "point": point})
    (message,) = messages
    assert message["content"]["point"] == 7 and seen._view.has_pictures
    png = base64.b64decode(message["content"]["source"].removeprefix("data:image/png;base64,"))
    assert np.asarray(Image.open(io.BytesIO(png))).tolist() == [[7] * 4] * 4
    seen.close()


def test_the_groups_are_written_when_unfolded_and_follow(explorer):
    assert "rows" not in explorer._groups.view
    set_by_hand(explorer._groups, is_open=True)
    assert [row[0] for row in explorer._groups.view["rows"]] == ["old", "young"]
    before = explorer._groups.view
    explorer.strength = 1.0
    assert explorer._groups.view != before
