// The points of the map: read from bytes, drawn, found, told. Python says who is what.

export const SELECTED = 1;
export const WRONG = 2;
export const CHANGED = 4;
const FULL = 65535;
const REST_BYTES = 6; // x and y in two bytes each, colour, mark
const PAD = 8;
const REACH = 9; // how near the pointer must be, in pixels

/** Return the bytes of a trait on their own, because a view into a message may begin anywhere. */
function bytesOf(view) {
  if (!view) return new ArrayBuffer(0);
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

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
  const [w, h] = [width - 2 * PAD, height - 2 * PAD];
  return {
    x: (value) => PAD + value * w,
    y: (value) => PAD + (1 - value) * h,
    back: (px, py) => [(px - PAD) / w, 1 - (py - PAD) / h],
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
const cross = (size) => (context, x, y) => {
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x - size, y + size);
  context.lineTo(x + size, y - size);
};

function stroked(width, alpha, ink) {
  return (context) => {
    context.globalAlpha = alpha;
    context.lineWidth = width;
    if (ink) context.strokeStyle = ink;
    context.stroke();
  };
}

function filled(paper) {
  return (context) => {
    context.globalAlpha = 1;
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = paper;
    context.stroke();
  };
}

/** Draw everybody: the missed hollow and faint, the sample filled, mistakes as crosses. */
export function drawPoints(context, points, palette, frame, { ink, paper }) {
  const is = (bits) => (mark) => (mark & (SELECTED | WRONG)) === bits;
  const has = (bits) => (mark) => (mark & bits) === bits;
  const draw = (isIt, shape) => trace(context, points, frame, palette, isIt, shape);
  draw(is(0), shapeOf(circle(1.7), stroked(1, 0.42)));
  draw(is(WRONG), shapeOf(cross(2), stroked(1, 0.5)));
  draw(has(SELECTED), shapeOf(circle(4.6), filled(paper)));
  draw(has(SELECTED | CHANGED), shapeOf(circle(6), stroked(1.6, 1, ink)));
  draw(has(SELECTED | WRONG), shapeOf(cross(2.4), stroked(1.7, 1, paper)));
  context.globalAlpha = 1;
}

/** Write the names of categories where their middles are. */
export function drawLabels(context, labels, frame, { ink, paper, font }) {
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
  if (mark & WRONG) lines.push("the model gets it wrong");
  if (mark & CHANGED) lines.push("changed by the drawing");
  if (i >= points.nFixed) return lines; // of the rest only the place is known here
  const values = fields.map(([name, categories], row) => {
    const value = numbers[row * points.nFixed + i];
    return `${name}: ${categories ? categories[value] : Number(value.toPrecision(3))}`;
  });
  return [lines.join(", "), ...values];
}

/** Return the numbers of a trait of bytes, four bytes each. */
export const readNumbers = (view) => new Float32Array(bytesOf(view));
