import assert from "node:assert/strict";
import test from "node:test";
import { FakeElement, FakeModel, nextFrame, observers, page } from "./fake_dom.mjs";
import module, {
  boxAfterKey, boxBetween, boxMoved, colourKeys, drawPanel, drawPoints, drawScores, frameOf, isInside,
  pointAt, readNumbers, readPoints, sayBin, sayBox, sayScores, sidesOfPair, tellPoint,
} from "../../tlwidgets/_widgets/static/tlwidgets.js";

const COLOURS = { sample: "purple", population: "green", gap: "orange" };
const RIGHT = 0;
const BOTTOM = 274 - 8; // of the map, in pixels
const [SELECTED, WRONG, CHANGED] = [1, 2, 4];

const bytes = (...values) => new DataView(Uint8Array.from(values).buffer);
const words = (...values) => new DataView(Uint16Array.from(values).buffer);
const floats = (...values) => new DataView(Float32Array.from(values).buffer);

function viewOf(others = {}) {
  const row = (name, reported, actual, gap, isShown = false) => ({
    name, reported, actual, gap, is_shown: isShown,
    reported_text: `${100 * reported} %`, actual_text: `${100 * actual} %`,
  });
  return {
    sentence: "It says 90 %. More.", finding: "The test set is too kind.", fair: "Fair: 75 %.", warning: "",
    drawn: "All of them old.", worth: "effective sample size: 4 of 10", colours: COLOURS,
    head: { reported: "90 %", actual: "50 %", gap: "+40 points", is_clear: true, verdict: "too kind",
      worst: "worst group: <b>old</b>, 20 %" },
    map: {
      title: "Who is in my sample: 2 of 3", by: "class", ends: null, labels: [], region: null,
      damaged: false, note: "", palette: [["blue", "ok"], ["brown", "<script>alert(1)</script>"]],
    },
    scores: {
      title: "accuracy, %", axis: { low: 0, high: 1, ticks: [[0, "0"], [1, "100"]] }, rule: [0.5, "guessing: 50 %"],
      rows: [row("naive", 0.9, 0.5, ["+40 points", true], true), { name: "repaired", hint: "choose a repair" },
        row("fair sample", 0.7, 0.75, ["−5 points", false])],
    },
    panel: {
      title: "colour", names: ["red", "blue"], ticks: [], population: [0.5, 0.5],
      sample: [0.9, 0.1], weighted: [0.6, 0.4], high: 0.9, description: "Too red.",
    },
    choices: { colour_by: ["class", ["class", "age"]], repair: ["none", ["none", "weights"]] },
    ...others,
  };
}

function modelOf(view = viewOf()) {
  return new FakeModel({
    kind: "explorer", view, region: [], has_pictures: true,
    colours: bytes(0, 1, 0), marks: bytes(SELECTED, WRONG, RIGHT), rest: bytes(),
    positions: words(0, 0, 65535, 65535, 32768, 32768),
    fields: [["class", ["ok", "bad"]], ["age", null]], facts: floats(0, 1, 0, 17.25, 40, 65),
  });
}

function show(model = modelOf()) {
  const el = new FakeElement("div");
  const takeDown = module.render({ model, el });
  const [map] = el.all("tlw-map");
  return { el, model, takeDown, map };
}

const pointer = (clientX, clientY) => ({ clientX, clientY, button: 0, preventDefault() {} });
const key = (name, shiftKey = false) => ({ key: name, shiftKey, preventDefault() {}, stopPropagation() {} });

test("points are read from bytes, wherever in a message they lie", () => {
  const message = Uint8Array.from([7, 0, 0, 255, 255, 9]).buffer;
  const positions = new DataView(message, 1, 4);
  const rest = bytes(255, 255, 0, 0, 3, SELECTED);
  const points = readPoints({ positions, colours: bytes(1), marks: bytes(WRONG), rest });
  assert.deepEqual([...points.x], [0, 1]);
  assert.deepEqual([...points.y], [1, 0]);
  assert.deepEqual([...points.colour], [1, 3]);
  assert.deepEqual([...points.mark], [WRONG, SELECTED]);
  assert.equal(readPoints({}).n, 0);
});

