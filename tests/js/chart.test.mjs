import assert from "node:assert/strict";
import test from "node:test";
import { FakeElement, FakeModel, nextFrame, observers, resize } from "./fake_dom.mjs";
import module, {
  drawChart, fitted, html, nearest, outline, pathOf, scale, svg, throttled,
} from "../../tlwidgets/_widgets/static/tlwidgets.js";

const AXIS = { label: "epoch", low: 0, high: 10, ticks: [[0, "0"], [10, "10"]], log: false };
const LOG = { label: "loss", low: 0.01, high: 100, ticks: [[0.01, "0.01"], [1, "1"]], log: true };
const same = (value) => value;

function viewOf(points, others = {}) {
  const line = { name: "training", points, colour: "#777777", line: true, dots: true };
  return {
    title: "Loss", description: "It falls.", x: AXIS, y: { ...AXIS, label: "loss" },
    series: [line], bands: [], rules: [], marks: [], gaps: [], y_other: null,
    low: false, ...others,
  };
}

const modelOf = (...charts) => new FakeModel({ kind: "charts", view: { charts }, still: "" });
const show = (model, el) => module.render({ model, el });

test("a scale is linear or logarithmic", () => {
  assert.equal(scale(AXIS, 0, 200)(5), 100);
  assert.equal(scale(LOG, 0, 200)(1), 100);
  assert.ok(!Number.isFinite(scale(LOG, 0, 200)(0)));
  assert.equal(scale({ ...AXIS, high: 0 }, 3, 200)(0), 3);
});

test("a path breaks where a value is missing or has no place", () => {
  assert.equal(pathOf([[1, 2], [2, null], [3, 4], [4, 5]], same, same), "M1.0 2.0M3.0 4.0L4.0 5.0");
  assert.equal(pathOf([[1, 0], [2, 1]], same, scale(LOG, 0, 200)), "M2.0 100.0");
  assert.equal(pathOf([], same, same), "");
});

test("hovering finds the nearest x and all values there", () => {
  const view = viewOf([[1, 0.5], [4, 0.25], [5, null]]);
  view.series.push({ ...view.series[0], name: "validation", points: [[4, 0.75]] });
  view.series.push({ ...view.series[0], name: "", points: [[4, 9]] });
  const hit = nearest(view, 49, scale(AXIS, 0, 100));
  assert.equal(hit.x, 4);
  assert.deepEqual(hit.found.map(({ name, values }) => [name, values]), [
    ["training", [0.25]], ["validation", [0.75]],
  ]);
  assert.equal(nearest(viewOf([]), 5, same), null);
});

test("the outline between two lines goes there and back, without gaps", () => {
  const view = viewOf([[1, 1], [2, null], [3, 3]]);
  view.series.push({ ...view.series[0], points: [[1, 5], [3, 6]] });
  assert.deepEqual(outline(view, ["#000000", 0, 1]), [[1, 1], [3, 3], [3, 6], [1, 5]]);
});

test("names that do not fit are cut", () => {
  assert.equal(fitted("fine-tuning", 100), "fine-tuning");
  assert.equal(fitted("fine-tuning", 40), "fine-…");
  assert.equal(fitted("fine-tuning", 10), "");
});

test("texts become text, never markup", () => {
  const element = html("div", { title: "<b>", hidden: null }, "<script>");
  assert.deepEqual(element.children, ["<script>"]);
  assert.deepEqual(element.attributes, { title: "<b>" });
  assert.equal(svg("g", { x: 0, y: false }).attributes.x, "0");
});

test("drawing happens once per frame, and never after the end", () => {
  let n = 0;
  const controller = new AbortController();
  const draw = throttled(() => (n += 1), controller.signal);
  draw(); draw(); draw();
  nextFrame();
  assert.equal(n, 1);
  draw();
  controller.abort();
  nextFrame();
  draw();
  nextFrame();
  assert.equal(n, 1);
});

test("a chart follows its model, in two views, and leaves nothing behind", () => {
  const model = modelOf(viewOf([[1, 1], [2, 2]]));
  const elements = [new FakeElement("div"), new FakeElement("div")];
  const closings = elements.map((el) => show(model, el));
  const lengthOf = (el) => el.all("path").at(-1).attributes.d.length;
  const before = elements.map(lengthOf);
  model.set("view", { charts: [viewOf([[1, 1], [2, 2], [3, 3]])] });
  nextFrame();
  elements.forEach((el, i) => assert.ok(lengthOf(el) > before[i]));
  assert.equal(elements[0].all("svg")[1].attributes["aria-label"], "Loss. It falls.");
  closings[0]();
  assert.equal(elements[0].countListeners(), 0);
  assert.ok(elements[1].countListeners() > 0);
  model.set("view", { charts: [viewOf([[1, 1]])] });
  nextFrame();
  assert.ok(lengthOf(elements[0]) > lengthOf(elements[1])); // the closed one stands still
  closings[1]();
  assert.deepEqual([model.listeners.length, observers.size], [0, 0]);
});

