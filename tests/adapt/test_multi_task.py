"""Several tasks on one trunk: the loss against a slow loop, the effect against its twin."""

import keras
import numpy as np
import pytest

from tlwidgets.adapt import MultiTask

pytestmark = pytest.mark.keras
layers = keras.layers


def small_trunk(seed=1, n_in=4, n_features=6):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((n_in,)), layers.Dense(n_features, "tanh")])


def slow_loss(learner, tasks, shares):
    """The sum of the tasks' losses, example by example."""
    total = 0.0
    for name, (x, y) in tasks.items():
        losses = []
        for z, label in zip(learner.scores(name, x).astype(float), y, strict=True):
            if np.ndim(label):
                p = 1 / (1 + np.exp(-z))
                losses += [-np.log(q if yes else 1 - q) for q, yes in zip(p, label, strict=True)]
            else:
                losses.append(np.log(np.exp(z).sum()) - z[label])
        total += shares[name] * np.mean(losses)
    return total


def two_tasks(n=7, m=11):
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(n, 4)), rng.normal(size=(m, 4))
    return {"kind": (x, rng.integers(0, 3, n)), "asked": (u, rng.integers(0, 2, (m, 2)))}


def test_the_first_loss_is_that_of_a_slow_loop():
    tasks, shares = two_tasks(), {"kind": 1.0, "asked": 2.5}
    learner = MultiTask(small_trunk(), {"kind": 3, "asked": 2}, loss_share=shares)
    expected = slow_loss(learner, tasks, shares)
    [loss] = learner.fit(tasks, steps=1)  # all examples fit into one batch
    assert loss == pytest.approx(expected, abs=1e-5)


def test_the_order_in_which_tasks_are_named_does_not_matter():
    tasks, losses = two_tasks(), []
    learner = MultiTask(small_trunk(), {"kind": 3, "asked": 2})
    for names in (("kind", "asked"), ("asked", "kind")):
        learner.restart(small_trunk())
        losses.append(learner.fit({name: tasks[name] for name in names}, steps=3))
    np.testing.assert_array_equal(*losses)


def test_each_head_learns_only_from_its_own_examples():
    tasks = two_tasks()
    learner = MultiTask(small_trunk(), {"kind": 3, "asked": 2}, loss_share={"kind": 1, "asked": 9})
    with_other_answers = {**tasks, "asked": (tasks["asked"][0], 1 - tasks["asked"][1])}
    kernels = []
    for these in (tasks, with_other_answers):
        learner.restart(small_trunk())
        before = learner.heads["kind"].get_weights()[0], learner.trunk.get_weights()[0]
        learner.fit(these, steps=1)
        after = learner.heads["kind"].get_weights()[0], learner.trunk.get_weights()[0]
        kernels.append([b - a for a, b in zip(before, after, strict=True)])
    (head, trunk), (other_head, other_trunk) = kernels
    np.testing.assert_allclose(head, other_head, atol=1e-7)
    assert np.abs(trunk - other_trunk).max() > 1e-4


def test_one_task_is_plain_fit():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(16, 4)), rng.integers(0, 3, 16)
    learner = MultiTask(small_trunk(), {"kind": 3})
    model = keras.Sequential(
        [keras.models.clone_model(learner.trunk), keras.models.clone_model(learner.heads["kind"])]
    )
    model.set_weights([*learner.trunk.get_weights(), *learner.heads["kind"].get_weights()])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.001), loss)
    model.fit(x, y, epochs=20, batch_size=16, verbose=0)
    learner.fit({"kind": (x, y)}, steps=20)
    np.testing.assert_allclose(
        learner.scores("kind", x), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5
    )


