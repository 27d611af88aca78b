// All that our widgets draw in the page. Python decides what is said and shown (`view`); what a
// hand does between two messages, dragging and hovering, is decided here.
// One module without imports: what comes from a Blob URL cannot import its neighbours.

export const KINDS = {
  charts: showCharts,
  ribbon: showRibbon,
  drawer: showDrawer,
  explorer: showExplorer,
  files: showFiles,
};

export default {
  render({ model, el }) {
    // The one controller of a view: its signal takes back whatever the view has begun.
    const controller = new AbortController();
    KINDS[model.get("kind")](model, el, controller.signal);
    return () => controller.abort();
  },
};

// What every view needs: elements, and when to draw.

const SVG = "http://www.w3.org/2000/svg";

/** Make an SVG element. Texts become text nodes, never markup. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** Make an HTML element. Texts become text nodes, never markup. */
export function html(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(key, String(value));
    }
  }
  element.append(...children);
  return element;
}

/** Return as much of a text as fits; letters are about as wide as measured in Lab's font. */
export function fitted(text, width) {
  const n = Math.floor(width / 6);
  return text.length <= n ? text : n < 3 ? "" : `${text.slice(0, n - 1)}…`;
}

const keyOf = (sample, text) => html("span", { class: "tlw-key" }, sample, text);
const chip = (kind, colour) =>
  html("i", { class: `tlw-chip ${kind}`, style: `--colour:${colour}` });

/** Put a tip beside x, on the side where there is more room, and not over the edge. */
function placeTip(tip, x, width) {
  const isRight = x > width / 2;
  const edge = Math.max(0, width - (tip.offsetWidth || 0));
  tip.style.left = isRight ? "" : `${Math.min(x + 12, edge)}px`;
  tip.style.right = isRight ? `${Math.min(width - x + 12, edge)}px` : "";
}

/** Call `hear` at each of these events of the model, until the signal. */
function follow(model, events, hear, signal) {
  for (const event of events) model.on(event, hear);
  signal.addEventListener("abort", () => {
    for (const event of events) model.off(event, hear);
  });
}

function listen(element, listeners, signal) {
  for (const [type, listener] of Object.entries(listeners)) {
    element.addEventListener(type, listener, { signal });
  }
}

/**
 * Hear the keys of an element before the page does: Notebook 7 takes arrows for its own, whatever
 * has the focus. `press` stops a key that it knows; any other goes its way.
 */
function hearKeys(element, press, signal) {
  listen(element, { keydown: press }, signal);
  const first = (event) => event.target === element && press(event);
  globalThis.addEventListener?.("keydown", first, { signal, capture: true });
}

/** Call `draw` at most once per frame, however often it is asked for. */
export function throttled(draw, signal) {
  let frame = null;
  const cancel = () => frame !== null && cancelAnimationFrame(frame);
  signal.addEventListener("abort", cancel);
  return () => {
    if (frame !== null || signal.aborted) return;
    frame = requestAnimationFrame(() => {
      frame = null;
      draw();
    });
  };
}

const widths = new WeakMap();

/**
 * Return an element's width. JupyterLab takes cells that are out of sight off the page, and all of
 * them while the theme changes, without a word when they are back: what has no width keeps its last.
 */
function widthOf(element) {
  if (element.clientWidth) widths.set(element, element.clientWidth);
  return widths.get(element) ?? 0;
}

/** Draw as soon as the element has a width, and at each other one; returns how to ask for more. */
function keepDrawn(element, draw, signal) {
  const drawIfSeen = () => widthOf(element) && draw();
  const redraw = throttled(drawIfSeen, signal);
  const observer = new ResizeObserver(redraw);
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect());
  drawIfSeen();
  return redraw;
}

// Charts, as `Chart.to_view` describes them: `chart.py` decides, also for the figure that stays.

const CHART = { left: 52, right: 14, top: 20, bottom: 38, height: 230, low: 96, names: 14 };

/** Return the function from a value to pixels. */
export function scale(axis, from, to) {
  const place = axis.log ? Math.log10 : (value) => value;
  const low = place(axis.low);
  const span = place(axis.high) - low || 1;
  return (value) => from + ((place(value) - low) / span) * (to - from);
}

const heightOf = (view) => (view.low ? CHART.low : CHART.height);
/** Return where the drawing begins: below the names of the bands, if there are any. */
const topOf = (view) => CHART.top + (view.bands.length ? CHART.names : 0);
const bottomOf = (view) => heightOf(view) - CHART.bottom;

/** Return the `d` of a line that is broken wherever y is null, or cannot be drawn. */
export function pathOf(points, x, y) {
  let isDrawing = false;
  let d = "";
  for (const [px, py] of points) {
    const isKnown = py !== null && Number.isFinite(y(py));
    if (isKnown) d += `${isDrawing ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`;
    isDrawing = isKnown;
  }
  return d;
}

/** Return what stands at the x of a series' point that is nearest to `at` on the screen. */
export function nearest(view, at, x) {
  let best = null;
  for (const series of view.series) {
    for (const [px, py] of series.points) {
      const distance = Math.abs(x(px) - at);
      if (py !== null && (best === null || distance < best.distance)) best = { px, distance };
    }
  }
  if (best === null) return null;
  const found = [];
  for (const series of view.series) {
    const values = series.points.filter(([px, py]) => px === best.px && py !== null);
    if (series.name && values.length) {
      found.push({ name: series.name, colour: series.colour, values: values.map((p) => p[1]) });
    }
  }
  return { x: best.px, found };
}

function drawSeries(series, x, y) {
  const opacity = series.faint ? 0.35 : 1;
  const drawn = [];
  if (series.line) {
    const dashes = series.dashed ? "5 4" : null;
    drawn.push(
      svg("path", {
        d: pathOf(series.points, x, y), fill: "none", stroke: series.colour, opacity,
        "stroke-width": 2, "stroke-dasharray": dashes, "stroke-linejoin": "round",
      }),
    );
  }
  for (const [px, py] of series.dots ? series.points : []) {
    if (py === null) continue;
    drawn.push(svg("circle", { cx: x(px), cy: y(py), r: 3, fill: series.colour, opacity }));
  }
  return drawn;
}

function drawAxes(view, x, y, width) {
  const bottom = bottomOf(view);
  const right = width - CHART.right;
  const middle = (CHART.left + right) / 2;
  const inMiddle = { class: "tlw-label", x: middle, y: bottom + 33, "text-anchor": "middle" };
  const drawn = [];
  for (const [at, text] of view.y.ticks) {
    drawn.push(
      svg("line", { class: "tlw-grid", x1: CHART.left, x2: right, y1: y(at), y2: y(at) }),
      svg("text", { x: CHART.left - 6, y: y(at) + 4, "text-anchor": "end" }, text),
    );
  }
  for (const [at, text] of view.x.ticks) {
    drawn.push(svg("text", { x: x(at), y: bottom + 16, "text-anchor": "middle" }, text));
  }
  drawn.push(
    svg("line", { class: "tlw-axis", x1: CHART.left, x2: right, y1: bottom, y2: bottom }),
    svg("text", inMiddle, view.x.label),
    svg("text", { class: "tlw-label", x: 4, y: 11 }, view.y.label),
  );
  return drawn;
}

/** Return the outline between two series: along one, and back along the other. */
export function outline(view, [, i, j]) {
  const points = [...view.series[i].points, ...[...view.series[j].points].reverse()];
  return points.filter(([, py]) => py !== null);
}

function drawBands(view, x) {
  const top = topOf(view);
  return view.bands.flatMap(([start, end, label], i) => {
    const left = x(start);
    const width = Math.max(0, x(end) - left);
    return [
      svg("rect", {
        class: i % 2 ? "tlw-band odd" : "tlw-band", x: left, y: top, width,
        height: bottomOf(view) - top,
      }),
      svg("text", { class: "tlw-label", x: left + 4, y: top - 4 }, fitted(label, width - 4)),
    ];
  });
}

function drawGaps(view, x, y) {
  return view.gaps.flatMap((gap) => {
    const d = pathOf(outline(view, gap), x, y);
    return d ? [svg("path", { d: `${d}Z`, fill: gap[0], opacity: 0.14 })] : [];
  });
}

