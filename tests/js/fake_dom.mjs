// As much of a page as the views need: elements that keep what they are given, and nothing else.

export class FakeElement {
  static width = 500; // of every element
  get clientWidth() {
    return FakeElement.width;
  }
  constructor(name) {
    Object.assign(this, { name, attributes: {}, children: [], style: {} });
    this.listeners = [];
    const names = new Set();
    this.classList = {
      toggle: (key, on) => (on ? names.add(key) : names.delete(key)),
      contains: (key) => names.has(key),
    };
  }
  get hidden() {
    return "hidden" in this.attributes;
  }
  set hidden(isHidden) {
    if (isHidden) this.attributes.hidden = "";
    else delete this.attributes.hidden;
  }
  setAttribute(key, value) {
    this.attributes[key] = value;
  }
  append(...children) {
    for (const child of children) {
      if (child instanceof FakeElement) child.parent = this;
      this.children.push(child);
    }
  }
  replaceChildren(...children) {
    this.children = [];
    this.append(...children);
  }
  remove() {
    this.parent.children = this.parent.children.filter((child) => child !== this);
  }
  addEventListener(type, listener, { signal } = {}) {
    const entry = { type, listener };
    this.listeners.push(entry);
    signal?.addEventListener("abort", () => {
      this.listeners = this.listeners.filter((other) => other !== entry);
    });
  }
  fire(type, event = {}) {
    for (const entry of this.listeners) if (entry.type === type) entry.listener(event);
  }
  /** A canvas, on which nothing is seen. */
  getContext() {
    return new Proxy({}, { get: (own, name) => own[name] ?? (() => {}), set: () => true });
  }
  getBoundingClientRect() {
    return { left: 0, top: 0 };
  }
  /** All elements below with this class or name. */
  all(what) {
    const below = this.children.filter((child) => child instanceof FakeElement);
    const isIt = (e) => e.name === what || (e.attributes.class || "").split(" ").includes(what);
    return below.flatMap((child) => [...(isIt(child) ? [child] : []), ...child.all(what)]);
  }
  get text() {
    return this.children.map((child) => child.text ?? String(child)).join("");
  }
  countListeners() {
    const below = this.children.filter((child) => child instanceof FakeElement);
    return this.listeners.length + below.reduce((n, child) => n + child.countListeners(), 0);
  }
}

/** A model as anywidget gives it, which counts who listens. */
export class FakeModel {
  constructor(state) {
    Object.assign(this, { state, listeners: [], sent: [], nSaved: 0 });
  }
  send(content, _callbacks, buffers) {
    this.sent.push(content);
    this.answer?.(content, buffers);
  }
  save_changes() {
    this.nSaved += 1;
  }
  get(key) {
    return this.state[key];
  }
  on(event, listener) {
    this.listeners.push([event, listener]);
  }
  off(event, listener) {
    this.listeners = this.listeners.filter(([e, l]) => e !== event || l !== listener);
  }
  set(key, value) {
    this.state[key] = value;
    for (const [event, listener] of [...this.listeners]) {
      if (event === `change:${key}`) listener();
    }
  }
  /** A message from Python. */
  hear(content) {
    for (const [event, listener] of [...this.listeners]) if (event === "msg:custom") listener(content);
  }
}

const frames = [];
export const observers = new Set();

/** Let the browser draw its next frame. */
export function nextFrame() {
  for (const draw of frames.splice(0)) draw?.();
}

/** The page around the views, which hears what is pressed anywhere. */
export const page = new FakeElement("document");

globalThis.document = Object.assign(page, {
  body: new FakeElement("body"),
  createElement: (name) => new FakeElement(name),
  createElementNS: (_, name) => new FakeElement(name),
});
globalThis.getComputedStyle = () => ({ color: "black", backgroundColor: "white", fontFamily: "sans" });
globalThis.requestAnimationFrame = (draw) => frames.push(draw) - 1;
globalThis.cancelAnimationFrame = (index) => (frames[index] = null);
/** Tell all who watch the size of an element. */
export function resize() {
  for (const observer of observers) observer.hear();
}

globalThis.ResizeObserver = globalThis.MutationObserver = class {
  constructor(hear) {
    this.hear = hear;
  }
  observe() {
    observers.add(this);
  }
  disconnect() {
    observers.delete(this);
  }
};