test("places and pixels translate both ways, y upwards", () => {
  const frame = frameOf(416, 316);
  assert.deepEqual([frame.x(0), frame.x(1), frame.y(0), frame.y(1)], [8, 408, 308, 8]);
  assert.deepEqual(frame.back(208, 158), [0.5, 0.5]);
});

test("the nearest point is found, and nothing far away", () => {
  const points = readPoints({ positions: words(0, 0, 65535, 65535), colours: bytes(0, 0), marks: bytes(0, 1) });
  const frame = frameOf(416, 316);
  assert.equal(pointAt(points, 10, 306, frame), 0);
  assert.equal(pointAt(points, 404, 12, frame), 1);
  assert.equal(pointAt(points, 200, 150, frame), -1);
});

test("a point tells who it is; one of the rest only what happened to it", () => {
  const points = { nFixed: 2, mark: [SELECTED | WRONG, 0, SELECTED] };
  const fields = [["class", ["ok", "bad"]], ["age", null]];
  const numbers = readNumbers(floats(1, 0, 17.254, 40));
  assert.deepEqual(tellPoint(points, 0, fields, numbers),
    ["in my sample", "the model is wrong ✗", "class: bad", "age: 17.3"]);
  assert.deepEqual(tellPoint(points, 1, fields, numbers),
    ["missed", "the model is right ✓", "class: ok", "age: 40"]);
  assert.deepEqual(tellPoint(points, 2, fields, numbers), ["in my sample", "the model is right ✓"]);
});

test("the missed are grey, the sample has its colour and an edge", () => {
  const calls = [];
  const context = {
    beginPath() {}, moveTo() {}, lineTo() {}, arc() {},
    fill: () => calls.push(context.fillStyle), stroke: () => calls.push(context.strokeStyle),
  };
  const draw = (mark) => {
    calls.length = 0;
    const points = readPoints({ positions: words(9, 9), colours: bytes(0), marks: bytes(mark) });
    const look = { ink: "black", paper: "white", grey: "grey" };
    drawPoints(context, points, [["blue", "ok"]], frameOf(100, 100), look);
    return [...calls];
  };
  assert.deepEqual(draw(RIGHT), ["grey"]);
  assert.deepEqual(draw(WRONG), ["grey"]); // mistakes are told to who points at them
  assert.deepEqual(draw(SELECTED), ["blue", "white"]);
  assert.deepEqual(draw(SELECTED | CHANGED), ["blue", "white", "black"]);
});

test("a box lies between two corners, stays on the map, and is not a line", () => {
  assert.deepEqual(boxBetween([0.9, 0.2], [0.1, 0.8]), [0.1, 0.2, 0.9, 0.8]);
  assert.deepEqual(boxBetween([-1, 0.5], [0.5, 9]), [0, 0.5, 0.5, 1]);
  assert.equal(boxBetween([0.5, 0.1], [0.51, 0.9]), null);
  assert.deepEqual(boxMoved([0.1, 0.1, 0.4, 0.4], 0.9, -0.9), [0.7, 0, 1, 0.3]);
  assert.ok(isInside([0, 0, 0.5, 0.5], [0.2, 0.2]) && !isInside([0, 0, 0.5, 0.5], [0.6, 0.2]));
  assert.ok(!isInside(null, [0, 0]));
});

test("keys make, move, resize and drop the box", () => {
  const box = [0.3, 0.3, 0.7, 0.7];
  assert.deepEqual(boxAfterKey("Enter", false, null), box);
  assert.equal(boxAfterKey("Enter", false, box), null);
  assert.deepEqual(boxAfterKey("ArrowRight", false, box), [0.32, 0.3, 0.72, 0.7]);
  assert.deepEqual(boxAfterKey("ArrowUp", true, box), [0.3, 0.3, 0.7, 0.72]);
  assert.deepEqual(boxAfterKey("ArrowLeft", true, [0.3, 0.3, 0.325, 0.7]), [0.3, 0.3, 0.32, 0.7]);
  assert.deepEqual(boxAfterKey("Escape", false, box), []);
  assert.equal(boxAfterKey("Escape", false, null), null);
  assert.equal(boxAfterKey("a", false, box), null);
  assert.match(sayBox(box), /30 to 70 % across/);
  assert.match(sayBox(null), /everybody/);
});

