import assert from "node:assert/strict";
import test from "node:test";
import { FakeElement, FakeModel, nextFrame, observers } from "./fake_dom.mjs";
import module, {
  cutAfterKey, cutAt, drawDepth, edgesOf, nameOf, scoreOf, sidesOf, spread,
} from "../../tlwidgets/_widgets/static/tlwidgets.js";

const COLOURS = { ice: "white", ink: "blue", trains: "orange" };
const moves = [[0.5, "c: moved by 2 %"], [0, "d: did not move"]];
const axis = (low, high) => ({ label: "accuracy", low, high, ticks: [[low, `${low}`]], log: false });
const series = (name, points, more) => ({
  name, points, colour: "gold", line: true, dots: true, dashed: false, faint: false, ...more,
});
const chart = {
  title: "How deep?", description: "Best so far", x: axis(0, 1), y: axis(0.5, 1), gaps: [],
  series: [series("50 labels", [[0, 0.6]], { faint: true }), series("90 labels", [[0, 0.7], [1 / 3, 0.9]])],
  rules: [[0.55, "before training", false]], marks: [[1 / 3, 0.9, "best: 0.9", false]],
};

function viewOf(names = ["stem", "middle", "head"], more = {}) {
  const share = 1 / names.length;
  const blocks = names.map((name, i) => ({
    name, share, size: "10", info: `${name}: 10 parameters`, batchnorm: name === "middle", moves: [],
    moved: "", sentence: `${name} is the first`, score: null, ...(i === 1 && { moves, moved: "2 %" }),
  }));
  blocks[0].score = { text: "0.700", note: "accuracy", gain: "+0.150", than: "over untrained", tone: "good" };
  return {
    blocks, colours: COLOURS, keep_batchnorm_frozen: true, hint: "", status: "Done.", depth: chart,
    live: null, curves: [], ...more,
    actions: { train: "Train 5 epochs", cost: "≈ 1 s", sweep_cost: "≈ 3 s", told: "", is_running: false, done: 0 },
  };
}

const CONTROLS = [
  { name: "n_labels", label: "labels", kind: "steps", options: [[50, "50"], [90, "90"]], value: 0, low: 0, high: 1 },
  { name: "epochs", label: "epochs", kind: "number", value: 5, low: 1, high: 1000, more: true },
  { name: "auto", label: "retrain", kind: "check", value: true, more: true, why: "no reason" },
];

function show(cut = 1, view = viewOf()) {
  const el = new FakeElement("div");
  const model = new FakeModel({ kind: "ribbon", view, cut, controls: CONTROLS });
  const takeDown = module.render({ model, el });
  const [handle] = el.all("tlw-handle");
  const picture = handle.parent;
  return { el, model, takeDown, handle, picture, blocks: () => el.all("tlw-block") };
}

const looks = (blocks) => blocks.map((e) => e.attributes.class.split(" ")[1]);
const pointer = (clientX, clientY = 160) => ({ clientX, clientY, button: 0, preventDefault() {} });
const key = (name) => ({ key: name, preventDefault() {}, stopPropagation() {} });

test("edges fill the width, and the nearest boundary is found", () => {
  const edges = edgesOf(viewOf().blocks, 358);
  assert.deepEqual(edges.map(Math.round), [48, 148, 248, 348]);
  assert.equal(cutAt(60, edges), 0);
  assert.equal(cutAt(110, edges), 1);
  assert.equal(cutAt(9999, edges), 2); // the last block cannot be frozen
  assert.equal(cutAt(-50, edges), 0);
});

test("the words beside the boundary stay on the picture", () => {
  assert.deepEqual(sidesOf(0, 12, 700), [["trains", 20, "start"]]);
  assert.deepEqual(sidesOf(3, 300, 700), [["frozen", 292, "end"], ["trains", 308, "start"]]);
  assert.deepEqual(sidesOf(9, 690, 700), [["frozen", 644, "end"], ["trains", 652, "start"]]);
  assert.deepEqual(sidesOf(1, 20, 700), [["frozen", 48, "end"], ["trains", 56, "start"]]);
});

test("keys move the boundary and stay in range", () => {
  assert.equal(cutAfterKey("ArrowRight", 1, 5), 2);
  assert.equal(cutAfterKey("ArrowRight", 5, 5), 5);
  assert.equal(cutAfterKey("PageDown", 1, 5), 0);
  assert.equal(cutAfterKey("Home", 4, 5), 0);
  assert.equal(cutAfterKey("End", 0, 5), 5);
  assert.equal(cutAfterKey("x", 1, 5), null);
});

