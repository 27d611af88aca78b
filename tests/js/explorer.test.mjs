import assert from "node:assert/strict";
import test from "node:test";
import { FakeElement, FakeModel, nextFrame, observers, page } from "./fake_dom.mjs";
import module, {
  boxAfterKey, boxBetween, boxMoved, colourKeys, drawBars, drawPanel, drawPoints, frameOf, isInside,
  pointAt, readNumbers, readPoints, sayBars, sayBin, sayBox, tellPoint,
} from "../../tlwidgets/_widgets/static/tlwidgets.js";

const COLOURS = { sample: "purple", population: "green", gap: "orange" };
const RIGHT = 0;
const [SELECTED, WRONG] = [1, 2];

const bytes = (...values) => new DataView(Uint8Array.from(values).buffer);
const words = (...values) => new DataView(Uint16Array.from(values).buffer);
const floats = (...values) => new DataView(Float32Array.from(values).buffer);

function viewOf(others = {}) {
  const row = (reported, actual, gap) => ({
    reported, actual, gap, reported_text: `${100 * reported} %`, actual_text: `${100 * actual} %`,
  });
  const rows = [row(0.9, 0.5, ["+40 points", true]), null, row(0.7, 0.75, ["−5 points", false])];
  const unknown = { ...row(0, 0.3, null), reported: null, reported_text: "nobody to test on" };
  return {
    headline: "It says 90 %.", details: "More.", warning: "", drawn: "All of them old.", colours: COLOURS,
    map: {
      title: "Who is in my sample: 2 of 3", by: "class", ends: null, labels: [], region: null,
      damaged: false, note: "", palette: [["blue", "ok"], ["brown", "<script>alert(1)</script>"]],
    },
    bars: {
      title: "Claims and truth", axis: { low: 0, high: 1, ticks: [[0, "0"], [1, "100 %"]] },
      better: "higher is better",
      names: [["Naive", "as it is"], ["Repaired", "nothing yet"], ["Ideal", "at random"]],
      columns: [
        { name: "Everybody", rows, rule: [0.5, "guessing: 50 %"] },
        { name: "Worst group: <b>old</b>", rows: [unknown, null, rows[2]], rule: [0.5, "guessing: 50 %"] },
      ],
    },
    meter: { share: 0.4, is_low: true, text: "Effective sample size: 4 of 10" },
    panels: [{
      title: "colour", names: ["red", "blue"], ticks: [], population: [0.5, 0.5],
      sample: [0.9, 0.1], weighted: [0.6, 0.4], high: 0.9, description: "Too red.",
    }],
    ...others,
  };
}

function modelOf(view = viewOf()) {
  return new FakeModel({
    kind: "explorer", view, region: [],
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
    ["in my sample, the model gets it wrong", "class: bad", "age: 17.3"]);
  assert.deepEqual(tellPoint(points, 1, fields, numbers), ["missed", "class: ok", "age: 40"]);
  assert.deepEqual(tellPoint(points, 2, fields, numbers), ["in my sample"]);
});

