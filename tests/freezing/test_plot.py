"""The sketch of a network shows what its family is known for: a chain, shortcuts, branches."""

import keras
import pytest
from keras import layers
from matplotlib.figure import Figure

from tlwidgets import plot_blocks
from tlwidgets.freezing.plot import sketch

pytestmark = pytest.mark.keras


def chain():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, name="block1_conv"),
            layers.BatchNormalization(name="block1_bn"),
            layers.MaxPooling2D(name="block1_pool"),
            layers.Conv2D(6, (1, 3), name="block2_conv"),
            layers.Flatten(),
            layers.Dense(2, name="head"),
        ]
    )


def shortcut(has_shortcut=True):
    inputs = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    y = layers.Conv2D(4, 3, padding="same", name="inner1")(x)
    y = layers.ReLU()(layers.Conv2D(4, 3, padding="same", name="inner2")(y))
    return keras.Model(inputs, layers.Add(name="add")([x, y]) if has_shortcut else y)


def branches():
    inputs = keras.Input((8, 8, 4))
    found = [layers.Conv2D(2, side, padding="same")(inputs) for side in (1, 3)]
    found.append(layers.Conv2D(2, 1)(layers.AveragePooling2D(1)(inputs)))
    return keras.Model(inputs, layers.Concatenate()(found))


def test_a_chain_is_one_lane_of_layers_that_matter():
    nodes = sketch(chain())
    assert [node.label for node in nodes] == [
        "image",
        "3×3\n4",
        "max",
        "1×3\n6",
        "dense\n2",
    ]
    assert [node.parents for node in nodes] == [(), (0,), (1,), (2,), (3,)]
    assert {node.lane for node in nodes} == {0.0}
    assert [node.column for node in nodes] == [0, 1, 2, 3, 4]


def test_a_shortcut_leads_around_what_it_leaves_out():
    plus = sketch(shortcut())[-1]
    assert (plus.kind, plus.label, plus.parents) == ("merge", "+", (1, 3))
    assert (plus.column, plus.lane) == (4, 0.0)


def test_without_the_shortcut_nothing_meets():
    assert all(node.kind != "merge" for node in sketch(shortcut(has_shortcut=False)))


def test_branches_lie_side_by_side_and_meet_in_the_middle():
    nodes = sketch(branches())
    join = nodes[-1]
    assert join.label == "join" and len(join.parents) == 3
    assert sorted(nodes[p].lane for p in join.parents) == [-1.0, 0.0, 1.0]
    assert join.lane == 0.0


def test_some_blocks_begin_with_what_came_before():
    nodes = sketch(chain(), ["block2", "head"])
    assert [node.label for node in nodes] == ["…", "1×3\n6", "dense\n2"]
    assert nodes[1].parents == (0,)


def test_the_picture_has_a_box_for_each_node():
    ax = Figure().subplots()
    assert plot_blocks(shortcut(), ax) is ax
    assert len(ax.patches) >= len(sketch(shortcut()))
    assert "+" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ax: plot_blocks(chain(), ax, ["block3"]), "'block3'.*Did you mean"),
        (lambda ax: plot_blocks(chain(), ax, "block1"), "`blocks` must be a list"),
        (lambda ax: plot_blocks(chain(), None), "`ax` must be matplotlib Axes"),
        (lambda ax: plot_blocks("vgg16", ax), "`model`"),
    ],
)
def test_what_cannot_be_drawn_is_said(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(Figure().subplots())
