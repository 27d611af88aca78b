// The handles of stock sliders have no names of their own (ipywidgets 8.1): those around this view
// get the words that stand beside them, or the question that they answer.

export default {
  render({ model, el }) {
    let around = null;
    function name() {
      for (const handle of around.querySelectorAll(".noUi-handle")) {
        const label = handle.closest(".widget-slider")?.querySelector(".widget-label");
        handle.setAttribute("aria-label", label?.textContent.trim() || model.get("question"));
      }
    }
    const changes = new MutationObserver(name);
    // An element has no size, and so no place on the page, until it is attached.
    const arrival = new ResizeObserver(() => {
      around = el.closest(".widget-vbox");
      if (!around) return;
      arrival.disconnect();
      changes.observe(around, { childList: true, characterData: true, subtree: true });
      name();
    });
    el.style.height = "1px";
    arrival.observe(el);
    return () => {
      arrival.disconnect();
      changes.disconnect();
    };
  },
};
