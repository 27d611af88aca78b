// The bars: what the hold-out claims (hollow) above what the population knows (filled).

const HEAD = 22;
const ROW = 66;
const BAR = 17;
const FOOT = 34;
const SIDE = 84; // room for the words of a gap
const BETWEEN = 14;
const INSIDE = 42; // a bar shorter than this holds no number
const LETTER = 7.5;

function drawNumber(text, x, left, y, isFilled) {
  const isIn = x - left > INSIDE;
  return svg("text", {
    class: `tlw-number${isIn ? (isFilled ? " on" : "") : " tlw-over"}`,
    x: isIn ? x - 6 : x + 5, y: y + 13, "text-anchor": isIn ? "end" : "start",
  }, text);
}

function drawGap(row, x, y, colours) {
  const isClear = row.gap[1];
  const [from, to] = [x(row.actual), x(row.reported)].sort((a, b) => a - b);
  if (to - from < 1) return [];
  const colour = isClear ? colours.gap : "currentColor";
  return [svg("rect", {
    class: isClear ? "tlw-gap" : "tlw-gap faint", x: from, width: to - from, height: BAR,
    y: row.reported > row.actual ? y + BAR + 2 : y, fill: colour, stroke: colour,
  })];
}

function drawShapes(row, x, y, colours) {
  const drawn = row.gap ? drawGap(row, x, y, colours) : [];
  const bar = (value, attributes) => {
    if (value === null) return;
    const width = Math.max(1, x(value) - x(0));
    drawn.push(svg("rect", { x: x(0), width, height: BAR, ...attributes }));
  };
  bar(row.reported, { class: "tlw-claimed", y, fill: colours.sample, stroke: colours.sample });
  bar(row.actual, { class: "tlw-true", y: y + BAR + 2, fill: colours.population });
  return drawn;
}

function drawTexts(row, x, y) {
  const drawn = [];
  if (row.gap) {
    const [text, isClear] = row.gap;
    const end = Math.max(x(row.actual), x(row.reported));
    const isIn = x(row.actual) - x(0) > INSIDE; // else the number stands there already
    const at = 6 + (isIn ? end : Math.max(end, x(row.actual) + 5 + LETTER * row.actual_text.length));
    const name = isClear ? "tlw-verdict tlw-over clear" : "tlw-verdict tlw-over";
    drawn.push(svg("text", { class: name, x: at, y: y + BAR + 15 }, text));
  }
  if (row.reported === null) {
    drawn.push(svg("text", { class: "tlw-label tlw-over", x: x(0) + 4, y: y + 13 }, row.reported_text));
  } else drawn.push(drawNumber(row.reported_text, x(row.reported), x(0), y, false));
  if (row.actual !== null) {
    drawn.push(drawNumber(row.actual_text, x(row.actual), x(0), y + BAR + 2, true));
  }
  return drawn;
}

function drawColumn(column, axis, left, width, colours) {
  const end = left + width - SIDE;
  const x = (value) => left + ((value - axis.low) / (axis.high - axis.low || 1)) * (end - left);
  const bottom = HEAD + column.rows.length * ROW;
  const [chance, words] = column.rule;
  const drawn = [
    svg("text", { class: "tlw-column", x: left, y: 14 }, fitted(column.name, width),
      svg("title", {}, column.name)),
  ];
  column.rows.forEach((row, i) => {
    const y = HEAD + i * ROW + 20;
    if (!row) return;
    const across = (name, at) => svg("line", { class: name, x1: at, x2: at, y1: y - 2, y2: y + 2 * BAR + 4 });
    drawn.push(...drawShapes(row, x, y, colours), across("tlw-axis", left),
      across("tlw-rule", x(chance)), ...drawTexts(row, x, y));
  });
  axis.ticks.forEach(([at, text], i) => {
    drawn.push(svg("text", { class: "tlw-label", x: x(at), y: bottom + 14, "text-anchor": i ? "middle" : "start" }, text));
  });
  const middle = Math.min(end + SIDE - 50, Math.max(left + 42, x(chance)));
  drawn.push(svg("text", { class: "tlw-label", x: middle, y: bottom + 29, "text-anchor": "middle" }, words));
  return drawn;
}

function drawNames(names, width) {
  return names.map(([name, detail], i) =>
    svg("text", { x: 0, y: HEAD + i * ROW + 14 },
      svg("tspan", { class: "tlw-row" }, name),
      svg("tspan", { class: "tlw-detail", dx: 6 }, fitted(detail, width - 70))),
  );
}

/** Return all that the bars say, for those who cannot see them. */
export function sayBars(view) {
  return view.columns
    .flatMap(({ name, rows }) => rows.map((row, i) => row &&
      `${name}, ${view.names[i][0]}: hold-out ${row.reported_text}, population ${row.actual_text}` +
      `${row.gap ? ` (${row.gap[0]})` : ""}`))
    .filter(Boolean)
    .join("; ");
}

/** Return the bars as one SVG element. */
export function drawBars(view, colours, width) {
  const n = view.columns.length;
  const share = (width - BETWEEN * (n - 1)) / n;
  const height = HEAD + view.names.length * ROW + FOOT;
  return svg(
    "svg",
    { width, height, role: "img", "aria-label": `${view.title}. ${sayBars(view)}` },
    ...drawNames(view.names, width),
    ...view.columns.flatMap((column, i) =>
      drawColumn(column, view.axis, i * (share + BETWEEN), share, colours)),
  );
}