function drawRules(view, y, width) {
  const right = width - CHART.right;
  return view.rules.flatMap(([at, label, isBelow]) => {
    if (!Number.isFinite(y(at))) return []; // zero has no place on a logarithmic axis
    const place = { class: "tlw-label", x: right, y: y(at) + (isBelow ? 13 : -4) };
    return [
      svg("line", { class: "tlw-rule", x1: CHART.left, x2: right, y1: y(at), y2: y(at) }),
      svg("text", { ...place, "text-anchor": "end" }, label),
    ];
  });
}

function drawMarks(view, x, y) {
  return view.marks.flatMap(([px, py, label, isLeft]) => {
    if (!Number.isFinite(y(py))) return [];
    const place = { class: "tlw-over", x: x(px) + (isLeft ? -9 : 9), y: y(py) - 7 };
    return [
      svg("circle", { class: "tlw-mark", cx: x(px), cy: y(py), r: 5 }),
      svg("text", { ...place, "text-anchor": isLeft ? "end" : "start" }, label),
    ];
  });
}

/** Return the chart as one SVG element, and its scale of x for hovering. */
export function drawChart(view, width) {
  const height = heightOf(view);
  const x = scale(view.x, CHART.left, width - CHART.right);
  const y = scale(view.y, bottomOf(view), topOf(view));
  const picture = svg(
    "svg",
    { width, height, role: "img", "aria-label": `${view.title}. ${view.description}` },
    ...drawBands(view, x),
    ...drawGaps(view, x, y),
    ...drawRules(view, y, width),
    ...drawAxes(view, x, y, width),
    ...view.series.flatMap((series) => drawSeries(series, x, y)),
    ...drawMarks(view, x, y),
  );
  return { picture, x };
}

function legendOf(view) {
  const entries = view.series.filter((series) => series.name);
  return entries.map((series) => {
    const sample = svg(
      "svg",
      { width: 22, height: 10, "aria-hidden": "true" },
      series.line
        ? svg("line", {
            x1: 0, x2: 22, y1: 5, y2: 5, stroke: series.colour, "stroke-width": 2,
            "stroke-dasharray": series.dashed ? "5 4" : null,
          })
        : svg("circle", { cx: 11, cy: 5, r: 3, fill: series.colour }),
    );
    return html("span", { class: series.faint ? "tlw-key faint" : "tlw-key" }, sample, series.name);
  });
}

function tellValues(view, hit) {
  const tick = view.x.ticks.find(([at]) => at === hit.x);
  const rows = hit.found.map(({ name, colour, values }) =>
    html("div", {}, html("i", { style: `background:${colour}` }), `${name}: ${values.join(", ")}`),
  );
  return [html("div", {}, `${view.x.label}: ${tick ? tick[1] : hit.x}`), ...rows];
}

/** Show one chart, with its legend, hovering and switch; returns how to show the next one. */
function showChart(first, el, signal) {
  const title = html("div", { class: "tlw-title" });
  const turn = html("button", { class: "tlw-switch", type: "button", hidden: "" });
  const head = html("div", { class: "tlw-head" }, title, turn);
  const place = html("div", { class: "tlw-picture" });
  const tip = html("div", { class: "tlw-tip", hidden: "" });
  const legend = html("div", { class: "tlw-legend" });
  const reading = html("div", { class: "tlw-reading" });
  const frame = html("div", { class: "tlw tlw-chart" }, head, legend, place, tip, reading);
  el.append(frame);
  let view = first;
  let x = null;
  let isTurned = false; // whether y is seen the other way, which only this view knows

  function draw() {
    const other = view.y_other;
    frame.classList.toggle("tlw-low", Boolean(view.low));
    turn.hidden = !other;
    turn.replaceChildren(other?.log ? "log scale" : "linear scale");
    turn.setAttribute("aria-pressed", String(isTurned));
    const seen = isTurned && other ? { ...view, y: other } : view;
    const drawn = drawChart(seen, Math.max(220, widthOf(place)));
    x = drawn.x;
    place.replaceChildren(drawn.picture);
    title.replaceChildren(view.title);
    legend.replaceChildren(...legendOf(view));
    reading.replaceChildren(view.description);
  }
  function point(event) {
    const hit = x && nearest(view, event.clientX - place.getBoundingClientRect().left, x);
    tip.hidden = !hit?.found.length;
    if (tip.hidden) return;
    tip.replaceChildren(...tellValues(view, hit));
    placeTip(tip, x(hit.x), place.clientWidth);
  }
  listen(turn, { click: () => ((isTurned = !isTurned), draw()) }, signal);
  listen(place, { pointermove: point, pointerleave: () => (tip.hidden = true) }, signal);
  const redraw = keepDrawn(place, draw, signal);
  return (next) => ((view = next), redraw());
}

/** Show a model's list of charts side by side. */
function showCharts(model, el, signal) {
  const frame = html("div", { class: "tlw-charts" });
  const style = html("style");
  // While the curves live, the picture that stays is hidden.
  const still = model.get("still");
  if (still) style.replaceChildren(`.${still} { display: none !important; }`);
  el.append(style, frame);
  const parts = [];

  function begin(view) {
    const box = html("div");
    const own = new AbortController(); // a chart may go before the others do
    signal.addEventListener("abort", () => own.abort(), { signal: own.signal });
    frame.append(box);
    const show = showChart(view, box, own.signal);
    parts.push({ show, close: () => (own.abort(), box.remove()) });
  }
  function update() {
    const { charts = [], narrow = false } = model.get("view");
    frame.classList.toggle("narrow", narrow);
    while (parts.length > charts.length) parts.pop().close();
    charts.forEach((view, i) => (i < parts.length ? parts[i].show(view) : begin(view)));
  }
  follow(model, ["change:view"], update, signal);
  update();
}

// The freeze slider. Its ribbon of blocks is the axis of everything above and below: a dot stands
// over the boundary that it was measured at, a bar under the layer that moved.

const RIBBON = {
  left: 48, right: 10, top: 20, bottom: 122, words: 138, block: 145, high: 44, base: 212, bar: 18,
  height: 230,
};
const WORD = 48; // room for the longer one of the two words beside the boundary

/** Return where each block begins, in pixels, and where the last one ends. */
export function edgesOf(blocks, width) {
  const edges = [RIBBON.left];
  for (const { share } of blocks) {
    edges.push(edges[edges.length - 1] + share * (width - RIBBON.left - RIBBON.right));
  }
  return edges;
}

/** Return the cut whose boundary is nearest to a place; the last block cannot be frozen. */
export function cutAt(place, edges) {
  const boundaries = edges.slice(0, -1);
  const distances = boundaries.map((edge) => Math.abs(edge - place));
  return distances.indexOf(Math.min(...distances));
}

/** Return the cut that a key leads to, or null for other keys. */
export function cutAfterKey(key, cut, last) {
  const steps = {
    ArrowRight: cut + 1, ArrowUp: cut + 1, PageUp: cut + 3, End: last,
    ArrowLeft: cut - 1, ArrowDown: cut - 1, PageDown: cut - 3, Home: 0,
  };
  return key in steps ? Math.min(last, Math.max(0, steps[key])) : null;
}

/** Return the words beside the boundary and their places; none is cut off at an edge. */
export function sidesOf(cut, boundary, width) {
  const right = Math.min(boundary + 8, width - WORD);
  if (cut === 0) return [["trains", right, "start"]];
  const left = Math.max(WORD, Math.min(boundary, right) - 8);
  return [["frozen", left, "end"], ["trains", Math.max(right, left + 8), "start"]];
}

/** Return a block's name where it has most room: along the block, or up it. */
export function nameOf(name, width) {
  const along = elided(name, Math.floor((width - 8) / 7.4));
  const up = width < 13 ? "" : elided(name, 6);
  return up.length > along.length ? [up, true] : [along, false];
}

/** Return as much of a name as n letters hold; what tells names apart stands at their ends. */
function elided(name, n) {
  if (name.length <= n) return name;
  const end = Math.floor((n - 1) / 2);
  return n < 3 ? "" : `${name.slice(0, n - 1 - end)}…${name.slice(-end)}`;
}

/** Return heights of labels at the right end, at least a line apart and all on the picture. */
export function spread(heights, low = RIBBON.bottom, line = 13) {
  const order = heights.map((_, i) => i).sort((i, j) => heights[i] - heights[j]);
  const free = [...heights];
  order.forEach((i, n) => n && (free[i] = Math.max(free[i], free[order[n - 1]] + line)));
  let floor = low;
  for (const i of order.reverse()) floor = (free[i] = Math.min(free[i], floor)) - line;
  return free;
}