def corner_problem():
    """Which two of 40 numbers matter, a thousand answers say and four labels cannot."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1400, 40))
    y = 2 * (x[:, 0] > 0) + (x[:, 1] > 0)
    few = [np.flatnonzero(y == k)[0] for k in range(4)]
    return x, y, few


def gain_from(answers_of):
    x, y, few = corner_problem()
    scores = []
    for heads in ({"corner": 4}, {"corner": 4, "asked": 2}):
        shares = {name: {"corner": 1, "asked": 10}[name] for name in heads}
        trunk = small_trunk(1, 40, 16)
        learner = MultiTask(trunk, heads, loss_share=shares, learning_rate=0.01)
        tasks = {"corner": (x[few], y[few]), "asked": (x[:1000], answers_of(y[:1000]))}
        learner.fit({name: tasks[name] for name in heads}, steps=300)
        scores.append(learner.accuracy("corner", x[1000:], y[1000:]))
    return scores[1] - scores[0]


def test_true_answers_help_the_other_task():
    assert gain_from(lambda y: np.stack([y // 2, y % 2], axis=1)) > 0.1


def test_twin_random_answers_do_not():
    assert gain_from(lambda y: np.random.default_rng(9).integers(0, 2, (len(y), 2))) < 0.1


def test_restart_repeats_a_run_and_compiles_nothing_again():
    learner, tasks = MultiTask(small_trunk(), {"kind": 3, "asked": 2}, seed=4), two_tasks()
    first = learner.fit(tasks, steps=5)
    on = learner.fit(tasks, steps=5)
    learner.restart(small_trunk(), seed=4)
    again = learner.fit(
        {name: (x[::-1][:6], y[::-1][:6]) for name, (x, y) in tasks.items()}, steps=5
    )
    learner.restart(small_trunk(), seed=4)
    np.testing.assert_array_equal(learner.fit(tasks, steps=5), first)
    assert on[0] != first[0] and again[0] != first[0]
    assert len(learner._steps._loops) == 1


def test_the_learners_trunk_stays_as_it_is():
    trunk = small_trunk()
    before = trunk.get_weights()
    MultiTask(trunk, {"kind": 3, "asked": 2}).fit(two_tasks(), steps=5)
    assert all(np.array_equal(a, b) for a, b in zip(before, trunk.get_weights(), strict=True))


def test_the_first_task_sees_the_same_batches_with_and_without_a_second():
    tasks = two_tasks(n=40)
    tiny = {"kind": 1e6, "asked": 1e-6}  # Adam's first steps do not see how large a loss is
    both = MultiTask(small_trunk(), {"kind": 3, "asked": 2}, loss_share=tiny)
    alone = MultiTask(small_trunk(), {"kind": 3})
    both.fit(tasks, steps=9, batch_size=8)
    alone.fit({"kind": tasks["kind"]}, steps=9, batch_size=8)
    np.testing.assert_allclose(
        both.scores("kind", tasks["kind"][0]), alone.scores("kind", tasks["kind"][0]), atol=1e-3
    )


def test_accuracy_counts_labels_and_answers():
    learner = MultiTask(small_trunk(), {"kind": 3, "asked": 2})
    for name, (x, y) in two_tasks().items():
        scores = learner.scores(name, x)
        guesses = [
            s > 0 if np.ndim(label) else s.argmax() for s, label in zip(scores, y, strict=True)
        ]
        right = [np.mean(g == label) for g, label in zip(guesses, y, strict=True)]
        assert learner.accuracy(name, x, y) == pytest.approx(np.mean(right))


X = np.zeros((5, 4))
Y = np.array([0, 1, 2, 0, 1])
WRONG_TASKS = {
    "another label set": ({"kind": (X, Y + 1)}, "0 to 2"),
    "decimal labels": ({"kind": (X, Y / 2)}, "float64"),
    "too few labels": ({"kind": (X, Y[:3])}, "(3,)"),
    "mixed shapes": ({"kind": (X[:, :3], Y)}, "(5, 3)"),
    "no examples": ({"kind": (X[:0], Y[:0])}, "(0, 4)"),
    "words": ({"kind": (np.full((5, 4), "a"), Y)}, "<U1"),
    "answers of another head": ({"kind": (X, np.zeros((5, 2)))}, "(5, 2)"),
    "answers that are none": ({"kind": (X, np.full((5, 3), 2))}, "2"),
    "an unknown task": ({"kinds": (X, Y)}, "kinds"),
    "no labels": ({"kind": X}, "tasks['kind']"),
    "a list": ([X, Y], "tasks"),
}


@pytest.mark.parametrize(("tasks", "named"), WRONG_TASKS.values(), ids=WRONG_TASKS)
def test_tasks_that_do_not_fit_are_named(tasks, named):
    with pytest.raises((TypeError, ValueError)) as caught:
        MultiTask(small_trunk(), {"kind": 3}).fit(tasks, steps=1)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("named", "call"),
    [
        ("got 0", lambda t: MultiTask(t, {"a": 2, "b": 2}, loss_share={"a": 1, "b": 0})),
        ("-1", lambda t: MultiTask(t, {"a": 2}, loss_share={"a": -1})),
        ("['a', 'b']", lambda t: MultiTask(t, {"a": 2, "b": 2}, loss_share={"a": 1})),
        ("heads['a']", lambda t: MultiTask(t, {"a": 0})),
        ("`heads`", lambda t: MultiTask(t, {})),
        ("`learning_rate`", lambda t: MultiTask(t, {"a": 2}, learning_rate=0)),
        ("`seed`", lambda t: MultiTask(t, {"a": 2}, seed=-1)),
        ("'vgg16'", lambda t: MultiTask("vgg16", {"a": 2})),
        ("`task`", lambda t: MultiTask(t, {"a": 2}).scores("b", X)),
        ("`steps`", lambda t: MultiTask(t, {"a": 3}).fit({"a": (X, Y)}, steps=0)),
        ("`batch_size`", lambda t: MultiTask(t, {"a": 3}).fit(
            {"a": (X, Y)}, steps=1, batch_size=0)),
        ("(4, 7)", lambda t: MultiTask(t, {"a": 3}).restart(small_trunk(n_features=7))),
        ("'no'", lambda t: MultiTask(t, {"a": 3}).restart("no")),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(named, call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(small_trunk())
    assert named in str(caught.value)


def test_a_frozen_trunk_and_one_with_a_map_of_features_are_refused():
    frozen = small_trunk()
    frozen.trainable = False
    with pytest.raises(ValueError, match="frozen"):
        MultiTask(frozen, {"a": 2})
    with pytest.raises(ValueError, match="flatten or pool"):
        MultiTask(keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3)]), {"a": 2})


def test_divergence_is_said():
    learner = MultiTask(small_trunk(), {"a": 3})
    with pytest.raises(FloatingPointError, match="`learning_rate`"):
        learner.fit({"a": (np.full((5, 4), np.nan), Y)}, steps=2)