test("dumbbells carry their numbers, the gap is named, and what is unknown has no dot", () => {
  const { scores } = viewOf();
  const drawn = drawScores(scores, COLOURS, 400);
  assert.match(drawn.text, /90 %.*50 %|50 %.*90 %/s);
  assert.match(drawn.text, /\+40 points/);
  assert.match(drawn.text, /choose a repair/);
  assert.deepEqual([drawn.all("tlw-claimed").length, drawn.all("tlw-true").length], [2, 2]);
  const [clear, faint] = drawn.all("tlw-gap");
  assert.deepEqual([clear.attributes.stroke, faint.attributes.stroke], ["orange", "currentColor"]);
  const place = (name, i) => Number(drawn.all(name)[i].attributes.cx);
  assert.ok(place("tlw-claimed", 0) > place("tlw-true", 0) && place("tlw-claimed", 1) < place("tlw-true", 1));
  assert.equal(sayScores(scores),
    "naive: hold-out 90 %, population 50 % (+40 points); fair sample: hold-out 70 %, population 75 % (−5 points)");
  const nobody = { ...scores.rows[0], reported: null, gap: null, reported_text: "nobody to test on" };
  const lonely = drawScores({ ...scores, rows: [nobody] }, COLOURS, 400);
  assert.equal(lonely.all("tlw-claimed").length, 0);
  assert.match(lonely.text, /nobody to test on/);
});

test("the two numbers of a row stand outside of its pair", () => {
  const row = { reported: 0.12, actual: 0.09, reported_text: "12 %", actual_text: "9 %" };
  const [low, high] = sidesOfPair(row, (value) => 100 * value);
  assert.deepEqual([low.text, low["text-anchor"], high.text, high["text-anchor"]], ["9 %", "end", "12 %", "start"]);
  assert.ok(low.x < 9 && high.x > 12);
  const [alone] = sidesOfPair({ ...row, reported: null }, (value) => 100 * value);
  assert.deepEqual([alone.text, alone["text-anchor"]], ["9 %", "start"]);
});

test("a panel shows population, sample and weighted sample", () => {
  const { panel } = viewOf();
  const drawn = drawPanel(panel, COLOURS, 400);
  const height = (name, i) => Number(drawn.all(name)[i].attributes.height);
  assert.ok(height("tlw-drawn", 0) > height("tlw-all", 0));
  assert.ok(height("tlw-drawn", 1) < height("tlw-all", 1));
  assert.equal(drawn.all("tlw-weighted").length, 2);
  assert.equal(drawPanel({ ...panel, weighted: [] }, COLOURS, 400).all("tlw-weighted").length, 0);
  assert.equal(sayBin(panel, 0), "colour red: population 50 %, my sample 90 %, after weighting 60 %");
});

test("the legend names classes, or the ends of a scale", () => {
  const { map } = viewOf();
  const texts = (view) => colourKeys(view).map((e) => e.text).join(" ");
  assert.equal(texts(map), "ok <script>alert(1)</script>");
  assert.equal(texts({ ...map, labels: [[0, 0, "ok"]] }), ""); // the names stand on the map
  assert.equal(texts({ palette: [["blue", ""], ["red", ""]], ends: ["1", "9"], labels: [] }), "19");
});

