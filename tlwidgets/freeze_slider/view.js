// The ribbon of blocks. Python decides what it says; dragging and hovering stay here.

const TOP = 22;
const BLOCK = 52;
const STRIP = 12;
const RIBBON_HEIGHT = TOP + BLOCK + 8 + STRIP + 6;
const EDGE = 12;
const WORD = 48; // room for the longer one of the two words above

/** Return where each block begins, in pixels, and where the last one ends. */
export function edgesOf(blocks, width) {
  const edges = [EDGE];
  for (const block of blocks) {
    edges.push(edges[edges.length - 1] + block.share * (width - 2 * EDGE));
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

function drawBlock(block, isFrozen, left, right, view) {
  const { frozen, trainable } = view.colours;
  const width = right - left;
  const middle = (left + right) / 2;
  const wide = width > 7.6 * block.name.length + 8;
  const isNormFrozen = isFrozen || view.keep_batchnorm_frozen;
  const drawn = [
    svg(
      "rect",
      {
        class: "tlw-block", x: left, y: TOP, width, height: BLOCK, rx: 4,
        fill: isFrozen ? frozen : trainable,
      },
      svg("title", {}, block.info),
    ),
  ];
  const y = TOP + (block.batchnorm ? 22 : 30);
  if (wide) {
    drawn.push(svg("text", { class: "tlw-name", x: middle, y, "text-anchor": "middle" }, block.name));
  }
  if (block.batchnorm && width > 26) {
    drawn.push(
      svg("rect", {
        x: middle - 12, y: TOP + 31, width: 24, height: 14, rx: 7, stroke: "#fff",
        fill: isNormFrozen ? frozen : trainable, "pointer-events": "none",
      }),
      svg("text", { class: "tlw-norm", x: middle, y: TOP + 41, "text-anchor": "middle" }, "BN"),
    );
  }
  return drawn;
}

function drawMoves(block, left, right, view) {
  const y = TOP + BLOCK + 8;
  const step = (right - left - 4) / Math.max(1, block.moves.length);
  return block.moves.map(([hasMoved, text], i) =>
    svg(
      "rect",
      {
        x: left + 2 + i * step, y, width: Math.max(1, step - 1), height: STRIP,
        fill: hasMoved ? view.colours.trainable : "none",
        stroke: hasMoved ? "none" : view.colours.frozen, "stroke-width": 1,
      },
      svg("title", {}, text),
    ),
  );
}

/** Return the words beside the boundary and their places; none is cut off at an edge. */
export function sidesOf(cut, boundary, width) {
  const right = Math.min(boundary + 8, width - WORD);
  if (cut === 0) return [["trains", right, "start"]];
  const left = Math.max(WORD, Math.min(boundary, right) - 8);
  return [["frozen", left, "end"], ["trains", Math.max(right, left + 8), "start"]];
}

/** Return the ribbon as SVG children: sides, blocks, and the strip that proves what moved. */
export function drawRibbon(view, cut, width) {
  const edges = edgesOf(view.blocks, width);
  const sides = sidesOf(cut, edges[cut], width);
  const drawn = sides.map(([text, x, anchor]) =>
    svg("text", { class: "tlw-side", x, y: 15, "text-anchor": anchor }, text),
  );
  view.blocks.forEach((block, i) => {
    drawn.push(...drawBlock(block, i < cut, edges[i], edges[i + 1], view));
    drawn.push(...drawMoves(block, edges[i], edges[i + 1], view));
  });
  return drawn;
}

function moveHandle(handle, view, cut, edges) {
  const x = edges[cut];
  handle.setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
  handle.setAttribute("aria-valuenow", cut);
  handle.setAttribute("aria-valuemax", view.blocks.length - 1);
  handle.setAttribute("aria-valuetext", view.sentence);
}

function makeHandle() {
  return svg(
    "g",
    {
      class: "tlw-handle", role: "slider", tabindex: 0, "aria-valuemin": 0,
      "aria-label": "First block that trains",
    },
    svg("rect", { x: -2, y: TOP - 4, width: 4, height: RIBBON_HEIGHT - TOP + 2, rx: 2 }),
    svg("rect", { class: "grip", x: -8, y: TOP + BLOCK / 2 - 12, width: 16, height: 24, rx: 6 }),
  );
}

/** Show the ribbon and keep it as the model says; returns how to take it down. */
export function showRibbon(model, el) {
  const controller = new AbortController();
  const { signal } = controller;
  const handle = makeHandle();
  const layer = svg("g");
  const picture = svg("svg", { height: RIBBON_HEIGHT }, layer, handle);
  const sentence = html("p", { class: "tlw-sentence", "aria-live": "polite" });
  const [info, cost, proof] = ["tlw-info", "tlw-cost", "tlw-info"].map((name) =>
    html("p", { class: name }),
  );
  const frame = html("div", { class: "tlw tlw-ribbon" }, sentence, picture, proof, info, cost);
  el.append(frame);
  let edges = [];
  let isDragging = false;
  let hasMoved = false;

  function draw() {
    const view = model.get("view");
    if (!view.blocks) return;
    const width = Math.max(320, frame.clientWidth || 700);
    const cut = Math.min(model.get("cut"), view.blocks.length - 1);
    edges = edgesOf(view.blocks, width);
    picture.setAttribute("width", width);
    layer.replaceChildren(...drawRibbon(view, cut, width));
    moveHandle(handle, view, cut, edges);
    sentence.replaceChildren(view.sentence);
    cost.replaceChildren(view.cost);
    proof.replaceChildren(view.proof);
    info.replaceChildren(view.blocks[cut].info);
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
    const block = edges.findIndex((edge, i) => place(event) < (edges[i + 1] ?? Infinity));
    const { blocks } = model.get("view");
    info.replaceChildren(blocks[Math.min(block, blocks.length - 1)].info);
  }
  function press(event) {
    const last = model.get("view").blocks.length - 1;
    const cut = cutAfterKey(event.key, model.get("cut"), last);
    if (cut === null) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab's own shortcuts would leave the cell
    choose(cut);
  }
  picture.addEventListener("pointerdown", begin, { signal });
  picture.addEventListener("pointermove", hover, { signal });
  picture.addEventListener("pointerup", letGo, { signal });
  picture.addEventListener("pointercancel", letGo, { signal });
  picture.addEventListener("pointerleave", () => !isDragging && draw(), { signal });
  handle.addEventListener("keydown", press, { signal });
  handle.addEventListener("keyup", letGo, { signal });
  keepDrawn(model, frame, ["view", "cut"], draw, signal);
  return () => controller.abort();
}
