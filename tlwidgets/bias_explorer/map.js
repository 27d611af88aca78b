// The map on the page: a canvas, a brush over it, and what hovering tells.

const MAP_HEIGHT = 300;
const MAP_LABEL =
  "Map of the population. Drag over it to draw the sample from one region only; or press Enter, " +
  "then the arrow keys to move the region, with Shift to resize it, Escape to let it go.";

const shapeKey = (name, text) =>
  html("span", { class: "tlw-key" }, html("i", { class: `tlw-shape ${name}` }), text);

/** Return the legend of colours: a name for each, or the two ends of a scale. */
export function colourKeys({ by, palette, ends }) {
  const chips = palette.map(([colour, name]) => {
    const chip = html("i", { class: "tlw-chip", style: `background:${colour}` });
    return ends ? chip : html("span", { class: "tlw-key" }, chip, name);
  });
  const scale = ends ? [html("span", { class: "tlw-scale" }, ends[0], ...chips, ends[1])] : chips;
  return [html("span", { class: "tlw-by" }, `${by}:`), ...scale];
}

/** Call back when the page's theme changes; the canvas does not follow the style sheet itself. */
function onTheme(draw, signal) {
  const observer = new MutationObserver(draw);
  observer.observe(document.body, {
    attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"],
  });
  signal.addEventListener("abort", () => observer.disconnect());
}

/** Give the canvas the pixels of this screen, and return what to draw with. */
function prepare(canvas, width) {
  const ratio = globalThis.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(MAP_HEIGHT * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, MAP_HEIGHT);
  return context;
}

function paint(canvas, points, view, frame, width) {
  const context = prepare(canvas, width);
  const style = getComputedStyle(canvas);
  const look = { ink: style.color, paper: style.backgroundColor, font: `600 12px ${style.fontFamily}` };
  drawPoints(context, points, view.palette, frame, look);
  drawLabels(context, view.labels, frame, look);
}

const TRAITS = ["positions", "colours", "marks", "rest"];

/** Show the map and keep it as the model says, until the signal. */
export function showMap(model, el, signal) {
  const [title, colours, note] = ["tlw-title", "tlw-legend", "tlw-note"].map((name) =>
    html("div", { class: name }));
  const canvas = html("canvas");
  const box = html("div", { class: "tlw-brush", hidden: "" });
  const tip = html("div", { class: "tlw-tip", hidden: "" });
  const place = html("div", { class: "tlw-map", tabindex: 0, role: "group", "aria-label": MAP_LABEL }, canvas, box, tip);
  const said = html("div", { class: "tlw-said", "aria-live": "polite" });
  const damaged = shapeKey("changed", "damaged");
  const shapes = html("div", { class: "tlw-legend" }, shapeKey("drawn", "in my sample"),
    shapeKey("missed", "missed"), shapeKey("wrong", "model is wrong"), damaged);
  el.append(title, place, shapes, colours, note, said);
  const brush = { box: null, asked: null, start: null, whole: null };
  let points = readPoints({});
  let frame = frameOf(1, 1);

  function draw() {
    const view = model.get("view").map;
    if (!view) return;
    const width = Math.max(240, place.clientWidth || 420);
    frame = frameOf(width, MAP_HEIGHT);
    points = readPoints(Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])));
    paint(canvas, points, view, frame, width);
    agree(view.region);
    placeBox(box, brush.box, frame);
    title.replaceChildren(view.title);
    damaged.hidden = !view.damaged;
    colours.replaceChildren(...colourKeys(view));
    note.replaceChildren(view.note);
  }
  // An answer to an earlier step must not undo what a hand has done since.
  function agree(region) {
    const isAnswer = String(region || []) === String(brush.asked);
    if (isAnswer || model.get("view").refused) brush.asked = null;
    if (!brush.start && brush.asked === null) brush.box = region;
  }
  const tell = throttled(() => {
    model.set("region", brush.box || []);
    model.save_changes();
  }, signal);
  function choose(next) {
    if (!next || String(next) === String(brush.box)) return;
    brush.asked = next;
    brush.box = next.length ? next : null;
    placeBox(box, brush.box, frame);
    said.replaceChildren(sayBox(brush.box));
    tell();
  }
  const at = (event) => {
    const edge = place.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  };
  function begin(event) {
    if (event.button) return;
    event.preventDefault();
    place.focus?.({ preventScroll: true });
    place.setPointerCapture?.(event.pointerId);
    brush.start = frame.back(...at(event));
    brush.whole = isInside(brush.box, brush.start) ? brush.box : null;
    tip.hidden = true;
  }
  function move(event) {
    if (!brush.start) return hover(event);
    const [x, y] = frame.back(...at(event));
    const [sx, sy] = brush.start;
    choose(brush.whole ? boxMoved(brush.whole, x - sx, y - sy) : boxBetween([sx, sy], [x, y]));
  }
  function hover(event) {
    const [px, py] = at(event);
    const i = pointAt(points, px, py, frame);
    tip.hidden = i < 0;
    if (i < 0) return;
    const lines = tellPoint(points, i, model.get("fields"), readNumbers(model.get("facts")));
    tip.replaceChildren(...lines.map((line) => html("div", {}, line)));
    const isRight = px > place.clientWidth / 2;
    tip.style.left = isRight ? "" : `${px + 14}px`;
    tip.style.right = isRight ? `${place.clientWidth - px + 14}px` : "";
    tip.style.top = `${Math.min(py, MAP_HEIGHT - 90)}px`;
  }
  function letGo() {
    brush.start = brush.whole = null;
  }
  function press(event) {
    const next = boxAfterKey(event.key, event.shiftKey, brush.box);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab's own shortcuts would leave the cell
    choose(next);
  }
  const listeners = { pointerdown: begin, pointermove: move, pointerup: letGo, pointercancel: letGo,
    keydown: press, pointerleave: () => (tip.hidden = true) };
  for (const [type, listener] of Object.entries(listeners)) {
    place.addEventListener(type, listener, { signal });
  }
  keepDrawn(model, place, ["view", ...TRAITS], draw, signal);
  onTheme(draw, signal);
}