test("the page says the numbers, the sentence, how it was drawn, and how much is left", () => {
  const { el, model, takeDown } = show();
  assert.match(el.text, /It says 90 %\. More\..*90 %.*50 %.*\+40 points.*too kind.*Who is in my sample.*All of them old/s);
  assert.doesNotMatch(el.text, /effective sample size/); // nothing is weighted
  const repair = ["weights", ["none", "weights"]];
  model.set("view", viewOf({ sentence: "It says 95 %.", warning: "Few are left.",
    choices: { ...viewOf().choices, repair } }));
  nextFrame();
  assert.match(el.text, /It says 95 %\..*effective sample size: 4 of 10.*Few are left\./s);
  takeDown();
});

test("repairs are radio buttons that stay where they are, and the page asks for the one that is chosen", () => {
  const { el, model, takeDown } = show();
  const [chips] = el.all("tlw-chips");
  const radios = () => chips.all("input");
  assert.deepEqual([chips.attributes.role, chips.attributes["aria-label"]], ["radiogroup", "Repair"]);
  assert.deepEqual(radios().map((radio) => [radio.value, radio.checked]), [["none", true], ["weights", false]]);
  const [first] = radios();
  chips.fire("change", { target: radios()[1] });
  assert.deepEqual(model.sent, [{ kind: "choose", name: "repair", value: "weights" }]);
  const answer = (chosen, others = {}) => {
    model.set("view", viewOf({ choices: { ...viewOf().choices, repair: [chosen, ["none", "weights"]] }, ...others }));
    nextFrame();
  };
  answer("none"); // to an earlier step
  assert.ok(radios()[1].checked);
  answer("weights");
  assert.ok(radios()[0] === first && radios()[1].checked); // its focus is not lost
  answer("none"); // a line of code
  assert.ok(radios()[0].checked);
  chips.fire("change", { target: radios()[1] });
  answer("none", { refused: true });
  assert.ok(radios()[0].checked);
  takeDown();
});

test("another colour is asked for", () => {
  const { el, model, takeDown } = show();
  const [by] = el.all("tlw-select");
  assert.deepEqual([by.value, by.all("option").map((option) => option.text)], ["class", ["class", "age"]]);
  by.value = "age";
  by.fire("change");
  assert.deepEqual(model.sent, [{ kind: "choose", name: "colour_by", value: "age" }]);
  takeDown();
});

test("names with markup stay text", () => {
  const { el, takeDown } = show();
  assert.match(el.text, /<script>alert\(1\)<\/script>/);
  assert.match(el.text, /worst group: <b>old<\/b>/);
  assert.deepEqual(el.all("script"), []);
  assert.ok(el.all("b").every((bold) => bold.text !== "old"));
  takeDown();
});

test("hovering tells about a point, leaving hides it", () => {
  const { el, map, takeDown } = show();
  const [tip] = el.all("tlw-tip");
  map.fire("pointermove", pointer(8, BOTTOM));
  assert.equal(tip.text, "in my samplethe model is right ✓class: okage: 17.3");
  map.fire("pointermove", pointer(100, 30));
  assert.ok(tip.hidden);
  map.fire("pointermove", pointer(8, BOTTOM));
  map.fire("pointerleave");
  assert.ok(tip.hidden);
  takeDown();
});

test("who points at an example sees its picture, which is asked for once", () => {
  const { el, model, map, takeDown } = show();
  const [tip] = el.all("tlw-tip");
  const at = (x, y) => map.fire("pointermove", pointer(x, y));
  at(8, BOTTOM);
  at(8, BOTTOM);
  assert.deepEqual(model.sent, [{ kind: "look", point: 0 }]);
  assert.equal(tip.all("img").length, 0);
  model.hear({ kind: "look", point: 2, source: "data:other" }); // an answer that comes late
  assert.equal(tip.all("img").length, 0);
  model.hear({ kind: "look", point: 0, source: "data:digit" });
  assert.equal(tip.all("img")[0].attributes.src, "data:digit");
  at(100, 30);
  at(8, BOTTOM);
  assert.equal(model.sent.length, 1);
  takeDown();
});