test("hovering shows values and leaving hides them", () => {
  const el = new FakeElement("div");
  const close = show(modelOf(viewOf([[0, 1], [10, 0.25]])), el);
  const [place] = el.all("tlw-picture");
  const [tip] = el.all("tlw-tip");
  place.fire("pointermove", { clientX: 490 });
  assert.equal(tip.text, "epoch: 10training: 0.25");
  place.fire("pointerleave");
  assert.ok(tip.hidden);
  close();
});

test("the switch turns y and is not there without another way", () => {
  const model = modelOf(viewOf([[0, 1], [10, 0.25]], { y_other: LOG }));
  const el = new FakeElement("div");
  const close = show(model, el);
  const [turn] = el.all("tlw-switch");
  const d = () => el.all("path").at(-1).attributes.d;
  const linear = d();
  assert.deepEqual([turn.text, turn.hidden], ["log scale", false]);
  turn.fire("click");
  assert.notEqual(d(), linear);
  assert.equal(turn.attributes["aria-pressed"], "true");
  turn.fire("click");
  assert.equal(d(), linear);
  model.set("view", { charts: [viewOf([[0, 1]])] });
  nextFrame();
  assert.ok(turn.hidden);
  close();
});

test("what is off the page is drawn when it has a width, and then keeps its last one", (t) => {
  t.after(() => (FakeElement.width = 500));
  const model = modelOf(viewOf([[1, 1], [2, 2]]));
  const el = new FakeElement("div");
  FakeElement.width = 0;
  const close = show(model, el);
  const widthsOf = () => el.all("tlw-picture")[0].all("svg").map((e) => e.attributes.width);
  assert.deepEqual(widthsOf(), []);
  for (const width of [500, 0, 300]) {
    FakeElement.width = width;
    resize();
    nextFrame();
    assert.deepEqual(widthsOf(), [String(width || 500)]);
  }
  close();
});

test("bands, gaps, rules and marks are drawn, except where they have no place", () => {
  const others = {
    bands: [[0, 5, "first"], [5, 10, "second"]], rules: [[0, "chance"], [1, "one"]],
    marks: [[5, 1, "best", false], [6, 0, "none", true]], gaps: [["#0087A8", 0, 0]], y: LOG,
  };
  const el = new FakeElement("div");
  const close = show(modelOf(viewOf([[1, 1], [2, 2]], others)), el);
  assert.equal(el.all("rect").length, 2);
  assert.equal(el.all("tlw-rule").length, 1);
  assert.equal(el.all("tlw-mark").length, 1);
  assert.ok(el.all("path")[0].attributes.d.endsWith("Z"));
  for (const path of el.all("path")) assert.ok(!path.attributes.d.includes("NaN"));
  close();
});

test("the name of a mark stands on the side that the view says", () => {
  const marks = [[2, 1, "early", true], [9, 1, "late", false]];
  const { picture, x } = drawChart(viewOf([[1, 1]], { marks }), 500);
  const [early, late] = picture.all("tlw-over").map((label) => label.attributes);
  assert.ok(Number(early.x) < x(2) && early["text-anchor"] === "end");
  assert.ok(Number(late.x) > x(9) && late["text-anchor"] === "start");
});

test("the picture that stays is hidden where the charts are shown", () => {
  const styleOf = (still) => {
    const el = new FakeElement("div");
    module.render({ model: new FakeModel({ kind: "charts", view: {}, still }), el })();
    return el.all("style")[0].text;
  };
  assert.match(styleOf("tlw-still-7"), /^\.tlw-still-7 \{ display: none/);
  assert.equal(styleOf(""), "");
});

test("several charts come and go, and leave nothing behind", () => {
  const one = viewOf([[1, 1], [2, 2]]);
  const model = modelOf();
  const el = new FakeElement("div");
  const close = show(model, el);
  assert.equal(el.all("tlw-chart").length, 0);
  model.set("view", { charts: [one, { ...one, title: "Accuracy" }] });
  nextFrame();
  assert.deepEqual(el.all("tlw-title").map((title) => title.text), ["Loss", "Accuracy"]);
  model.set("view", { charts: [{ ...one, title: "Error" }] });
  nextFrame();
  assert.deepEqual(el.all("tlw-title").map((title) => title.text), ["Error"]);
  close();
  assert.deepEqual([model.listeners.length, observers.size, el.countListeners()], [0, 0, 0]);
});
