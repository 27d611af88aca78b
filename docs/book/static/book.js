// A saved widget's own module draws it once more: what it shows needs no kernel.

const model = (state) => ({
  get: (name) => state[name],
  on() {}, off() {}, set() {}, send() {}, save_changes() {},
});

async function draw(place) {
  const state = JSON.parse(place.querySelector("script").textContent);
  const style = document.createElement("style");
  style.textContent = state._css;
  place.append(style);
  // A page that was opened as a file may not import a file, but may import this.
  const url = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
  const { default: view } = await import(url);
  await view.render({ model: model(state), el: place });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".still-view").forEach(draw);
});

// The search shows the words around a hit by reading the page; a file may not read a file.
if (typeof DOCUMENTATION_OPTIONS !== "undefined" && location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
