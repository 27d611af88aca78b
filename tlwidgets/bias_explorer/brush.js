// A region of the map, by mouse and by keyboard: [left, bottom, right, top], each 0..1.

const STEP = 0.02;
const SMALLEST = 0.02;
const FIRST = [0.3, 0.3, 0.7, 0.7];

const clamp = (value) => Math.min(1, Math.max(0, value));
const tidy = (box) => box.map((edge) => Math.round(edge * 1000) / 1000);

/** Return the box between two corners, or null where it is too thin to be meant. */
export function boxBetween([ax, ay], [bx, by]) {
  const box = [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)].map(clamp);
  return box[2] - box[0] < SMALLEST || box[3] - box[1] < SMALLEST ? null : tidy(box);
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
  if (key === "Enter") return box ? null : FIRST;
  if (!(key in steps)) return null;
  if (!box) return FIRST;
  const [dx, dy] = steps[key].map((step) => step * STEP);
  if (!isResizing) return boxMoved(box, dx, dy);
  const corner = [box[2] + dx, box[3] + dy];
  return boxBetween([box[0], box[1]], corner.map((v, i) => Math.max(v, box[i] + SMALLEST))) || box;
}

/** Return how the box is said, to those who cannot see it. */
export function sayBox(box) {
  if (!box) return "No region chosen: everybody can be drawn.";
  const [left, bottom, right, top] = box.map((edge) => Math.round(100 * edge));
  return `Region: ${left} to ${right} % across, ${bottom} to ${top} % up.`;
}

/** Put an element over the box. */
export function placeBox(element, box, frame) {
  element.hidden = !box;
  if (!box) return;
  const [left, bottom, right, top] = box;
  element.style.left = `${frame.x(left)}px`;
  element.style.top = `${frame.y(top)}px`;
  element.style.width = `${frame.x(right) - frame.x(left)}px`;
  element.style.height = `${frame.y(bottom) - frame.y(top)}px`;
}