test("the sample is filled and the missed are not", () => {
  const calls = { fill: 0, stroke: 0 };
  const context = {
    beginPath() {}, moveTo() {}, lineTo() {}, arc() {},
    fill: () => (calls.fill += 1), stroke: () => (calls.stroke += 1),
  };
  const draw = (mark) => {
    Object.assign(calls, { fill: 0, stroke: 0 });
    const points = readPoints({ positions: words(9, 9), colours: bytes(0), marks: bytes(mark) });
    drawPoints(context, points, [["blue", "ok"]], frameOf(100, 100), { ink: "black", paper: "white" });
    return { ...calls };
  };
  assert.deepEqual(draw(RIGHT), { fill: 0, stroke: 1 });
  assert.deepEqual(draw(WRONG), { fill: 0, stroke: 1 });
  assert.deepEqual(draw(SELECTED), { fill: 1, stroke: 1 });
  assert.deepEqual(draw(SELECTED | WRONG), { fill: 1, stroke: 2 });
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

test("bars carry their numbers, the gap is named, and what is unknown has no bar", () => {
  const { bars } = viewOf();
  const drawn = drawBars(bars, COLOURS, 600);
  assert.match(drawn.text, /90 %.*50 %/s);
  assert.match(drawn.text, /\+40 points/);
  assert.match(drawn.text, /nobody to test on/);
  assert.equal(drawn.all("tlw-claimed").length, 3); // two rows of everybody, one of the old
  assert.equal(drawn.all("tlw-true").length, 4);
  const [gap] = drawn.all("tlw-gap");
  assert.equal(gap.attributes.fill, "orange");
  assert.ok(drawn.all("faint").every((e) => e.attributes.fill !== "orange"));
  assert.match(sayBars(bars), /Everybody, Naive: hold-out 90 %, population 50 % \(\+40 points\)/);
});

test("no number stands over the edge of its gap", () => {
  const { bars } = viewOf();
  const row = { reported: 0.12, actual: 0.09, gap: ["+3 points", false], reported_text: "12 %", actual_text: "9 %" };
  const drawn = drawBars({ ...bars, columns: [{ ...bars.columns[0], rows: [row, null, null] }] }, COLOURS, 300);
  const [gap] = drawn.all("tlw-gap");
  const end = Number(gap.attributes.x) + Number(gap.attributes.width);
  const [number] = drawn.all("tlw-number").filter((e) => e.text === "9 %");
  const [verdict] = drawn.all("tlw-verdict");
  assert.ok(Number(number.attributes.x) > end);
  assert.ok(Number(verdict.attributes.x) > Number(number.attributes.x) + 20);
});

test("the gap stands on the shorter bar, where it is missing", () => {
  const { bars } = viewOf();
  const [flattered, blackened] = drawBars(bars, COLOURS, 600).all("tlw-gap");
  const rows = drawBars(bars, COLOURS, 600);
  const y = (name, i) => rows.all(name)[i].attributes.y;
  assert.equal(flattered.attributes.y, y("tlw-true", 0));
  assert.equal(blackened.attributes.y, y("tlw-claimed", 1));
});

test("a panel shows population, sample and weighted sample", () => {
  const [panel] = viewOf().panels;
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
  assert.equal(texts(map), "class: ok <script>alert(1)</script>");
  assert.equal(texts({ by: "age", palette: [["blue", ""], ["red", ""]], ends: ["1", "9"] }), "age: 19");
});

test("the page says the sentence, how it was drawn, and how much is left", () => {
  const { el, model, takeDown } = show();
  assert.match(el.text, /It says 90 %\..*Who is in my sample.*All of them old/s);
  assert.equal(el.all("tlw-meter")[0].attributes["aria-valuenow"], "0.4");
  model.set("view", viewOf({ headline: "It says 95 %.", warning: "Few are left." }));
  nextFrame();
  assert.match(el.text, /It says 95 %\. More\.Few are left\./);
  takeDown();
});

test("names with markup stay text", () => {
  const { el, takeDown } = show();
  assert.match(el.text, /<script>alert\(1\)<\/script>/);
  assert.match(el.text, /Worst group: <b>old<\/b>/);
  assert.deepEqual([el.all("script"), el.all("b")], [[], []]);
  takeDown();
});

test("hovering tells about a point, leaving hides it", () => {
  const { el, map, takeDown } = show();
  const [tip] = el.all("tlw-tip");
  map.fire("pointermove", pointer(8, 292));
  assert.equal(tip.text, "in my sampleclass: okage: 17.3");
  map.fire("pointermove", pointer(100, 30));
  assert.ok(tip.hidden);
  map.fire("pointermove", pointer(8, 292));
  map.fire("pointerleave");
  assert.ok(tip.hidden);
  takeDown();
});

test("a brush is sent once per frame, and shown at once", () => {
  const { el, model, map, takeDown } = show();
  const [brush] = el.all("tlw-brush");
  assert.ok(brush.hidden);
  map.fire("pointerdown", pointer(8, 292));
  for (const x of [100, 150, 200, 250]) map.fire("pointermove", pointer(x, 150));
  assert.equal(model.nSaved, 0);
  assert.ok(!brush.hidden);
  nextFrame();
  assert.deepEqual([model.nSaved, model.get("region")], [1, [0, 0, 0.5, 0.5]]);
  map.fire("pointerup", pointer(250, 150));
  map.fire("pointermove", pointer(400, 20)); // only hovering now
  nextFrame();
  assert.equal(model.nSaved, 1);
  takeDown();
});

test("dragging inside the box moves it", () => {
  const { model, map, takeDown } = show(modelOf(viewOf({ map: { ...viewOf().map, region: [0.2, 0.2, 0.6, 0.6] } })));
  map.fire("pointerdown", pointer(8 + 0.4 * 484, 8 + 0.6 * 284));
  map.fire("pointermove", pointer(8 + 0.5 * 484, 8 + 0.6 * 284));
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
  assert.match(el.all("tlw-said")[0].text, /30 to 72 % up/);
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
  model.set("view", viewOf({ headline: "It says 12 %." }));
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
