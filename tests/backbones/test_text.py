"""MiniLM: against the original's values, against a slow one by hand, and with files of others."""

import json
import math

import keras
import numpy as np
import pytest
from scipy.special import erf, softmax
from sklearn.preprocessing import normalize

from tests.backbones.minilm_reference import REFERENCE
from tlwidgets import extract_features, load_text_encoder, load_tokenizer, tap_blocks
from tlwidgets.backbones import text
from tlwidgets.data.catalog import read_catalog, shipped_path
from tlwidgets.freezing import read_blocks

pytestmark = pytest.mark.keras

LENGTH = REFERENCE["pieces"].shape[1]
SHAPES = {"word_embeddings": (30522, 384), "position_embeddings": (512, 384)}
SHAPES |= {"token_type_embeddings": (2, 384)}
STEPS = {"intermediate.dense": (1536, 384), "output.dense": (384, 1536)}
STEPS |= {f"attention.{n}": (384, 384) for n in ("self.query", "self.key", "self.value")}
STEPS |= {"attention.output.dense": (384, 384)}
NORMS = ("embeddings.", "encoder.layer.0.attention.output.", "encoder.layer.0.output.")


@pytest.fixture(scope="module")
def minilm():
    return load_text_encoder(LENGTH)


@pytest.fixture(scope="module")
def tensors():
    """Random parameters of one block, as the original names them and lays them out."""
    rng = np.random.default_rng(0)
    shapes = {f"embeddings.{name}.weight": shape for name, shape in SHAPES.items()}
    for step, shape in STEPS.items():
        shapes |= {
            f"encoder.layer.0.{step}.weight": shape,
            f"encoder.layer.0.{step}.bias": shape[:1],
        }
    for norm in NORMS:
        shapes |= {f"{norm}LayerNorm.{kind}": (384,) for kind in ("weight", "bias")}
    return {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}


def write(path, tensors):
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, values in tensors.items():
        begin, end = end, end + values.nbytes
        entry = {"dtype": "F32", "shape": values.shape, "data_offsets": [begin, end]}
        header[name] = entry
    raw = json.dumps(header).encode()
    body = b"".join(values.tobytes() for values in tensors.values())
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + body)
    return path


def cosines(found, wanted):
    return (normalize(found) * normalize(wanted)).sum(axis=1)


def test_the_shipped_network_gives_nearly_what_the_original_gives(minilm):
    found = minilm.predict(REFERENCE["pieces"], verbose=0)
    assert cosines(found, REFERENCE["embeddings"]).min() >= 0.995


def test_that_proof_fails_where_one_block_is_random(minilm):
    random = load_text_encoder(LENGTH, checkpoint=None)
    before = [v.numpy() for v in minilm.get_layer("block3_attention").weights]
    minilm.get_layer("block3_attention").set_weights(
        random.get_layer("block3_attention").get_weights()
    )
    found = minilm.predict(REFERENCE["pieces"], verbose=0)
    minilm.get_layer("block3_attention").set_weights(before)
    assert cosines(found, REFERENCE["embeddings"]).min() < 0.9


def by_hand(tensors, row):
    """One block of BERT on one sentence without padding, with NumPy."""

    def dense(x, step):
        name = f"encoder.layer.0.{step}"
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(x, prefix):
        centred = x - x.mean(-1, keepdims=True)
        x = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        gamma, beta = (tensors[f"{prefix}LayerNorm.{kind}"] for kind in ("weight", "bias"))
        return x * gamma + beta

    words, places, kinds = (tensors[f"embeddings.{name}.weight"] for name in SHAPES)
    x = norm(words[row] + places[: len(row)] + kinds[0], NORMS[0])
    query, key, value = (
        dense(x, f"attention.self.{name}").reshape(len(row), 12, 32).swapaxes(0, 1)
        for name in ("query", "key", "value")
    )
    looks = softmax(query @ key.swapaxes(1, 2) / math.sqrt(32), axis=-1) @ value
    seen = dense(looks.swapaxes(0, 1).reshape(len(row), 384), "attention.output.dense")
    x = norm(x + seen, NORMS[1])
    wide = dense(x, "intermediate.dense")
    wide = wide * (1 + erf(wide / math.sqrt(2))) / 2
    return norm(x + dense(wide, "output.dense"), NORMS[2]).mean(0)


def test_a_full_file_is_read_as_the_paper_has_it(tensors, tmp_path):
    network = load_text_encoder(
        8, n_blocks=1, checkpoint=write(tmp_path / "model.safetensors", tensors)
    )
    row = [101, 2204, 3185, 999, 102]
    found = network.predict(np.array([[*row, 0, 0, 0]]), verbose=0)[0]  # padding is not seen
    np.testing.assert_allclose(found, by_hand(tensors, row), atol=2e-5)


def test_a_file_of_another_network_changes_nothing_and_says_what_is_wrong(tensors, tmp_path):
    wide = {n: np.zeros([2 * s for s in v.shape], "f4") for n, v in list(tensors.items())[1:]}
    cases = {
        r"embeddings_words/embeddings should have.*\(30522, 384\).* has \(100, 384\)": tensors
        | {"embeddings.word_embeddings.weight": np.zeros((100, 384), "f4")},
        r"no tensor 'embeddings\.word_embeddings\.weight'.* has \d+ tensors": wide,
        r"NaN or infinite numbers in block1_norm/gamma": tensors
        | {f"{NORMS[2]}LayerNorm.weight": np.full(384, np.nan, "f4")},
        r"query/kernel should have the shape \(384, 384\), and has \(768, 384\)": tensors
        | {"encoder.layer.0.attention.self.query.weight": np.zeros((384, 768), "f4")},
    }
    for message, others in cases.items():
        path = write(tmp_path / "model.safetensors", others)
        with pytest.raises(ValueError, match=message):
            load_text_encoder(8, n_blocks=1, checkpoint=path)
    # One block is there, and the second is missing.
    path = write(tmp_path / "model.safetensors", tensors)
    with pytest.raises(ValueError, match=r"no tensor 'encoder\.layer\.1\.attention"):
        load_text_encoder(8, n_blocks=2, checkpoint=path)


