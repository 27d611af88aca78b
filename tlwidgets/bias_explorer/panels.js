// A distribution: each bin wide and pale for the population, narrow and full for the sample, and
// a stroke across where weighting brings the sample.

const PANEL_HEIGHT = 118;
const PANEL_TOP = 8;
const PANEL_FOOT = 20;

const percent = (share) => `${Math.round(100 * share)} %`;

/** Return what is said of one bin. */
export function sayBin(panel, i) {
  const after = panel.weighted.length ? `, after weighting ${percent(panel.weighted[i])}` : "";
  return `${panel.title} ${panel.names[i]}: population ${percent(panel.population[i])}, ` +
    `my sample ${percent(panel.sample[i])}${after}`;
}

/** Return a panel as one SVG element. */
export function drawPanel(panel, colours, width) {
  const bottom = PANEL_HEIGHT - PANEL_FOOT;
  const step = width / panel.names.length;
  const wide = Math.min(step - 2, 74);
  const high = (share) => (share / panel.high) * (bottom - PANEL_TOP);
  const drawn = [];
  panel.names.forEach((name, i) => {
    const middle = (i + 0.5) * step;
    const bar = (share, size, attributes) => svg("rect", {
      x: middle - size / 2, width: size, y: bottom - high(share), height: high(share), ...attributes,
    });
    drawn.push(
      bar(panel.population[i], wide, { class: "tlw-all", fill: colours.population, stroke: colours.population }),
      bar(panel.sample[i], Math.max(2, wide * 0.46), { class: "tlw-drawn", fill: colours.sample }),
    );
    if (panel.weighted.length) {
      const y = bottom - high(panel.weighted[i]);
      drawn.push(svg("line", { class: "tlw-weighted", x1: middle - wide / 2, x2: middle + wide / 2, y1: y, y2: y }));
    }
    if (!panel.ticks.length) {
      drawn.push(svg("text", { x: middle, y: bottom + 14, "text-anchor": "middle", class: "tlw-bin" }, fitted(name, step)));
    }
    drawn.push(svg("rect", { class: "tlw-hit", x: i * step, width: step, y: 0, height: bottom },
      svg("title", {}, sayBin(panel, i))));
  });
  panel.ticks.forEach((text, i) => {
    const anchor = ["start", "middle", "end"][i];
    drawn.push(svg("text", { class: "tlw-bin", x: (width * i) / 2, y: bottom + 14, "text-anchor": anchor }, text));
  });
  drawn.push(svg("line", { class: "tlw-axis", x1: 0, x2: width, y1: bottom, y2: bottom }));
  return svg("svg", { width, height: PANEL_HEIGHT, role: "img", "aria-label": panel.description }, ...drawn);
}