function drawDot([px, py], series, x, y, isChosen) {
  const look = isChosen
    ? { r: 6.5, fill: series.colour }
    : { r: series.faint ? 3 : 4.5, class: "tlw-hollow" };
  return svg("circle", {
    cx: x(px), cy: y(py), stroke: series.colour, "stroke-width": 2,
    opacity: series.faint ? 0.35 : 1, ...look,
  });
}

/** Return the curve over the boundaries, and the height of the dot over the chosen one, if any. */
export function drawDepth(chart, boundary, width) {
  const right = width - RIBBON.right;
  const x = scale(chart.x, RIBBON.left, right);
  const y = scale(chart.y, RIBBON.bottom, RIBBON.top);
  const across = (at, look) => svg("line", { class: look, x1: RIBBON.left, x2: right, y1: y(at), y2: y(at) });
  const drawn = [svg("text", { class: "tlw-label", x: 0, y: 11 }, chart.y.label)];
  for (const [at, text] of chart.y.ticks) {
    const place = { class: "tlw-label", x: RIBBON.left - 12, y: y(at) + 4, "text-anchor": "end" };
    drawn.push(across(at, "tlw-grid"), svg("text", place, text));
  }
  drawn.push(...drawGaps(chart, x, y), ...chart.rules.map(([at]) => across(at, "tlw-before")));
  let height = null;
  for (const series of chart.series) {
    drawn.push(...drawSeries({ ...series, dots: false }, x, y));
    for (const point of series.dots ? series.points : []) {
      const isChosen = !series.faint && Math.abs(x(point[0]) - boundary) < 1;
      if (isChosen) height = y(point[1]);
      drawn.push(drawDot(point, series, x, y, isChosen));
    }
  }
  return { drawn: [...drawn, ...nameLines(chart, x, y, boundary, right), ...drawBest(chart, x, y)], height };
}

/**
 * Write what the lines are: levels on the side where the handle is not, curves at their right end,
 * where there is more than one.
 */
function nameLines(chart, x, y, boundary, right) {
  const named = chart.series.filter((series) => series.name);
  const atLeft = boundary > (RIBBON.left + right) / 2;
  const levels = chart.rules.map(([at, text]) => [y(at) - 4, text, false, atLeft]);
  const curves = named.length < 2 ? [] : named.map(({ name, points, faint }) =>
    [y(points.at(-1)[1]), name, faint, false]);
  return [true, false].flatMap((side) => {
    const labels = [...levels, ...curves].filter((label) => label[3] === side);
    const free = spread(labels.map(([at]) => at));
    return labels.map(([, text, isFaint], i) => svg("text", {
      class: isFaint ? "tlw-over tlw-faint" : "tlw-over", y: free[i],
      x: side ? RIBBON.left + 8 : right, "text-anchor": side ? "start" : "end",
    }, text));
  });
}

function drawBest(chart, x, y) {
  return chart.marks.map(([px, py, text, isLeft]) => svg("text", {
    class: "tlw-over tlw-best", x: x(px) + (isLeft ? -4 : 4), y: Math.max(18, y(py) - 11),
    "text-anchor": isLeft ? "end" : "start",
  }, text));
}

/** Make the nodes of one block; they stay, so that what changes can be seen changing. */
function makeBlock(layer) {
  const part = {
    box: svg("rect", { class: "tlw-block", y: RIBBON.block, height: RIBBON.high, rx: 3 }),
    about: svg("title"), name: svg("text"), size: svg("text"), bars: svg("g"),
    norm: svg("rect", { class: "tlw-norm", width: 20, height: 13, rx: 6.5, y: RIBBON.block + 4 }),
    normName: svg("text", { y: RIBBON.block + 14, "text-anchor": "middle" }, "BN"),
    ground: svg("line", { class: "tlw-grid", y1: RIBBON.base, y2: RIBBON.base }),
    moved: svg("text", { class: "tlw-label", y: RIBBON.base + 14, "text-anchor": "middle" }),
  };
  part.box.append(part.about);
  layer.append(part.box, part.name, part.size, part.norm, part.normName, part.bars, part.ground,
    part.moved);
  return part;
}

/** Put a block where it belongs; its colour is another matter. */
function placeBlock(part, block, left, right) {
  const width = right - left;
  const middle = (left + right) / 2;
  const [name, isTurned] = nameOf(block.name, width);
  const size = isTurned || width < 7 * block.size.length + 6 ? "" : block.size;
  const hasNorm = block.batchnorm && width > 7 * name.length + 68;
  fill(part.box, { x: left + 1.5, width: Math.max(1, width - 3) }, []);
  part.about.replaceChildren(block.info);
  const line = RIBBON.block + (isTurned ? RIBBON.high / 2 : size ? 20 : 27);
  fill(part.name, isTurned
    ? { x: 0, y: 3.5, "text-anchor": "middle", transform: `translate(${middle} ${line}) rotate(-90)` }
    : { x: middle, y: line, "text-anchor": "middle", transform: "" }, []);
  part.name.style.fontSize = isTurned ? "10px" : "";
  part.name.replaceChildren(name);
  fill(part.size, { x: middle, y: RIBBON.block + 36, "text-anchor": "middle" }, []);
  part.size.replaceChildren(size);
  fill(part.norm, { x: right - 33, visibility: hasNorm ? "visible" : "hidden" }, []);
  fill(part.normName, { x: right - 23, visibility: hasNorm ? "visible" : "hidden" }, []);
  fill(part.ground, { x1: left + 1.5, x2: right - 1.5 }, []);
  part.bars.replaceChildren(...drawMoves(block.moves, left + 1.5, right - 1.5));
  fill(part.moved, { x: middle }, []);
  const short = block.moved.replace(", exactly", "");
  const fits = (text) => 6.4 * text.length < width - 2;
  part.moved.replaceChildren([block.moved, short].find(fits) ?? "");
}

function drawMoves(moves, left, right) {
  const step = (right - left) / Math.max(1, moves.length);
  const { base, bar } = RIBBON;
  return moves.map(([share, text], i) => svg("rect", {
    class: share ? "tlw-moved" : "tlw-still", x: left + i * step, height: bar * share || 2,
    y: share ? base - bar * share : base - 2, width: Math.max(1, step - (moves.length > 1 ? 1 : 0)),
  }, svg("title", {}, text)));
}

const ICE_MS = 70; // what freezes first and last are as far apart

/** Freeze the blocks before the cut: ice grows outwards from the handle. */
function freeze(parts, cut, before, isNormFrozen) {
  const n = Math.abs(cut - before) || 1;
  parts.forEach((part, i) => {
    const distance = cut > before ? cut - 1 - i : i - cut;
    const isOld = distance < 0 || distance >= n;
    const side = i < cut ? "frozen" : "trains";
    part.box.style.transitionDelay = isOld ? "0ms" : `${Math.round((distance / n) * ICE_MS)}ms`;
    fill(part.box, { class: `tlw-block ${side}` }, []);
    fill(part.name, { class: `tlw-name ${side}` }, []);
    fill(part.size, { class: `tlw-size ${side}` }, []);
    fill(part.norm, { class: `tlw-norm ${isNormFrozen ? "frozen" : side}` }, []);
    fill(part.normName, { class: `tlw-norm-name ${isNormFrozen ? "frozen" : side}` }, []);
  });
}

function makeHandle() {
  const { block, high, base } = RIBBON;
  const line = svg("line", { class: "tlw-stem", y2: block + high + 6 });
  const handle = svg("g", {
    class: "tlw-handle", role: "slider", tabindex: 0, "aria-valuemin": 0,
    "aria-label": "First block that trains",
  }, svg("rect", { class: "tlw-hit", x: -12, y: block - 8, width: 24, height: base - block }), line,
  svg("rect", { class: "grip", x: -7, y: block + high / 2 - 12, width: 14, height: 24, rx: 5 }));
  return { handle, line };
}

/** Make the handle of a run that goes on elsewhere: it walks along in a sweep. */
function makeGhost() {
  const { block, high, bottom } = RIBBON;
  const dot = svg("circle", { r: 5, "stroke-dasharray": "2 2" });
  const ghost = svg("g", { class: "tlw-ghost", display: "none" },
    svg("line", { y1: bottom, y2: block + high + 6, "stroke-dasharray": "3 3" }),
    svg("rect", { x: -6, y: block + high / 2 - 10, width: 12, height: 20, rx: 5 }), dot);
  return { ghost, dot };
}