BROKEN = {
    "empty": lambda data: b"",
    "its last byte is missing": lambda data: data[:-1],
    "cut in the header": lambda data: data[:100],
    "zeros": lambda data: bytes(1000),
    "another kind": lambda data: b"PK\x03\x04" + data[4:2000],
    "a list for a header": lambda data: (2).to_bytes(8, "little") + b"[]",
}


@pytest.mark.parametrize("harm", BROKEN.values(), ids=BROKEN)
def test_a_damaged_file_is_refused(harm, tmp_path):
    path = write(tmp_path / "model.safetensors", {"x": np.arange(6, dtype="f4").reshape(2, 3)})
    assert text.read_safetensors(path)["x"].tolist() == [[0, 1, 2], [3, 4, 5]]
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(ValueError, match=r"model\.safetensors \([\d,]+ bytes\) is not a whole"):
        load_text_encoder(8, checkpoint=path)


def test_a_changed_shipped_file_is_refused(tmp_path, monkeypatch):
    data = bytearray(shipped_path(read_catalog()["minilm"]).read_bytes())
    data[1000] ^= 1
    (tmp_path / "minilm.npz").write_bytes(data)
    monkeypatch.setattr(text, "shipped_path", lambda _: tmp_path / "minilm.npz")
    with pytest.raises(ValueError, match=r"load_text_encoder\(\): the file minilm\.npz.* SHA-256"):
        load_text_encoder(8, n_blocks=1)


def test_eight_bits_lose_half_a_step_at_most():
    values = np.random.default_rng(0).normal(size=(5, 3, 2)).astype(np.float32)
    values[:, 0, 0] = 0  # a column of zeros stays one
    for name in ("block1_attention/query/kernel", "block1_attention/attention_output/kernel"):
        stored = text.quantise(name, values)
        found = text._dequantise(name, stored)
        step = text._as_matrix(name, np.ones_like(values)) * stored[name + ":scale"]
        assert stored[name].dtype == np.int8
        assert (np.abs(found - values) <= step.reshape(values.shape) * 0.5001).all()


def test_blocks_are_named_and_a_cut_network_is_the_beginning_of_the_whole(minilm):
    network = load_text_encoder(LENGTH, n_blocks=2)
    whole = tap_blocks(minilm, ["block1", "block2"])
    wanted = whole.model.predict(REFERENCE["pieces"][:8], verbose=0)[:, whole.columns["block2"]]
    found = network.predict(REFERENCE["pieces"][:8], verbose=0)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    head = keras.layers.Dense(2, name="head")(network.output)
    names = [block.name for block in read_blocks(keras.Model(network.input, head))]
    assert names[1:] == ["block1", "block2", "head"]
    assert minilm.count_params() == 22_564_608


def test_texts_become_the_features_of_every_depth(cache):
    network = load_text_encoder(16, n_blocks=1)
    taps = tap_blocks(network, ["embeddings", "block1"])
    sentences = ["A good film.", "", "😀", "中文", "Bad sound!"]
    found = extract_features(taps.model, sentences, batch_size=2, progress=False)
    assert found.shape == (5, 768)
    assert np.isfinite(found).all()
    end = network.predict(load_tokenizer()(sentences, 16), verbose=0)
    np.testing.assert_allclose(found[:, taps.columns["block1"]], end, atol=1e-5)
    # The same words in the cache, and others not.
    again = extract_features(taps.model, tuple(sentences), progress=False)
    assert np.array_equal(found, again)
    assert not np.allclose(extract_features(taps.model, ["A bad film."], progress=False), found[0])


def test_padding_does_not_count():
    network = load_text_encoder(32, n_blocks=2)
    short = load_text_encoder(8, n_blocks=2)
    rows = [load_tokenizer()(["It works well."], n) for n in (32, 8)]
    found, wanted = network.predict(rows[0], verbose=0), short.predict(rows[1], verbose=0)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_network_with_another_vocabulary_takes_no_texts():
    pieces = keras.Input((8,), dtype="int32")
    features = keras.layers.Embedding(100, 4, name="own")(pieces)
    own = keras.Model(pieces, keras.layers.GlobalAveragePooling1D()(features), name="own")
    with pytest.raises(ValueError, match=r"30,522 pieces.*embeddings for \[100\]"):
        extract_features(own, ["a"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": 2}, r"`length`.*3 to 512.*got 2"),
        ({"n_blocks": 7}, r"`n_blocks`.*1 to 6.*got 7"),
        ({"checkpoint": "none.safetensors"}, r"got 'none\.safetensors', and there is no such file"),
        ({"checkpoint": 5}, r"`checkpoint` must be 'minilm', None or.*got 5"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        load_text_encoder(**arguments)


def test_texts_come_back_in_their_order_and_padding_is_not_computed(cache, monkeypatch):
    network = load_text_encoder(24, n_blocks=1)
    sentences = ["Short.", "A much longer sentence than the other two, by far.", "No!", "Yes!"]
    lengths = []
    run = keras.Model.predict_on_batch

    def seen(model, batch):
        lengths.append(batch.shape[1])
        return run(model, batch)

    monkeypatch.setattr(keras.Model, "predict_on_batch", seen)
    found = extract_features(network, sentences, batch_size=2, progress=False)
    assert lengths == [14, 4]
    monkeypatch.undo()
    wanted = network.predict(load_tokenizer()(sentences, 24), verbose=0)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
