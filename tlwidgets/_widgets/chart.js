// Draws a chart as `tlwidgets/_views/chart.py` describes it; only hovering is decided here.

const MARGIN = { left: 52, right: 14, top: 20, bottom: 38 };
const HEIGHT = 230;
const LOW_HEIGHT = 96;
const BAND_LABEL = 14;

/** Return the function from a value to pixels. */
export function scale(axis, from, to) {
  const place = axis.log ? Math.log10 : (value) => value;
  const low = place(axis.low);
  const span = place(axis.high) - low || 1;
  return (value) => from + ((place(value) - low) / span) * (to - from);
}

/** Return how high a chart is, in pixels. */
export const heightOf = (view) => (view.low ? LOW_HEIGHT : HEIGHT);

/** Return where the drawing begins: below the names of the bands, if there are any. */
const topOf = (view) => MARGIN.top + (view.bands.length ? BAND_LABEL : 0);

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
  const bottom = heightOf(view) - MARGIN.bottom;
  const right = width - MARGIN.right;
  const middle = (MARGIN.left + right) / 2;
  const drawn = [];
  for (const [at, text] of view.y.ticks) {
    drawn.push(
      svg("line", { class: "tlw-grid", x1: MARGIN.left, x2: right, y1: y(at), y2: y(at) }),
      svg("text", { x: MARGIN.left - 6, y: y(at) + 4, "text-anchor": "end" }, text),
    );
  }
  for (const [at, text] of view.x.ticks) {
    drawn.push(svg("text", { x: x(at), y: bottom + 16, "text-anchor": "middle" }, text));
  }
  drawn.push(
    svg("line", { class: "tlw-axis", x1: MARGIN.left, x2: right, y1: bottom, y2: bottom }),
    svg("text", { class: "tlw-label", x: middle, y: bottom + 33, "text-anchor": "middle" }, view.x.label),
    svg("text", { class: "tlw-label", x: 4, y: 11 }, view.y.label),
  );
  return drawn;
}

/** Return the outline between two series: along one, and back along the other. */
export function outline(view, [, i, j]) {
  const points = [...view.series[i].points, ...[...view.series[j].points].reverse()];
  return points.filter(([, py]) => py !== null);
}

function drawBackground(view, x, y, width) {
  const bottom = heightOf(view) - MARGIN.bottom;
  const drawn = [];
  view.bands.forEach(([start, end, label], i) => {
    const left = x(start);
    drawn.push(
      svg("rect", {
        class: i % 2 ? "tlw-band odd" : "tlw-band", x: left, y: topOf(view),
        width: Math.max(0, x(end) - left), height: bottom - topOf(view),
      }),
      svg("text", { class: "tlw-label", x: left + 4, y: topOf(view) - 4 },
        fitted(label, x(end) - left - 4)),
    );
  });
  for (const gap of view.gaps || []) {
    const d = pathOf(outline(view, gap), x, y);
    if (d) drawn.push(svg("path", { d: `${d}Z`, fill: gap[0], opacity: 0.14 }));
  }
  for (const [colour, points] of view.areas) {
    drawn.push(svg("path", { d: `${pathOf(points, x, y)}Z`, fill: colour, opacity: 0.14 }));
  }
  for (const [at, label, isBelow] of view.rules) {
    if (!Number.isFinite(y(at))) continue; // zero has no place on a logarithmic axis
    const right = width - MARGIN.right;
    drawn.push(
      svg("line", { class: "tlw-rule", x1: MARGIN.left, x2: right, y1: y(at), y2: y(at) }),
      svg("text", { class: "tlw-label", x: right, y: y(at) + (isBelow ? 13 : -4), "text-anchor": "end" }, label),
    );
  }
  return drawn;
}

function drawMarks(view, x, y, width) {
  return view.marks.flatMap(([px, py, label]) => {
    if (!Number.isFinite(y(py))) return [];
    const isRight = x(px) > width * 0.7;
    return [
      svg("circle", { class: "tlw-mark", cx: x(px), cy: y(py), r: 5 }),
      svg(
        "text",
        {
          class: "tlw-over", x: x(px) + (isRight ? -9 : 9), y: y(py) - 7,
          "text-anchor": isRight ? "end" : "start",
        },
        label,
      ),
    ];
  });
}

/** Return the chart as one SVG element, and its scale of x for hovering. */
export function drawChart(view, width) {
  const height = heightOf(view);
  const x = scale(view.x, MARGIN.left, width - MARGIN.right);
  const y = scale(view.y, height - MARGIN.bottom, topOf(view));
  const picture = svg(
    "svg",
    { width, height, role: "img", "aria-label": `${view.title}. ${view.description}` },
    ...drawBackground(view, x, y, width),
    ...drawAxes(view, x, y, width),
    ...view.series.flatMap((series) => drawSeries(series, x, y)),
    ...drawMarks(view, x, y, width),
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

/** Show a chart and keep it as the model says; returns how to take it down. */
export function showChart(model, el) {
  const controller = new AbortController();
  const { signal } = controller;
  const title = html("div", { class: "tlw-title" });
  const turn = html("button", { class: "tlw-switch", type: "button", hidden: "" });
  const head = html("div", { class: "tlw-head" }, title, turn);
  const place = html("div", { class: "tlw-picture" });
  const tip = html("div", { class: "tlw-tip", hidden: "" });
  const legend = html("div", { class: "tlw-legend" });
  const reading = html("div", { class: "tlw-reading" });
  const frame = html("div", { class: "tlw tlw-chart" }, head, legend, place, tip, reading);
  el.append(frame);
  let x = null;
  let isTurned = false; // whether y is seen the other way, which only this view knows

  function draw() {
    let view = model.get("view");
    if (!view.series) return;
    frame.classList.toggle("tlw-low", Boolean(view.low));
    turn.hidden = !view.y_other;
    if (view.y_other) {
      turn.replaceChildren(view.y_other.log ? "log scale" : "linear scale");
      turn.setAttribute("aria-pressed", String(isTurned));
      if (isTurned) view = { ...view, y: view.y_other };
    }
    const drawn = drawChart(view, Math.max(220, place.clientWidth || 420));
    x = drawn.x;
    place.replaceChildren(drawn.picture);
    title.replaceChildren(view.title);
    legend.replaceChildren(...legendOf(view));
    reading.replaceChildren(view.description);
  }
  function point(event) {
    const left = place.getBoundingClientRect().left;
    const hit = x && nearest(model.get("view"), event.clientX - left, x);
    tip.hidden = !hit || !hit.found.length;
    if (tip.hidden) return;
    const view = model.get("view");
    const tick = view.x.ticks.find(([at]) => at === hit.x);
    const rows = hit.found.map(({ name, colour, values }) =>
      html("div", {}, html("i", { style: `background:${colour}` }), `${name}: ${values.join(", ")}`),
    );
    tip.replaceChildren(html("div", {}, `${view.x.label}: ${tick ? tick[1] : hit.x}`), ...rows);
    const isRight = x(hit.x) > place.clientWidth / 2;
    tip.style.left = isRight ? "" : `${x(hit.x) + 12}px`;
    tip.style.right = isRight ? `${place.clientWidth - x(hit.x) + 12}px` : "";
  }
  turn.addEventListener("click", () => ((isTurned = !isTurned), draw()), { signal });
  place.addEventListener("pointermove", point, { signal });
  place.addEventListener("pointerleave", () => (tip.hidden = true), { signal });
  keepDrawn(model, place, ["view"], draw, signal);
  return () => controller.abort();
}