function showGhost({ ghost, dot }, view, cut, edges) {
  const isAway = view.live && view.live.cut !== cut;
  fill(ghost, { display: isAway ? "inline" : "none" }, []);
  if (!isAway) return;
  ghost.style.transform = `translate(${edges[view.live.cut].toFixed(1)}px, 0)`;
  const isKnown = view.depth && view.live.score !== null;
  const y = isKnown ? scale(view.depth.y, RIBBON.bottom, RIBBON.top)(view.live.score) : RIBBON.bottom;
  fill(dot, { cy: Math.min(RIBBON.bottom, Math.max(RIBBON.top, y)).toFixed(1),
    visibility: isKnown ? "visible" : "hidden" }, []);
}

/** Return the big number of a cut, and what it is. */
export function scoreOf(view, cut) {
  const { live } = view;
  if (live?.cut === cut && live.text) return { text: live.text, note: live.note };
  return view.blocks[cut].score ??
    (view.depth ? { text: "?", note: "not trained from here yet" } : { text: "", note: "" });
}

function tellScore(number, note, view, cut) {
  const score = scoreOf(view, cut);
  number.replaceChildren(score.text);
  const gain = score.gain
    ? [html("b", { class: score.tone }, score.gain), ` ${score.than}`]
    : [];
  note.replaceChildren(score.note, html("br"), ...gain);
}

/** Show a small curve, with its last value written at the end of its line. */
export function drawCurve(chart, width) {
  const named = chart.series.filter((series) => series.points.length);
  const room = 8 + 6.6 * Math.max(...named.map(({ name }) => name.length), 0);
  const x = scale(chart.x, 2, width - room);
  const y = scale(chart.y, 50, 6);
  const ends = named.map(({ points }) => points.at(-1));
  const free = spread(ends.map((end) => y(end[1] ?? chart.y.low) + 4), 54);
  const last = Math.max(...ends.map(([at]) => x(at)));
  return svg("svg", { width, height: 58, role: "img",
    "aria-label": `${chart.title}. ${chart.description}` },
  ...named.flatMap((series) => drawSeries(series, x, y)),
  ...named.map(({ name, dashed }, i) => svg("text", {
    class: dashed ? "tlw-label" : "tlw-end", x: last + 6, y: free[i] }, name)));
}

/** Show the controls that Python lists, and tell it what a hand chooses. */
function showControls(model, places, signal) {
  const made = {};
  const choose = (name, value) => model.send({ kind: "choose", name, value });

  function make({ name, label, kind, low, high }) {
    const type = { steps: "range", number: "number", check: "checkbox" }[kind];
    const input = html("input", { type, "aria-label": label, min: low, max: high });
    const value = html("b");
    const parts = { steps: [label, input, value], number: [label, input], check: [input, label] };
    const field = html("label", { class: "tlw-field" }, ...parts[kind]);
    const part = { input, value, field, isHeld: false, options: [] };
    const read = () => {
      if (kind === "check") return input.checked;
      if (kind === "steps") return part.options[Number(input.value)][0];
      // What is typed beyond the ends would be refused.
      return Math.min(high, Math.max(low, Math.round(Number(input.value) || low)));
    };
    listen(input, {
      input: () => {
        part.isHeld = kind === "steps";
        if (kind === "steps") say(part, Number(input.value));
      },
      change: () => {
        part.isHeld = false;
        choose(name, read());
      },
    }, signal);
    return part;
  }
  function say({ input, value, options }, index) {
    value.replaceChildren(options[index][1]);
    input.setAttribute("aria-valuetext", options[index][1]);
  }
  function draw() {
    for (const control of model.get("controls")) {
      const { name, kind, value, options = [], why, more } = control;
      if (!made[name]) places[more ? "more" : "row"].append((made[name] = make(control)).field);
      const part = made[name];
      part.input.disabled = Boolean(why);
      fill(part.field, { title: why ?? "" }, []);
      if (part.isHeld) continue;
      part.options = options;
      if (kind === "check") part.input.checked = value;
      else if (kind === "number") part.input.value = value;
      else {
        part.input.setAttribute("max", options.length - 1);
        part.input.value = value;
        say(part, value);
      }
    }
  }
  follow(model, ["change:controls"], draw, signal);
  draw();
}

/** Show Train and Sweep, which becomes Stop; returns how to show what goes on. */
function showActions(model, row, wait, signal) {
  const action = (look) => html("button", { type: "button", class: look });
  const [train, sweep] = [action("tlw-button primary"), action("tlw-button")];
  let isRunning = false;
  const press = (kind) => {
    model.send({ kind });
    for (const button of [train, sweep]) button.disabled = true; // until Python has heard it
    wait();
  };
  listen(train, { click: () => press("train") }, signal);
  // The second half of a double click is not meant for the button that has taken the place.
  listen(sweep, { click: (event) => isRunning && event.detail > 1 || press(isRunning ? "stop" : "sweep") },
    signal);
  row.append(train, sweep);
  return ({ train: text, cost, sweep_cost: sweepCost, told, is_running: runs, done }) => {
    isRunning = runs;
    train.disabled = runs;
    sweep.disabled = false;
    const label = runs ? `Training, ${Math.round(100 * done)} %` : `▶ ${text}`;
    train.replaceChildren(label, " ", html("small", {}, runs ? "" : cost));
    fill(train, { title: told, style: `--done:${runs ? 100 * done : 0}%` }, []);
    const all = html("span", { class: "tlw-wide" }, "all depths ");
    const small = html("small", {}, sweepCost);
    sweep.replaceChildren(...(runs ? ["Stop"] : ["Sweep ", all, small]));
    fill(sweep, { title: runs ? "" : "Train once at every depth" }, []);
  };
}

/** Show the freeze slider and keep it as the model says. */
function showRibbon(model, el, signal) {
  const [sentence, status] = [
    html("p", { class: "tlw-sentence", "aria-live": "polite" }),
    html("p", { class: "tlw-status", role: "status" }),
  ];
  const [number, note] = [html("strong"), html("span")];
  const score = html("div", { class: "tlw-score" }, number, note);
  const [depth, layer] = [svg("g"), svg("g")];
  const { handle, line } = makeHandle();
  const ghost = makeGhost();
  const sides = svg("g");
  const moved = svg("text", { class: "tlw-label", x: 0, y: RIBBON.base });
  const picture = svg("svg", { height: RIBBON.height }, depth, layer, sides, moved, ghost.ghost, handle);
  const hint = html("p", { class: "tlw-hint" });
  const stage = html("div", { class: "tlw-stage" }, hint, picture);
  const row = html("div", { class: "tlw-actions" });
  const more = html("div", { class: "tlw-actions", hidden: "" });
  const curves = html("div", { class: "tlw-curves" });
  const frame = html("div", { class: "tlw tlw-ribbon" },
    html("div", { class: "tlw-top" }, html("div", {}, sentence, status), score),
    stage, row, more, curves);
  el.append(frame);
  const actions = showActions(model, row, () => status.replaceChildren("Waiting for the kernel."), signal);
  showControls(model, { row, more }, signal);
  showMore(row, more, signal);
  let [edges, parts, seen, cutSeen, width] = [[], [], null, 0, 0];
  let [isDragging, hasMoved] = [false, false];

  function drawAll() {
    const view = model.get("view");
    if (!view.blocks) return;
    width = Math.max(280, widthOf(stage));
    edges = edgesOf(view.blocks, width);
    moved.replaceChildren(view.blocks.some((block) => block.moves.length) ? "moved" : "");
    picture.setAttribute("width", width);
    frame.setAttribute("style", Object.entries(view.colours).map(([k, v]) => `--${k}:${v}`).join(";"));
    if (parts.length !== view.blocks.length) {
      layer.replaceChildren();
      parts = view.blocks.map(() => makeBlock(layer));
    }
    parts.forEach((part, i) => placeBlock(part, view.blocks[i], edges[i], edges[i + 1]));
    hint.replaceChildren(view.hint);
    curves.replaceChildren(...view.curves.map((chart) => html("div", {},
      html("div", { class: "tlw-title" }, chart.title),
      drawCurve(chart, Math.max(200, Math.min(390, (width - 24) / 2))))));
    if (view !== seen) {
      actions(view.actions);
      status.replaceChildren(view.status);
    }
    seen = view;
    drawCut();
  }
  /** Draw what follows the handle; nobody needs to be asked for it. */
  function drawCut() {
    const view = model.get("view");
    const cut = Math.min(model.get("cut"), view.blocks.length - 1);
    const shown = view.depth ? drawDepth(view.depth, edges[cut], width) : { drawn: [] };
    depth.replaceChildren(...shown.drawn);
    sides.replaceChildren(...sidesOf(cut, edges[cut], width).map(([text, x, anchor]) =>
      svg("text", { class: `tlw-side ${text}`, x, y: RIBBON.words, "text-anchor": anchor }, text)));
    freeze(parts, cut, cutSeen, view.keep_batchnorm_frozen);
    fill(line, { y1: (shown.height ?? (view.depth ? RIBBON.top : RIBBON.words - 12)) + 7 }, []);
    fill(handle, { transform: `translate(${edges[cut].toFixed(1)} 0)`, "aria-valuenow": cut,
      "aria-valuemax": view.blocks.length - 1, "aria-valuetext": view.blocks[cut].sentence }, []);
    sentence.replaceChildren(view.blocks[cut].sentence);
    tellScore(number, note, view, cut);
    showGhost(ghost, view, cut, edges);
    cutSeen = cut;
  }
  function choose(cut) {
    if (cut === model.get("cut")) return;
    hasMoved = true;
    model.set("cut", cut);
    model.save_changes();
  }
  function letGo() {
    if (hasMoved) model.send({ kind: "released" });
    isDragging = hasMoved = false;
  }
  const place = (event) => event.clientX - picture.getBoundingClientRect().left;
  function begin(event) {
    if (event.button) return;
    event.preventDefault();
    isDragging = true;
    picture.setPointerCapture?.(event.pointerId);
    handle.focus?.({ preventScroll: true });
    choose(cutAt(place(event), edges));
  }
  function hover(event) {
    if (isDragging) return choose(cutAt(place(event), edges));
    const { blocks, status: said } = model.get("view");
    const block = blocks.findIndex((_, i) => place(event) < edges[i + 1]);
    const y = event.clientY - picture.getBoundingClientRect().top;
    status.replaceChildren(y > RIBBON.words && block >= 0 ? blocks[block].info : said);
  }
  function press(event) {
    const last = model.get("view").blocks.length - 1;
    const cut = cutAfterKey(event.key, model.get("cut"), last);
    if (cut === null) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab's own shortcuts would leave the cell
    choose(cut);
  }
  const leave = () => !isDragging && status.replaceChildren(model.get("view").status);
  listen(picture, { pointerdown: begin, pointermove: hover, pointerup: letGo,
    pointercancel: letGo, pointerleave: leave }, signal);
  hearKeys(handle, press, signal);
  listen(handle, { keyup: letGo }, signal);
  const redraw = keepDrawn(stage, drawAll, signal);
  follow(model, ["change:view"], redraw, signal);
  follow(model, ["change:cut"], throttled(() => edges.length && drawCut(), signal), signal);
}

