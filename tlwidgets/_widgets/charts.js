// Shows several charts side by side, each with its own legend, hovering and switch.

/** Show a model's list of charts, each as its own; returns how to take them down. */
export function showCharts(model, el) {
  const frame = html("div", { class: "tlw-charts" });
  el.append(frame);
  const parts = [];
  function update() {
    const views = model.get("view").charts || [];
    while (parts.length > views.length) parts.pop().close();
    views.forEach((view, i) => (i < parts.length ? parts[i].show(view) : parts.push(part(view))));
  }
  function part(first) {
    let view = first;
    let redraw = null;
    const box = html("div");
    frame.append(box);
    const own = { get: () => view, on: (_, draw) => (redraw = draw), off: () => (redraw = null) };
    const close = showChart(own, box);
    return {
      show: (next) => ((view = next), redraw?.()),
      close: () => (close(), box.remove()),
    };
  }
  model.on("change:view", update);
  update();
  return () => {
    model.off("change:view", update);
    while (parts.length) parts.pop().close();
  };
}
