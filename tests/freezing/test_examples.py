"""What a learner's examples hold is looked at before anything trains."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tlwidgets import FreezeSlider
from tlwidgets.freezing import CachedTrainer, Plan, examples, set_trainable

from .kinds import CLASSES, ROWS, N, dense, siamese, table

pytestmark = pytest.mark.keras


def with_hole(value=np.nan):
    x = ROWS.copy()
    x[7, 2] = x[9, 0] = value
    return x


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_undefined_inputs_are_refused_before_anything_trains(value):
    model, x = table(), with_hole(value)
    before = model.get_weights()
    kind = "undefined numbers" if np.isnan(value) else "infinite numbers"
    where = rf"{kind}.*2 of 40 examples, first at x\[7, 2\]"
    with pytest.raises(ValueError, match=rf"`x` must hold no {where}"):
        CachedTrainer(model, x, CLASSES)
    with pytest.raises(ValueError, match=rf"`validation x` must hold no {where}"):
        FreezeSlider(model, train=(ROWS, CLASSES), validation=(x, CLASSES))
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_model_that_mends_them_may_have_them():
    inputs = keras.Input((6,))
    x = ops.where(ops.isnan(inputs), 0.0, inputs)
    model = keras.Model(inputs, dense(3, "head", "softmax")(dense(4, "a")(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    run = CachedTrainer(model, with_hole(), CLASSES).train(1, Plan(epochs=1))
    assert np.isfinite(run.history["loss"]).all()
    with pytest.raises(ValueError, match="must hold no infinite numbers"):
        CachedTrainer(model, with_hole(np.inf), CLASSES)


def test_a_mask_of_infinities_is_no_hole_but_a_missing_number_is():
    scores, mask = keras.Input((6,)), keras.Input((6,))
    out = layers.Softmax()(layers.Add()([dense(6, "scores", None)(scores), mask]))
    model = keras.Model([scores, mask], out)
    model.compile("adam", "sparse_categorical_crossentropy")
    hidden = np.zeros((N, 6), "float32")
    hidden[:, 4:] = -np.inf
    run = CachedTrainer(model, [ROWS, hidden], CLASSES).train(0, Plan(epochs=1))
    assert np.isfinite(run.history["loss"]).all()
    with pytest.raises(ValueError, match=r"`x` must hold no undefined numbers .*x\[7, 2\]"):
        CachedTrainer(siamese(), [ROWS, with_hole()], (CLASSES > 0) * 1)


class Endless(keras.utils.PyDataset):
    """Does not say how many batches it has."""

    num_batches = None

    def __getitem__(self, i):
        return ROWS[:8], CLASSES[:8]


class InEights(Endless):
    """Five batches of eight."""

    num_batches = N // 8

    def __getitem__(self, i):
        return ROWS[i * 8 : i * 8 + 8], CLASSES[i * 8 : i * 8 + 8]


def pairs(x=ROWS):
    return tf.data.Dataset.from_tensor_slices((x, CLASSES))


@pytest.fixture
def little_memory(monkeypatch):
    monkeypatch.setattr(examples, "_LARGEST_READ", 500)


LARGE = {
    "tf.data.Dataset": (lambda: pairs().batch(8), "train,"),
    "of single examples": (pairs, "train.batch(8),"),
    "PyDataset": (InEights, "train,"),
    "from_generator": (
        lambda: tf.data.Dataset.from_generator(
            lambda: zip(ROWS, CLASSES, strict=True),
            output_signature=(tf.TensorSpec((6,)), tf.TensorSpec((), tf.int64)),
        ).apply(tf.data.experimental.assert_cardinality(N)),
        "train.batch(8),",
    ),
}


@pytest.mark.parametrize("kind", LARGE)
def test_what_does_not_fit_into_memory_is_streamed(kind, little_memory):
    build, told = LARGE[kind]
    keras.utils.set_random_seed(3)
    model = table()
    start = model.get_weights()
    slider = FreezeSlider(
        model, train=build(), validation=build(), plan=Plan(epochs=2, batch_size=8)
    )
    slider.cut = 1
    run = slider.train()
    (note,) = run.notes
    assert "because the data do not fit into memory" in note and "read anew in each epoch" in note
    assert slider.n_labels == N
    with pytest.raises(ValueError, match=r"`n_labels` must be .*all, because they are streamed"):
        slider.n_labels = 10

    set_trainable(model, 1)
    fit = model.fit(ROWS, CLASSES, batch_size=8, epochs=2, shuffle=False, verbose=0)
    assert run.history["loss"] == pytest.approx(fit.history["loss"], rel=1e-3)
    found = table()
    slider._experiment.trainer.write_to_model(found)
    for mine, theirs in zip(found.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)

    model.set_weights(start)
    assert f"    {told}\n" in slider.code()
    validation = build().batch(8) if "batch" in told else build()
    names = {"model": model, "train": build(), "validation": validation}
    exec(slider.code(), names)
    assert names["history"].history["loss"] == pytest.approx(run.history["loss"], rel=1e-3)
    slider.close()


def test_what_fits_is_read_whole():
    notes = CachedTrainer(table(), pairs().batch(8)).train(1, Plan(epochs=1)).notes
    assert notes == (), "the twin: nothing is streamed then"


def test_what_may_never_end_is_refused_with_what_to_write(little_memory):
    unknown = pairs().batch(8).filter(lambda x, y: True)
    with pytest.raises(ValueError, match=r"500|0 MB .*unknown length.*assert_cardinality"):
        CachedTrainer(table(), unknown)
    known = unknown.apply(tf.data.experimental.assert_cardinality(N // 8))
    assert CachedTrainer(table(), known).train(1, Plan(epochs=1)).ending == "finished"
    once = ((ROWS[i : i + 8], CLASSES[i : i + 8]) for i in range(0, N, 8))
    with pytest.raises(ValueError, match=r"a generator gives its examples only once.*PyDataset"):
        CachedTrainer(table(), once)
    with pytest.raises(ValueError, match=r"`train` must be a data set that ends.*num_batches"):
        CachedTrainer(table(), Endless())


def test_which_examples_of_a_stream_is_not_chosen_by_number(little_memory):
    trainer = CachedTrainer(table(), pairs().batch(8))
    with pytest.raises(ValueError, match=r"`examples` must be None here.*dataset.take"):
        trainer.train(1, Plan(examples=np.arange(5)))


def test_a_stream_is_not_sent_to_another_process(little_memory):
    slider = FreezeSlider(table(), train=pairs().batch(8))
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(TypeError, match=r"`train` must fit into memory to be sent"),
    ):
        slider.sweep(executor=executor)
    slider.close()


def test_undefined_numbers_in_a_stream(little_memory):
    with pytest.raises(ValueError, match=r"first at x\[7, 2\]"):
        CachedTrainer(table(), pairs(with_hole()).batch(8))
    x = ROWS.copy()
    x[20] = np.nan
    run = CachedTrainer(table(), pairs(x).batch(8)).train(0, Plan(epochs=1))
    assert run.ending == "diverged" and "Only the first batch was looked at" in run.notes[-1]


@pytest.mark.parametrize("kind", [list, lambda y: y.tolist(), lambda y: [[one] for one in y]])
def test_labels_may_come_in_a_list(kind):
    found = CachedTrainer(table(), ROWS, kind(CLASSES)).train(1, Plan(epochs=1)).history
    wanted = CachedTrainer(table(), ROWS, CLASSES).train(1, Plan(epochs=1)).history
    assert set(found) == set(wanted)