test("blocks before the cut are frozen, and kept BatchNorm is too", () => {
  const { el, blocks, model } = show(1);
  assert.deepEqual(looks(blocks()), ["frozen", "trains", "trains"]);
  assert.equal(looks(el.all("tlw-norm"))[1], "frozen");
  model.set("view", { ...viewOf(), keep_batchnorm_frozen: false });
  nextFrame();
  assert.equal(looks(el.all("tlw-norm"))[1], "trains");
});

test("the same nodes change, from the handle outwards", () => {
  const { blocks, model } = show(0, viewOf(["a", "b", "c", "d"]));
  const nodes = blocks();
  model.set("cut", 3);
  nextFrame();
  assert.deepEqual(looks(nodes), ["frozen", "frozen", "frozen", "trains"]);
  assert.ok(nodes.every((node, i) => node === blocks()[i]));
  const delays = nodes.slice(0, 3).map((node) => parseInt(node.style.transitionDelay, 10));
  assert.ok(delays[0] > delays[1] && delays[1] > delays[2] && delays[2] === 0 && delays[0] < 100);
});

test("bars are as high as layers moved", () => {
  const { el } = show(1);
  const [moved] = el.all("tlw-moved");
  assert.equal(Number(moved.attributes.height), 9);
  assert.equal(el.all("tlw-still").length, 1);
});

test("names stand where there is room, and keep their ends", () => {
  assert.deepEqual(nameOf("conv1", 100), ["conv1", false]);
  assert.deepEqual(nameOf("conv5_block12", 26), ["con…12", true]);
  assert.deepEqual(nameOf("a_rather_long_name", 90), ["a_rat…_name", false]);
  assert.deepEqual(nameOf("conv1", 5), ["", false]);
});

test("labels do not stand on each other, nor below the picture", () => {
  assert.deepEqual(spread([50, 52, 90], 200), [50, 63, 90]);
  assert.deepEqual(spread([199, 198], 200), [200, 187]);
});

test("a dot over each boundary, the chosen one is large and filled", () => {
  const { drawn, height } = drawDepth(chart, edgesOf(viewOf().blocks, 358)[1], 358);
  const dots = drawn.filter((e) => e.name === "circle");
  assert.deepEqual(dots.map((e) => e.attributes.r), ["3", "4.5", "6.5"]);
  assert.equal(Number(dots[2].attributes.cy), height);
  assert.equal(drawDepth(chart, edgesOf(viewOf().blocks, 358)[2], 358).height, null);
  assert.match(drawn.map((e) => e.text).join(), /before training.*50 labels.*90 labels.*best: 0.9/);
});

test("the number and the sentence follow the handle without the kernel", () => {
  const { el, model } = show(1);
  assert.match(el.text, /middle is the first.*\?not trained from here yet/);
  model.set("cut", 0); // no answer of Python's
  nextFrame();
  assert.match(el.text, /stem is the first.*0\.700accuracy\+0\.150 over untrained/);
});

test("while it trains here, the number is that of the run", () => {
  const live = { cut: 1, score: 0.5, text: "0.500", note: "accuracy, training" };
  assert.equal(scoreOf(viewOf(undefined, { live }), 1).text, "0.500");
  assert.equal(scoreOf(viewOf(undefined, { live }), 0).text, "0.700");
});