test("a brush is sent once per frame, and shown at once", () => {
  const { el, model, map, takeDown } = show();
  const [brush] = el.all("tlw-brush");
  assert.ok(brush.hidden);
  map.fire("pointerdown", pointer(8, BOTTOM));
  for (const x of [100, 150, 200, 250]) map.fire("pointermove", pointer(x, (BOTTOM + 8) / 2));
  assert.equal(model.nSaved, 0);
  assert.ok(!brush.hidden);
  nextFrame();
  assert.deepEqual([model.nSaved, model.get("region")], [1, [0, 0, 0.5, 0.5]]);
  map.fire("pointerup", pointer(250, 137));
  map.fire("pointermove", pointer(400, 20)); // only hovering now
  nextFrame();
  assert.equal(model.nSaved, 1);
  takeDown();
});

test("dragging inside the box moves it", () => {
  const { model, map, takeDown } = show(modelOf(viewOf({ map: { ...viewOf().map, region: [0.2, 0.2, 0.6, 0.6] } })));
  map.fire("pointerdown", pointer(8 + 0.4 * 484, 8 + 0.6 * (BOTTOM - 8)));
  map.fire("pointermove", pointer(8 + 0.5 * 484, 8 + 0.6 * (BOTTOM - 8)));
  nextFrame();
  assert.deepEqual(model.get("region"), [0.3, 0.2, 0.7, 0.6]);
  takeDown();
});

test("the keyboard brushes too, says so, and leaves other keys to the page", () => {
  const { el, model, map, takeDown } = show();
  map.fire("keydown", key("Enter"));
  nextFrame();
  assert.deepEqual(model.get("region"), [0.3, 0.3, 0.7, 0.7]);
  map.fire("keydown", key("ArrowUp", true));
  nextFrame();
  assert.deepEqual(model.get("region"), [0.3, 0.3, 0.7, 0.72]);
  assert.match(el.all("tlw-said").at(-1).text, /30 to 72 % up/);
  map.fire("keydown", key("Escape"));
  nextFrame();
  assert.deepEqual(model.get("region"), []);
  let isTaken = false;
  map.fire("keydown", { key: "a", preventDefault: () => (isTaken = true) });
  assert.equal(isTaken, false);
  takeDown();
});

test("a late answer does not undo a later step, and a refusal does", () => {
  const { el, model, map, takeDown } = show();
  const [brush] = el.all("tlw-brush");
  const answer = (region, others = {}) => {
    model.set("view", viewOf({ map: { ...viewOf().map, region }, ...others }));
    nextFrame();
  };
  map.fire("keydown", key("Enter"));
  map.fire("keydown", key("ArrowRight"));
  answer([0.3, 0.3, 0.7, 0.7]); // to the first of the two
  map.fire("keydown", key("ArrowRight"));
  nextFrame();
  assert.deepEqual(model.get("region"), [0.34, 0.3, 0.74, 0.7]);
  answer([0.34, 0.3, 0.74, 0.7]);
  answer([0.1, 0.1, 0.2, 0.2]); // a line of code
  assert.equal(brush.style.left, `${8 + 0.1 * 484}px`);
  map.fire("keydown", key("ArrowRight"));
  answer([0.1, 0.1, 0.2, 0.2], { refused: true });
  assert.equal(brush.style.left, `${8 + 0.1 * 484}px`);
  takeDown();
});

test("two views work apart, and a closed one leaves nothing behind", () => {
  const before = [observers.size, page.countListeners()];
  const model = modelOf();
  const [first, second] = [show(model), show(model)];
  first.takeDown();
  assert.equal(first.el.countListeners(), 0);
  model.set("view", viewOf({ sentence: "It says 12 %." }));
  nextFrame();
  assert.doesNotMatch(first.el.text, /12 %/);
  assert.match(second.el.text, /12 %/);
  second.map.fire("keydown", key("Enter"));
  nextFrame();
  assert.deepEqual(model.get("region"), [0.3, 0.3, 0.7, 0.7]);
  second.takeDown();
  assert.deepEqual([observers.size, page.countListeners()], before);
  assert.equal(model.listeners.length, 0);
});
