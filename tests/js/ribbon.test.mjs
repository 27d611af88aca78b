import assert from "node:assert/strict";
import test from "node:test";
import { FakeElement, FakeModel, nextFrame, observers } from "./fake_dom.mjs";
import module, {
  cutAfterKey, cutAt, drawRibbon, edgesOf, sidesOf,
} from "../../tlwidgets/_widgets/static/tlwidgets.js";

const COLOURS = { frozen: "blue", trainable: "orange" };
const moves = [[1, "c: largest change 0.1"], [0, "d: did not move"]];

function viewOf(names = ["stem", "middle", "head"]) {
  const share = 1 / names.length;
  const blocks = names.map((name) => ({
    name, share, info: `${name}: 10 parameters`, batchnorm: name === "middle", moves: [],
  }));
  blocks[1].moves = moves;
  return {
    blocks, colours: COLOURS, keep_batchnorm_frozen: true,
    sentence: "stem is frozen", cost: "Next run: 1 s.", proof: "1 of 2 moved",
  };
}

function show(cut = 1) {
  const el = new FakeElement("div");
  const model = new FakeModel({ kind: "ribbon", view: viewOf(), cut });
  const takeDown = module.render({ model, el });
  const [handle] = el.all("tlw-handle");
  const picture = handle.parent;
  return { el, model, takeDown, handle, picture };
}

const pointer = (clientX) => ({ clientX, button: 0, preventDefault() {} });
const key = (name) => ({ key: name, preventDefault() {}, stopPropagation() {} });

test("edges fill the width, and the nearest boundary is found", () => {
  const edges = edgesOf(viewOf().blocks, 324);
  assert.deepEqual(edges.map(Math.round), [12, 112, 212, 312]);
  assert.equal(cutAt(20, edges), 0);
  assert.equal(cutAt(70, edges), 1);
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
  const drawn = drawRibbon(viewOf(), 1, 700);
  const blocks = drawn.filter((e) => e.attributes.class === "tlw-block");
  assert.deepEqual(blocks.map((e) => e.attributes.fill), ["blue", "orange", "orange"]);
  const badge = drawn.find((e) => e.attributes.rx === "7");
  assert.equal(badge.attributes.fill, "blue");
  const trains = drawRibbon({ ...viewOf(), keep_batchnorm_frozen: false }, 1, 700);
  assert.equal(trains.find((e) => e.attributes.rx === "7").attributes.fill, "orange");
});

test("the strip shows which layers moved", () => {
  const strip = drawRibbon(viewOf(), 1, 700).filter((e) => /largest|did not/.test(e.text));
  assert.deepEqual(strip.map((e) => e.attributes.fill), ["orange", "none"]);
});

test("a drag sets the cut as it goes, and says once that it was let go", () => {
  const { model, picture } = show(1);
  picture.fire("pointerdown", pointer(170));
  picture.fire("pointermove", pointer(20));
  picture.fire("pointermove", pointer(330));
  picture.fire("pointermove", pointer(331));
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
  picture.fire("pointerdown", pointer(171));
  picture.fire("pointerup", pointer(171));
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

test("sentences are said, and hovering tells the facts of a block", () => {
  const { el, picture, model } = show(1);
  assert.match(el.text, /stem is frozen.*1 of 2 moved.*middle: 10 parameters.*Next run: 1 s\./s);
  picture.fire("pointermove", pointer(30));
  assert.match(el.text, /stem: 10 parameters/);
  model.set("view", { ...viewOf(), sentence: "Nothing is frozen" });
  nextFrame();
  assert.match(el.text, /Nothing is frozen/);
});

test("the handle tells a screen reader where it stands", () => {
  const { handle } = show(2);
  const { role } = handle.attributes;
  assert.equal(role, "slider");
  assert.equal(String(handle.attributes["aria-valuenow"]), "2");
  assert.equal(handle.attributes["aria-valuetext"], "stem is frozen");
});

test("names with markup stay text", () => {
  const view = viewOf(["<b>x</b>", "middle", "head"]);
  const names = drawRibbon(view, 1, 900).filter((e) => e.attributes.class === "tlw-name");
  assert.equal(names[0].text, "<b>x</b>");
  assert.deepEqual(names[0].all("b"), []);
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
