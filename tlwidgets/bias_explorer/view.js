// The whole picture: the sentence; left the map, right the bars; below them the distributions.

const WAIT_MS = 250;

/**
 * Ask for the careful model when a gesture has ended. While a slider is dragged Python answers
 * with a quick one and says so. Here, because no slider of the page tells when it is let go: it
 * has ended when nothing is pressed, or when nothing has come for a quarter of a second.
 */
export function watchRelease(model, signal) {
  let timer = null;
  let isHeld = false;
  function release() {
    clearTimeout(timer);
    if (model.get("view").quick) model.send({ kind: "released" });
  }
  function follow() {
    clearTimeout(timer);
    if (!model.get("view").quick) return;
    if (isHeld) timer = setTimeout(release, WAIT_MS);
    else release();
  }
  const held = (is) => () => {
    isHeld = is;
    if (!is) release();
  };
  const options = { signal, capture: true };
  for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, held(true), options);
  for (const type of ["pointerup", "pointercancel", "keyup"]) {
    document.addEventListener(type, held(false), options);
  }
  model.on("change:view", follow);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change:view", follow);
  });
}

const chip = (kind, colour, text) =>
  html("span", { class: "tlw-key" },
    html("i", { class: `tlw-chip ${kind}`, style: `--colour:${colour}` }), text);

function meterOf({ share, is_low: isLow, text }, colours) {
  const bar = html("div", { class: "tlw-meter", role: "meter", "aria-label": text,
    "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": share },
    html("div", { class: "tlw-level", style: `width:${100 * share}%;${isLow ? `background:${colours.gap}` : ""}` }));
  return [html("span", {}, text), bar];
}

function barsOf({ bars, colours, meter }, width) {
  return [
    html("div", { class: "tlw-title" }, bars.title),
    html("div", { class: "tlw-legend" },
      chip("claimed", colours.sample, "my hold-out says"),
      chip("", colours.population, "the population knows"),
      chip("gap", colours.gap, "the gap"), html("span", { class: "tlw-by" }, bars.better)),
    drawBars(bars, colours, width),
    html("div", { class: "tlw-effective" }, ...meterOf(meter, colours)),
  ];
}

function panelOf(panel, colours, width) {
  return html("div", {},
    html("div", { class: "tlw-title" }, panel.title),
    drawPanel(panel, colours, width),
    html("div", { class: "tlw-note" }, panel.description));
}

const panelKeys = (colours) => [
  chip("pale", colours.population, "population"),
  chip("", colours.sample, "my sample"),
  html("span", { class: "tlw-key" }, html("i", { class: "tlw-dash" }), "my sample after weighting"),
];

/** Show everything and keep it as the model says; returns how to take it down. */
export function showExplorer(model, el) {
  const controller = new AbortController();
  const { signal } = controller;
  const sentence = html("p", { class: "tlw-sentence", "aria-live": "polite" });
  const warning = html("p", { class: "tlw-warning", role: "status" });
  const left = html("div", { class: "tlw-left" });
  const right = html("div", { class: "tlw-right" });
  const drawn = html("p", { class: "tlw-drawn-how" });
  const keys = html("div", { class: "tlw-legend tlw-keys" });
  const below = html("div", { class: "tlw-panels" });
  const frame = html("div", { class: "tlw tlw-bias" }, sentence, warning,
    html("div", { class: "tlw-sides" }, left, right), drawn, keys, below);
  el.append(frame);

  function draw() {
    const view = model.get("view");
    if (!view.bars) return;
    frame.setAttribute("data-model", view.quick ? "quick" : "careful");
    sentence.replaceChildren(html("strong", {}, view.headline), " ", view.details);
    warning.replaceChildren(view.warning);
    right.replaceChildren(...barsOf(view, Math.max(330, right.clientWidth || 520)));
    drawn.replaceChildren(view.drawn);
    keys.replaceChildren(...panelKeys(view.colours));
    const width = Math.max(200, (below.clientWidth || 800) / view.panels.length - 14);
    below.replaceChildren(...view.panels.map((panel) => panelOf(panel, view.colours, width)));
  }
  showMap(model, left, signal);
  watchRelease(model, signal);
  keepDrawn(model, frame, ["view"], draw, signal);
  return () => controller.abort();
}
