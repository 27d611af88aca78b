import assert from "node:assert/strict";
import test from "node:test";
import { FakeElement, FakeModel } from "./fake_dom.mjs";
import module, { PIECE_BYTES } from "../../tlwidgets/_widgets/static/tlwidgets.js";

const file = (name, n) => new File([new Uint8Array(n).fill(7)], name);
const settled = () => new Promise((done) => setTimeout(done, 20));

/** A chooser before a Python that answers each message, or does so when it is told to. */
function show({ many = true, refusal = "", answers = true } = {}) {
  const view = { words: "Choose", accept: ".png", many, primary: false };
  const model = new FakeModel({ kind: "files", view, n_chosen: 0 });
  const received = [];
  model.answer = ({ kind, batch, file: i }, buffers) => {
    if (kind === "piece") received.push([i, buffers[0].byteLength]);
    if (answers) queueMicrotask(() => model.hear({ kind: "got", batch, refusal }));
  };
  const el = new FakeElement("div");
  const takeDown = module.render({ model, el });
  const [input] = el.all("input");
  const choose = (...files) => {
    input.files = files;
    input.fire("change");
    return settled();
  };
  return { el, model, received, takeDown, input, choose, note: () => el.all("tlw-sending")[0].text };
}

test("every byte is sent once, in pieces that the server lets through", async () => {
  const { model, received, choose, note } = show();
  await choose(file("1.png", PIECE_BYTES + 5), file("2.png", 3), file("empty.png", 0));
  assert.deepEqual(received, [[0, PIECE_BYTES], [0, 5], [1, 3]]);
  assert.deepEqual(model.sent.map(({ kind }) => kind), ["start", "piece", "piece", "piece", "end"]);
  assert.deepEqual(model.sent[0].files, [["1.png", PIECE_BYTES + 5], ["2.png", 3], ["empty.png", 0]]);
  assert.equal(note(), "");
});

test("a piece waits for the answer to the one before, and says how far it is", async () => {
  const { model, choose, note } = show({ answers: false });
  await choose(file("1.png", 2 * PIECE_BYTES));
  assert.equal(model.sent.length, 1);
  assert.equal(note(), "waiting for the kernel");
  const answer = () => model.hear({ kind: "got", batch: model.sent[0].batch, refusal: "" });
  answer();
  await settled();
  answer();
  await settled();
  assert.equal(model.sent.length, 3);
  assert.equal(note(), "sending: 4.0 MB of 8.0 MB");
});

test("what Python refuses is not sent, and the reason is shown", async () => {
  const { received, choose, note } = show({ refusal: "too much" });
  await choose(file("1.png", 9));
  assert.deepEqual(received, []);
  assert.equal(note(), "too much");
});

test("a newer choice ends an older one", async () => {
  const { model, choose } = show({ answers: false });
  await choose(file("old.png", 9));
  await choose(file("new.png", 9));
  const [old, current] = model.sent.map(({ batch }) => batch);
  assert.notEqual(old, current);
  model.hear({ kind: "got", batch: current, refusal: "" });
  await settled();
  assert.deepEqual(model.sent.slice(2).map(({ batch }) => batch), [current]);
});

test("a choice in another view ends this one", async () => {
  const { model, choose } = show({ answers: false });
  await choose(file("mine.png", 9));
  model.hear({ kind: "got", batch: "of the other view", refusal: "" });
  await settled();
  assert.equal(model.sent.length, 1);
});

test("a view that goes while it sends says no more", async () => {
  const { model, takeDown, choose } = show({ answers: false });
  await choose(file("1.png", 9));
  takeDown();
  assert.deepEqual(model.listeners, []);
  model.hear({ kind: "got", batch: model.sent[0].batch, refusal: "" });
  await settled();
  assert.equal(model.sent.length, 1);
});

test("a file that has gone is named", async () => {
  const { model, choose, note } = show();
  const gone = { name: "<b>.png", size: 9, slice: () => ({ arrayBuffer: () => Promise.reject() }) };
  await choose(gone);
  assert.equal(note(), "<b>.png cannot be read any more. Choose again.");
  assert.deepEqual(model.sent.map(({ kind }) => kind), ["start", "break off"]);
});

test("the button counts what is here, and nothing listens after it is gone", async () => {
  const { el, model, takeDown, choose } = show();
  model.set("n_chosen", 3);
  assert.equal(el.all("button")[0].text, "Choose (3)");
  await choose(file("1.png", 9));
  takeDown();
  assert.equal(el.countListeners(), 0);
  assert.deepEqual(model.listeners, []);
});

test("nothing chosen is nothing sent", async () => {
  const { model, choose } = show();
  await choose();
  assert.deepEqual(model.sent, []);
});