/** Show the button that unfolds what is needed less often. */
function showMore(row, more, signal) {
  const button = html("button", { type: "button", class: "tlw-button tlw-more",
    "aria-expanded": "false" }, "More ▾");
  const toggle = () => {
    more.hidden = !more.hidden;
    button.setAttribute("aria-expanded", String(!more.hidden));
    button.replaceChildren(more.hidden ? "More ▾" : "Less ▴");
  };
  listen(button, { click: toggle }, signal);
  // JupyterLab would take Enter and the arrows for its own.
  const keep = (event) => event.ctrlKey || event.metaKey || event.stopPropagation();
  for (const part of [row, more]) listen(part, { keydown: keep }, signal);
  row.append(button);
}

// What is folded away: a table, or a script to copy.

function tableOf({ columns, rows, best }) {
  const line = (kind, texts) => texts.map((text) => html(kind, {}, text));
  return html("table", { class: "tlw-table" },
    html("thead", {}, html("tr", {}, ...line("th", columns))),
    html("tbody", {}, ...rows.map((texts, i) =>
      html("tr", { class: i === best ? "best" : null }, ...line("td", texts)))));
}

/** Show a fold; what is in it is written while it is open. */
function showDrawer(model, el, signal) {
  const title = html("summary");
  const copy = html("button", { type: "button", class: "tlw-button tlw-copy" }, "Copy");
  // It may scroll, so that the keyboard must reach it.
  const inside = html("div", { class: "tlw-inside", tabindex: 0 });
  const fold = html("details", { class: "tlw tlw-drawer" }, title, inside);
  el.append(fold);

  function draw() {
    const view = model.get("view");
    title.replaceChildren(view.title);
    fold.open = model.get("is_open");
    if (view.code) inside.replaceChildren(copy, html("pre", { class: "tlwidgets-code" }, view.code));
    else inside.replaceChildren(...(view.columns ? [tableOf(view)] : []));
  }
  function turn() {
    if (fold.open === model.get("is_open")) return;
    model.set("is_open", fold.open);
    model.save_changes();
  }
  async function take() {
    await navigator.clipboard.writeText(model.get("view").code);
    copy.replaceChildren("Copied");
  }
  listen(fold, { toggle: turn, keydown: (event) => event.stopPropagation() }, signal);
  listen(copy, { click: take, blur: () => copy.replaceChildren("Copy") }, signal);
  follow(model, ["change:view", "change:is_open"], draw, signal);
  draw();
}

// The button that chooses files and sends them to Python in pieces, one after the other.

// Jupyter's server closes the connection over a message of more than 10 MB.
export const PIECE_BYTES = 4_000_000;

const megabytes = (n) => `${(n / 1e6).toFixed(1)} MB`;

/**
 * Send files; each piece waits until Python has answered the one before. Ends early, with the
 * reason or an empty text, when Python refuses or has begun with another choice.
 */
async function sendInPieces(files, ask, tell) {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let n = 0;
  tell("waiting for the kernel"); // seen only while a cell runs
  let answer = await ask({ kind: "start", files: files.map(({ name, size }) => [name, size]) });
  for (const [i, file] of files.entries()) {
    for (let at = 0; at < file.size; at += PIECE_BYTES) {
      if (!answer.goesOn) return answer.refusal;
      tell(`sending: ${megabytes(n)} of ${megabytes(total)}`);
      let piece;
      try {
        piece = await file.slice(at, at + PIECE_BYTES).arrayBuffer();
      } catch {
        await ask({ kind: "break off" });
        return `${file.name} cannot be read any more. Choose again.`;
      }
      answer = await ask({ kind: "piece", file: i }, piece);
      n += piece.byteLength;
    }
  }
  if (answer.goesOn) answer = await ask({ kind: "end" });
  return answer.refusal;
}

/** Return `ask`: it sends a message of one choice and resolves with what Python answers. */
function conversation(model, signal) {
  // Not crypto.randomUUID: it is missing on pages without https.
  const batch = String(Math.random());
  let resolve = () => {};
  const hear = ({ kind, batch: current, refusal }) => {
    if (kind !== "got") return;
    resolve({ goesOn: current === batch && !refusal && !signal.aborted, refusal });
  };
  follow(model, ["msg:custom"], hear, signal);
  return (content, piece) =>
    new Promise((done) => {
      resolve = done;
      model.send({ ...content, batch }, undefined, piece && [piece]);
    });
}

/** Show the button, and send what is chosen. */
function showFiles(model, el, signal) {
  const { words, accept, many, primary } = model.get("view");
  const look = `tlw-choose${primary ? " primary" : ""}`;
  const input = html("input", { type: "file", accept, multiple: many, hidden: true });
  const button = html("button", { type: "button", class: look });
  const note = html("span", { class: "tlw-sending", "aria-live": "polite" });
  el.append(html("div", { class: "tlw tlw-chooser" }, input, button, note));

  const tell = (text) => note.replaceChildren(text);
  const count = () => {
    const n = model.get("n_chosen");
    button.replaceChildren(n && many ? `${words} (${n})` : words);
  };
  let current = new AbortController(); // of the choice that is being sent

  async function send() {
    const files = [...input.files];
    input.value = ""; // so that the same file can be chosen again
    if (!files.length) return;
    current.abort();
    current = new AbortController();
    const mine = current.signal;
    const reason = await sendInPieces(files, conversation(model, mine), tell);
    if (!mine.aborted) tell(reason);
    current.abort();
  }

  listen(button, { click: () => input.click() }, signal);
  listen(input, { change: send }, signal);
  follow(model, ["change:n_chosen"], count, signal);
  signal.addEventListener("abort", () => current.abort());
  count();
}

// The points of the map: read from bytes, drawn, found, told. Python says who is what.

