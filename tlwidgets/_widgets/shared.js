// What every view of ours needs. Python puts this text in front of each view's own module,
// because a module that comes from a Blob URL cannot import its neighbours.

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

/** Draw now, whenever a trait changes, and whenever the element gets another width. */
export function keepDrawn(model, element, traits, draw, signal) {
  const redraw = throttled(draw, signal);
  for (const trait of traits) model.on(`change:${trait}`, redraw);
  // JupyterLab takes cells that are out of sight off the page: what has no width keeps its picture.
  const observer = new ResizeObserver(() => element.clientWidth && redraw());
  observer.observe(element);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    for (const trait of traits) model.off(`change:${trait}`, redraw);
  });
  draw();
}