test("in a sweep a ghost walks to where it trains", () => {
  const live = { cut: 2, score: 0.8, text: "0.800", note: "" };
  const { el, model } = show(1, viewOf(undefined, { live }));
  const [ghost] = el.all("tlw-ghost");
  assert.equal(ghost.attributes.display, "inline");
  assert.match(ghost.style.transform, /translate\(3/);
  model.set("view", viewOf());
  nextFrame();
  assert.equal(ghost.attributes.display, "none");
});

test("Train waits at once, until Python has heard it", () => {
  const { el, model } = show(1);
  const [train, sweep] = el.all("tlw-button");
  train.fire("click", {});
  assert.deepEqual(model.sent, [{ kind: "train" }]);
  assert.equal(train.disabled, true);
  assert.match(el.text, /Waiting for the kernel/);
  const running = { ...viewOf().actions, is_running: true, done: 0.4 };
  model.set("view", { ...viewOf(), actions: running, status: "epoch 2 of 5" });
  nextFrame();
  assert.match(el.text, /epoch 2 of 5.*Training, 40 %.*Stop/);
  sweep.fire("click", { detail: 2 }); // the second half of a double click on Sweep
  assert.equal(model.sent.length, 1);
  sweep.fire("click", { detail: 1 });
  assert.deepEqual(model.sent[1], { kind: "stop" });
});

test("controls tell what a hand chooses, in their own range", () => {
  const { el, model } = show(1);
  const [labels, epochs, auto] = el.all("input");
  labels.value = "1";
  labels.fire("input");
  assert.equal(labels.attributes["aria-valuetext"], "90");
  labels.fire("change");
  epochs.value = "5000";
  epochs.fire("change");
  assert.deepEqual(model.sent, [
    { kind: "choose", name: "n_labels", value: 90 }, { kind: "choose", name: "epochs", value: 1000 },
  ]);
  assert.equal(auto.disabled, true);
  assert.equal(auto.parent.attributes.title, "no reason");
});

test("a held control is not moved by what Python says", () => {
  const { el, model } = show(1);
  const [labels] = el.all("input");
  labels.value = "1";
  labels.fire("input");
  model.set("controls", CONTROLS);
  assert.equal(labels.value, "1");
});

test("a drag sets the cut as it goes, and says once that it was let go", () => {
  const { model, picture } = show(1);
  picture.fire("pointerdown", pointer(196));
  picture.fire("pointermove", pointer(20));
  picture.fire("pointermove", pointer(360));
  picture.fire("pointermove", pointer(361));
  assert.equal(model.get("cut"), 2);
  assert.equal(model.sent.length, 0);
  picture.fire("pointerup", pointer(331));
  assert.deepEqual(model.sent, [{ kind: "released" }]);
  assert.equal(model.nSaved, 2); // where nothing changed, nothing is sent
  picture.fire("pointermove", pointer(20)); // only hovering now
  assert.equal(model.get("cut"), 2);
});

test("a click that changes nothing starts nothing", () => {
  const { model, picture } = show(1);
  picture.fire("pointerdown", pointer(197));
  picture.fire("pointerup", pointer(197));
  assert.deepEqual(model.sent, []);
});

test("the keyboard does the same, and leaves other keys to the page", () => {
  const { model, handle } = show(1);
  handle.fire("keydown", key("ArrowRight"));
  assert.equal(model.get("cut"), 2);
  handle.fire("keyup", key("ArrowRight"));
  assert.deepEqual(model.sent, [{ kind: "released" }]);
  let isTaken = false;
  handle.fire("keydown", { key: "a", preventDefault: () => (isTaken = true) });
  assert.equal(isTaken, false);
});

test("hovering tells the facts of a block, and then what was said", () => {
  const { el, picture } = show(1);
  picture.fire("pointermove", pointer(60));
  assert.match(el.text, /stem: 10 parameters/);
  picture.fire("pointermove", pointer(60, 40)); // over the curve
  assert.match(el.text, /Done\./);
  picture.fire("pointermove", pointer(60));
  picture.fire("pointerleave");
  assert.match(el.text, /Done\./);
});

test("the handle tells a screen reader where it stands", () => {
  const { handle } = show(2);
  const { role } = handle.attributes;
  assert.equal(role, "slider");
  assert.equal(String(handle.attributes["aria-valuenow"]), "2");
  assert.equal(handle.attributes["aria-valuetext"], "head is the first");
});

test("names with markup stay text", () => {
  const { el } = show(1, viewOf(["<b>x</b>", "middle", "head"]));
  assert.equal(el.all("tlw-name")[0].text, "<b>x</b>");
  assert.deepEqual(el.all("tlw-name")[0].all("b"), []);
});

test("a fold is written while it is open, and its script can be copied", async () => {
  const el = new FakeElement("div");
  const model = new FakeModel({ kind: "drawer", view: { title: "Runs (2)" }, is_open: false });
  module.render({ model, el });
  const [fold] = el.all("tlw-drawer");
  fold.open = true;
  fold.fire("toggle");
  assert.equal(model.get("is_open"), true);
  model.set("view", { title: "Runs (2)", columns: ["cut"], rows: [["<i>1"], ["2"]], best: 1 });
  assert.deepEqual(el.all("td").map((e) => e.text), ["<i>1", "2"]);
  assert.equal(el.all("best").length, 1);
  assert.equal(el.all("tlw-inside")[0].attributes.tabindex, "0"); // a wide table scrolls by keys
  model.set("view", { title: "Code", code: "model.fit(x)" });
  let copied = "";
  Object.defineProperty(globalThis, "navigator", {
    value: { clipboard: { writeText: async (text) => (copied = text) } }, configurable: true,
  });
  el.all("tlw-copy")[0].fire("click");
  await Promise.resolve();
  assert.equal(copied, "model.fit(x)");
});

test("two views work apart, and a closed one leaves nothing behind", () => {
  const before = observers.size;
  const [first, second] = [show(1), show(2)];
  first.takeDown();
  assert.equal(first.el.countListeners(), 0);
  assert.equal(first.model.listeners.length, 0);
  assert.equal(observers.size, before + 1);
  second.handle.fire("keydown", key("Home"));
  assert.equal(second.model.get("cut"), 0);
  second.takeDown();
  assert.equal(observers.size, before);
});