const SELECTED = 1;
const WRONG = 2;
const CHANGED = 4;
const FULL = 65535;
const REST_BYTES = 6; // x and y in two bytes each, colour, mark
const REACH = 9; // how near the pointer must be, in pixels
const MAP = { height: 274, pad: 8 };

/** Return the bytes of a trait on their own, because a view into a message may begin anywhere. */
function bytesOf(view) {
  if (!view) return new ArrayBuffer(0);
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

/** Return the numbers of a trait of bytes, four bytes each. */
export const readNumbers = (view) => new Float32Array(bytesOf(view));

/** Return all points: those that are always there, and then the rest of the sample. */
export function readPoints({ positions, colours, marks, rest }) {
  const places = new Uint16Array(bytesOf(positions));
  const more = new DataView(bytesOf(rest));
  const nFixed = places.length / 2;
  const nRest = Math.floor(more.byteLength / REST_BYTES);
  const points = { n: nFixed + nRest, nFixed };
  for (const name of ["x", "y"]) points[name] = new Float32Array(points.n);
  for (const name of ["colour", "mark"]) points[name] = new Uint8Array(points.n);
  points.colour.set(new Uint8Array(bytesOf(colours)).subarray(0, nFixed));
  points.mark.set(new Uint8Array(bytesOf(marks)).subarray(0, nFixed));
  for (let i = 0; i < nFixed; i += 1) {
    points.x[i] = places[2 * i] / FULL;
    points.y[i] = places[2 * i + 1] / FULL;
  }
  for (let j = 0; j < nRest; j += 1) {
    const at = j * REST_BYTES;
    points.x[nFixed + j] = more.getUint16(at, true) / FULL;
    points.y[nFixed + j] = more.getUint16(at + 2, true) / FULL;
    points.colour[nFixed + j] = more.getUint8(at + 4);
    points.mark[nFixed + j] = more.getUint8(at + 5);
  }
  return points;
}

/** Return the functions between the map (0..1, y upwards) and pixels. */
export function frameOf(width, height) {
  const [w, h] = [width - 2 * MAP.pad, height - 2 * MAP.pad];
  return {
    x: (value) => MAP.pad + value * w,
    y: (value) => MAP.pad + (1 - value) * h,
    back: (px, py) => [(px - MAP.pad) / w, 1 - (py - MAP.pad) / h],
  };
}

/** Return the index of the point at a place of the map, or -1; those of the sample come first. */
export function pointAt(points, px, py, frame) {
  let best = -1;
  let least = REACH * REACH;
  for (let i = 0; i < points.n; i += 1) {
    const [dx, dy] = [frame.x(points.x[i]) - px, frame.y(points.y[i]) - py];
    const distance = (dx * dx + dy * dy) * (points.mark[i] & SELECTED ? 0.5 : 1);
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function trace(context, points, frame, palette, isIt, shape) {
  const groups = palette.map(() => []);
  for (let i = 0; i < points.n; i += 1) {
    if (isIt(points.mark[i])) groups[points.colour[i]]?.push(i);
  }
  groups.forEach((group, colour) => {
    if (!group.length) return;
    context.beginPath();
    for (const i of group) shape(context, frame.x(points.x[i]), frame.y(points.y[i]));
    context.strokeStyle = context.fillStyle = palette[colour][0];
    shape.finish(context);
  });
}

function shapeOf(draw, finish) {
  return Object.assign((context, x, y) => draw(context, x, y), { finish });
}

const circle = (radius) => (context, x, y) => {
  context.moveTo(x + radius, y);
  context.arc(x, y, radius, 0, 2 * Math.PI);
};
function stroked(width, alpha, ink) {
  return (context) => {
    context.globalAlpha = alpha;
    context.lineWidth = width;
    if (ink) context.strokeStyle = ink;
    context.stroke();
  };
}

function filled(paper, colour) {
  return (context) => {
    context.globalAlpha = 1;
    if (colour) context.fillStyle = colour;
    context.fill();
    if (!paper) return;
    context.lineWidth = 1;
    context.strokeStyle = paper;
    context.stroke();
  };
}

/** Draw everybody: the missed small and grey, the sample above them in its colours. */
export function drawPoints(context, points, palette, frame, { ink, paper, grey }) {
  const draw = (isIt, shape) => trace(context, points, frame, palette, isIt, shape);
  draw((mark) => !(mark & SELECTED), shapeOf(circle(1.8), filled(null, grey)));
  draw((mark) => mark & SELECTED, shapeOf(circle(4.4), filled(paper)));
  draw((mark) => mark & SELECTED && mark & CHANGED, shapeOf(circle(5.6), stroked(1.3, 0.75, ink)));
}

/** Write the names of categories where their middles are. */
function drawLabels(context, labels, frame, { ink, paper, font }) {
  Object.assign(context, { font, textAlign: "center", textBaseline: "middle", lineWidth: 4 });
  Object.assign(context, { strokeStyle: paper, fillStyle: ink, lineJoin: "round" });
  for (const [x, y, text] of labels) {
    context.strokeText(text, frame.x(x), frame.y(y));
    context.fillText(text, frame.x(x), frame.y(y));
  }
}

/** Return what can be told about a point, one line each. */
export function tellPoint(points, i, fields, numbers) {
  const mark = points.mark[i];
  const lines = [mark & SELECTED ? "in my sample" : "missed"];
  lines.push(mark & WRONG ? "the model is wrong ✗" : "the model is right ✓");
  if (mark & CHANGED) lines.push("changed by the drawing");
  if (i >= points.nFixed) return lines; // of the rest only the place is known here
  const values = fields.map(([name, categories], row) => {
    const value = numbers[row * points.nFixed + i];
    return `${name}: ${categories ? categories[value] : Number(value.toPrecision(3))}`;
  });
  return [...lines, ...values];
}

// The brush: a region of the map by mouse and by keyboard, [left, bottom, right, top], each 0..1.

const BRUSH = { step: 0.02, smallest: 0.02, first: [0.3, 0.3, 0.7, 0.7] };

const clamp = (value) => Math.min(1, Math.max(0, value));
const tidy = (box) => box.map((edge) => Math.round(edge * 1000) / 1000);

/** Return the box between two corners, or null where it is too thin to be meant. */
export function boxBetween([ax, ay], [bx, by]) {
  const corners = [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
  const box = corners.map(clamp);
  return Math.min(box[2] - box[0], box[3] - box[1]) < BRUSH.smallest ? null : tidy(box);
}

/** Return the box moved as far as the map reaches; it keeps its size. */
export function boxMoved([left, bottom, right, top], dx, dy) {
  const x = Math.min(1 - right, Math.max(-left, dx));
  const y = Math.min(1 - top, Math.max(-bottom, dy));
  return tidy([left + x, bottom + y, right + x, top + y]);
}

/** Return whether a place lies in the box. */
export function isInside(box, [x, y]) {
  return Boolean(box) && x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3];
}

/**
 * Return the box that a key leads to: arrows move it, with Shift they move its upper right
 * corner; Enter makes one; Escape and Delete give []. null for other keys.
 */
export function boxAfterKey(key, isResizing, box) {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  if (key === "Escape" || key === "Delete") return box ? [] : null;
  if (key === "Enter") return box ? null : BRUSH.first;
  if (!(key in steps)) return null;
  if (!box) return BRUSH.first;
  const [dx, dy] = steps[key].map((step) => step * BRUSH.step);
  if (!isResizing) return boxMoved(box, dx, dy);
  const corner = [box[2] + dx, box[3] + dy].map((v, i) => Math.max(v, box[i] + BRUSH.smallest));
  return boxBetween([box[0], box[1]], corner) || box;
}

/** Return how the box is said, to those who cannot see it. */
export function sayBox(box) {
  if (!box) return "No region chosen: everybody can be drawn.";
  const [left, bottom, right, top] = box.map((edge) => Math.round(100 * edge));
  return `Region: ${left} to ${right} % across, ${bottom} to ${top} % up.`;
}

/** Put an element over the box. */
function placeBox(element, box, frame) {
  element.hidden = !box;
  if (!box) return;
  const [left, bottom, right, top] = box;
  element.style.left = `${frame.x(left)}px`;
  element.style.top = `${frame.y(top)}px`;
  element.style.width = `${frame.x(right) - frame.x(left)}px`;
  element.style.height = `${frame.y(bottom) - frame.y(top)}px`;
}

// The map on the page: a canvas, a brush over it, and what hovering tells.

const MAP_TRAITS = ["positions", "colours", "marks", "rest"];
const MAP_LABEL =
  "Map of the population. Drag over it to draw the sample from one region only; or press Enter, " +
  "then the arrow keys to move the region, with Shift to resize it, Escape to let it go.";

/** Return the legend of colours: a name for each, or the two ends of a scale. */
export function colourKeys({ palette, ends, labels }) {
  const keys = palette.map(([colour, name]) => {
    const sample = chip("", colour);
    return ends ? sample : keyOf(sample, name);
  });
  if (ends) return [html("span", { class: "tlw-scale" }, ends[0], ...keys, ends[1])];
  return labels.length ? [] : keys; // names on the map say it
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
  canvas.height = Math.round(MAP.height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, MAP.height);
  return context;
}

function paint(canvas, points, view, frame, width) {
  const context = prepare(canvas, width);
  const { color: ink, backgroundColor: paper, fontFamily } = getComputedStyle(canvas);
  const grey = `color-mix(in srgb, ${ink} 26%, ${paper})`;
  const look = { ink, paper, grey, font: `600 12px ${fontFamily}` };
  drawPoints(context, points, view.palette, frame, look);
  drawLabels(context, view.labels, frame, look);
}

/** Ask Python once for the picture of each point that is pointed at; `show` is told what came. */
function examples(model, show, signal) {
  const known = new Map();
  const hear = (content) => {
    if (content.kind !== "look") return;
    known.set(content.point, content.source);
    show(content.point);
  };
  follow(model, ["msg:custom"], hear, signal);
  return (point) => {
    if (model.get("has_pictures") && !known.has(point)) {
      known.set(point, null);
      model.send({ kind: "look", point });
    }
    return known.get(point);
  };
}

/** Show the map and keep it as the model says. */
function showMap(model, el, signal) {
  const title = html("b");
  const by = html("select", { class: "tlw-select", "aria-label": "Colour points by" });
  const heading = html("div", { class: "tlw-heading" }, title,
    html("label", {}, " · colour ", by));
  const canvas = html("canvas");
  const box = html("div", { class: "tlw-brush", hidden: "" });
  const tip = html("div", { class: "tlw-tip", hidden: "" });
  const frameLook = { class: "tlw-map", tabindex: 0, role: "group", "aria-label": MAP_LABEL };
  const said = html("div", { class: "tlw-said", "aria-live": "polite" });
  const damaged = keyOf(html("i", { class: "tlw-shape changed" }), "damaged");
  const missed = keyOf(html("i", { class: "tlw-shape missed" }), "missed");
  const invite = html("span", {}, "drag to draw a region");
  const place = html("div", frameLook, canvas,
    html("div", { class: "tlw-invite" }, missed, damaged, invite), box, tip);
  const colours = html("span", { class: "tlw-colours" });
  const keys = html("div", { class: "tlw-legend" }, colours);
  el.append(heading, place, keys, said);
  const brush = { box: null, asked: null, start: null, whole: null };
  let points = readPoints({});
  let frame = frameOf(1, 1);
  let seen = -1; // the point that is told of
  let pointer = [0, 0];

  function draw() {
    const view = model.get("view").map;
    if (!view) return;
    const width = Math.max(240, widthOf(place));
    frame = frameOf(width, MAP.height);
    points = readPoints(Object.fromEntries(MAP_TRAITS.map((name) => [name, model.get(name)])));
    paint(canvas, points, view, frame, width);
    agree(view.region);
    placeBox(box, brush.box, frame);
    title.replaceChildren(view.title);
    damaged.hidden = !view.damaged;
    invite.hidden = Boolean(brush.box);
    colours.replaceChildren(...colourKeys(view));
    offer(by, model.get("view").choices.colour_by);
  }
  // An answer to an earlier step must not undo what a hand has done since.
  function agree(region) {
    const isAnswer = String(region || []) === String(brush.asked);
    if (isAnswer || model.get("view").refused) brush.asked = null;
    if (!brush.start && brush.asked === null) brush.box = region;
  }
  const send = throttled(() => {
    model.set("region", brush.box || []);
    model.save_changes();
  }, signal);
  function choose(next) {
    if (!next || String(next) === String(brush.box)) return;
    brush.asked = next;
    brush.box = next.length ? next : null;
    placeBox(box, brush.box, frame);
    said.replaceChildren(sayBox(brush.box));
    send();
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
    seen = i;
    pointer = [px, py];
    tell(i);
  }
  function tell(i) {
    if (tip.hidden || i !== seen) return;
    const lines = tellPoint(points, i, model.get("fields"), readNumbers(model.get("facts")));
    const source = i < points.nFixed && look(i);
    const picture = source ? [html("img", { src: source, alt: "" })] : [];
    tip.replaceChildren(...picture, html("div", {}, ...lines.map((line) => html("div", {}, line))));
    const [px, py] = pointer;  // the picture comes later, and makes it wider
    placeTip(tip, px, place.clientWidth);
    tip.style.top = `${Math.max(0, Math.min(py, MAP.height - (tip.offsetHeight || 0) - 4))}px`;
  }
  const look = examples(model, tell, signal);
  const letGo = () => (brush.start = brush.whole = null);
  function press(event) {
    const next = boxAfterKey(event.key, event.shiftKey, brush.box);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab's own shortcuts would leave the cell
    choose(next);
  }
  listen(place, { pointerdown: begin, pointermove: move, pointerup: letGo, pointercancel: letGo,
    pointerleave: () => (tip.hidden = true) }, signal);
  hearKeys(place, press, signal);
  listen(by, { change: () => model.send({ kind: "choose", name: "colour_by", value: by.value }),
    keydown: (event) => event.stopPropagation() }, signal);
  const events = ["view", ...MAP_TRAITS].map((name) => `change:${name}`);
  const redraw = keepDrawn(place, draw, signal);
  follow(model, events, redraw, signal);
  onTheme(redraw, signal);
}

// The scores: what the hold-out claims (hollow) and what is true (filled), for each model on one axis.

const SCORES = { left: 112, side: 104, row: 28, top: 6, foot: 20, end: 11 };

/** Return where the two numbers of a row stand: outside of the pair, so that they never meet. */
export function sidesOfPair({ reported, actual, reported_text: claim, actual_text: truth }, x) {
  const known = [[reported, claim], [actual, truth]].filter(([value]) => value !== null);
  known.sort((a, b) => a[0] - b[0]);
  return known.map(([value, text], i) => {
    const isLeft = i === 0 && known.length > 1;
    return { text, x: x(value) + (isLeft ? -SCORES.end : SCORES.end), "text-anchor": isLeft ? "end" : "start" };
  });
}

function drawPair(row, x, y, width, colours) {
  const { reported, actual } = row;
  const drawn = [svg("text", { class: row.is_shown ? "tlw-row" : "", x: 0, y: y + 4 }, row.name)];
  if (row.hint) return [...drawn, svg("text", { class: "tlw-label tlw-over", x: SCORES.left, y: y + 4 }, row.hint)];
  const [text, isClear] = row.gap ?? ["", false];
  if (row.gap) {
    drawn.push(svg("line", { class: isClear ? "tlw-gap" : "tlw-gap faint", x1: x(actual), x2: x(reported),
      y1: y, y2: y, stroke: isClear ? colours.gap : "currentColor" }));
  }
  if (reported !== null) drawn.push(svg("circle", { class: "tlw-claimed", cx: x(reported), cy: y, r: 6.5 }));
  else drawn.push(svg("text", { class: "tlw-label", x: width, y: y + 4, "text-anchor": "end" }, row.reported_text));
  if (actual !== null) drawn.push(svg("circle", { class: "tlw-true", cx: x(actual), cy: y, r: 5 }));
  for (const { text: number, ...place } of sidesOfPair(row, x)) {
    drawn.push(svg("text", { class: "tlw-number tlw-over", ...place, y: y + 4 }, number));
  }
  const look = { class: isClear ? "tlw-verdict clear" : "tlw-verdict", x: width, y: y + 4 };
  return [...drawn, svg("text", { ...look, "text-anchor": "end" }, text)];
}

/** Return all that the scores say, for those who cannot see them. */
export function sayScores(view) {
  return view.rows
    .filter((row) => !row.hint)
    .map(({ name, reported_text: claim, actual_text: truth, gap }) =>
      `${name}: hold-out ${claim}, population ${truth}${gap ? ` (${gap[0]})` : ""}`)
    .join("; ");
}

/** Return the scores as one SVG element. */
export function drawScores(view, colours, width) {
  const bottom = SCORES.top + view.rows.length * SCORES.row;
  const x = scale(view.axis, SCORES.left, width - SCORES.side);
  const across = (name, at) => svg("line", { class: name, x1: x(at), x2: x(at), y1: SCORES.top, y2: bottom });
  const ticks = view.axis.ticks.flatMap(([at, text]) => [across("tlw-grid", at),
    svg("text", { class: "tlw-label", x: x(at), y: bottom + 14, "text-anchor": "middle" }, text)]);
  return svg("svg", { width, height: bottom + SCORES.foot, role: "img",
    "aria-label": `${view.title}. ${sayScores(view)}; ${view.rule[1]}` },
  ...ticks, across("tlw-rule", view.rule[0]),
  ...view.rows.flatMap((row, i) =>
    drawPair(row, x, SCORES.top + (i + 0.5) * SCORES.row, width, colours)));
}

// A distribution: each bin wide and pale for the population, narrow and full for the sample, and
// a stroke across where weighting brings the sample.

const PANEL = { height: 160, top: 8, foot: 18 };

const percent = (share) => `${Math.round(100 * share)} %`;

/** Return what is said of one bin. */
export function sayBin(panel, i) {
  const after = panel.weighted.length ? `, after weighting ${percent(panel.weighted[i])}` : "";
  return `${panel.title} ${panel.names[i]}: population ${percent(panel.population[i])}, ` +
    `my sample ${percent(panel.sample[i])}${after}`;
}

function drawBin(panel, i, step, colours) {
  const bottom = PANEL.height - PANEL.foot;
  const wide = Math.min(step - 2, 74);
  const middle = (i + 0.5) * step;
  const high = (share) => (share / panel.high) * (bottom - PANEL.top);
  const bar = (share, width, attributes) => svg("rect", {
    x: middle - width / 2, width, y: bottom - high(share), height: high(share), ...attributes,
  });
  const { population, sample } = colours;
  const drawn = [
    bar(panel.population[i], wide, { class: "tlw-all", fill: population, stroke: population }),
    bar(panel.sample[i], Math.max(2, wide * 0.46), { class: "tlw-drawn", fill: sample }),
  ];
  if (panel.weighted.length) {
    const y = bottom - high(panel.weighted[i]);
    const [x1, x2] = [middle - wide / 2, middle + wide / 2];
    drawn.push(svg("line", { class: "tlw-weighted", x1, x2, y1: y, y2: y }));
  }
  if (!panel.ticks.length) {
    const place = { class: "tlw-bin", x: middle, y: bottom + 14, "text-anchor": "middle" };
    drawn.push(svg("text", place, fitted(panel.names[i], step)));
  }
  drawn.push(svg("rect", { class: "tlw-hit", x: i * step, width: step, y: 0, height: bottom },
    svg("title", {}, sayBin(panel, i))));
  return drawn;
}

/** Return a panel as one SVG element. */
export function drawPanel(panel, colours, width) {
  const bottom = PANEL.height - PANEL.foot;
  const step = width / panel.names.length;
  const drawn = panel.names.flatMap((_, i) => drawBin(panel, i, step, colours));
  panel.ticks.forEach((text, i) => {
    const anchor = ["start", "middle", "end"][i];
    const place = { class: "tlw-bin", x: (width * i) / 2, y: bottom + 14, "text-anchor": anchor };
    drawn.push(svg("text", place, text));
  });
  drawn.push(svg("line", { class: "tlw-axis", x1: 0, x2: width, y1: bottom, y2: bottom }));
  const look = { width, height: PANEL.height, role: "img", "aria-label": panel.description };
  return svg("svg", look, ...drawn);
}

// The whole explorer: the numbers that matter; left the map, right distribution and scores; repairs.

/** Return a text in which no number is torn from its unit. */
const whole = (text) => text.replaceAll(" %", "\u00a0%");
const ring = (name) => html("i", { class: `tlw-shape ${name}` });

function headOf({ reported, actual, gap, is_clear: isClear, verdict, worst }) {
  const number = (kind, text, ...notes) => html("div", { class: `tlw-big ${kind}` },
    html("strong", {}, text), ...notes.map((note) => html("span", {}, note)));
  return [
    number("claimed", reported, html("span", {}, "your test set says ", ring("claimed"))),
    number("true", actual, html("span", {}, "the population: true ", ring("true"))),
    number(isClear ? "gap" : "", gap, verdict, worst),
  ];
}

function panelOf(panel, colours, width) {
  const weighted = panel.weighted.length ? [keyOf(html("i", { class: "tlw-dash" }), "weighted")] : [];
  return [
    html("div", { class: "tlw-heading" }, html("b", {}, panel.title),
      keyOf(chip("pale", colours.population), "population"),
      keyOf(chip("", colours.sample), "my sample"), ...weighted),
    drawPanel(panel, colours, width),
  ];
}

function scoresOf(scores, colours, width) {
  return [
    html("div", { class: "tlw-heading" }, html("b", {}, scores.title), keyOf(ring("claimed"), "test set says"),
      keyOf(ring("true"), "true"), html("span", { class: "tlw-by" }, `┊ ${scores.rule[1]}`)),
    drawScores(scores, colours, width),
  ];
}

/** Fill a list with options; one that did not change is left alone, with its focus. */
function offer(select, [chosen, options]) {
  if (String(select.offered) !== String(options)) {
    select.replaceChildren(...options.map((text) => html("option", { value: text }, text)));
    select.offered = options;
  }
  select.value = chosen;
}

/** Show repairs as chips, each a radio button; returns how to show others. */
function showRepairs(model, el, signal) {
  const chips = html("div", { class: "tlw-chips", role: "radiogroup", "aria-label": "Repair" });
  let [radios, asked] = [[], null];
  el.append(html("form", {}, chips)); // radio buttons of another view belong to another form
  const choose = ({ target: { value } }) => {
    asked = value;
    model.send({ kind: "choose", name: "repair", value });
  };
  listen(chips, { change: choose, keydown: (event) => event.stopPropagation() }, signal);
  return ([chosen, options]) => {
    if (String(radios.map(({ value }) => value)) !== String(options)) {
      radios = options.map((value) => Object.assign(html("input", { type: "radio", name: "repair" }), { value }));
      chips.replaceChildren(html("b", {}, "Repair"),
        ...radios.map((radio) => html("label", {}, radio, html("span", {}, radio.value))));
    }
    // An answer to an earlier step must not undo what a hand has chosen since.
    if (asked === chosen || model.get("view").refused || !options.includes(asked)) asked = null;
    for (const radio of radios) radio.checked = radio.value === (asked ?? chosen);
  };
}

/** Show everything and keep it as the model says. */
function showExplorer(model, el, signal) {
  const part = (name, ...children) => html("div", { class: `tlw-${name}` }, ...children);
  const said = html("p", { class: "tlw-said", "aria-live": "polite" });
  const [numbers, why, left, panel, scores] = ["numbers", "why", "left", "panel", "scores"].map((name) => part(name));
  const right = part("right", panel, scores);
  const drawn = html("p", { class: "tlw-drawn-how" });
  const row = part("repairs");
  const [worth, warning] = [html("span", { class: "tlw-worth" }),
    html("p", { class: "tlw-warning", role: "status" })];
  const note = html("p", { class: "tlw-note" });
  const frame = html("div", { class: "tlw tlw-bias" }, said, part("head-row", numbers, why),
    part("sides", left, right), row, warning, drawn, note);
  el.append(frame);
  const offerRepairs = showRepairs(model, row, signal);
  row.append(worth);

  function draw() {
    const view = model.get("view");
    if (!view.scores) return;
    const { colours } = view;
    const hues = Object.entries(colours).map(([name, colour]) => `--${name}:${colour}`);
    frame.setAttribute("style", hues.join(";"));
    said.replaceChildren(view.sentence);
    numbers.replaceChildren(...headOf(view.head));
    why.replaceChildren(html("strong", {}, whole(view.finding)), " ", whole(view.fair));
    const width = Math.max(280, widthOf(right));
    panel.replaceChildren(...panelOf(view.panel, colours, width));
    scores.replaceChildren(...scoresOf(view.scores, colours, width));
    offerRepairs(view.choices.repair);
    worth.replaceChildren(view.choices.repair[0] === "none" ? "" : view.worth);
    warning.replaceChildren(view.warning);
    drawn.replaceChildren(view.drawn);
    note.replaceChildren(view.map.note);
  }
  showMap(model, left, signal);
  follow(model, ["change:view"], keepDrawn(frame, draw, signal), signal);
}
