// A button that chooses files and sends them to Python in pieces, one after the other.

// Jupyter's server closes the connection over a message of more than 10 MB.
export const PIECE_BYTES = 4_000_000;

const megabytes = (n) => `${(n / 1e6).toFixed(1)} MB`;

/**
 * Send files; each piece waits until Python has answered the one before. Ends early, with the
 * reason or an empty text, when Python refuses or has begun with another choice.
 */
export async function sendInPieces(files, ask, tell) {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let n = 0;
  tell("waiting for the kernel"); // seen only while a cell runs
  let answer = await ask({ kind: "start", files: files.map(({ name, size }) => [name, size]) });
  for (const [i, file] of files.entries()) {
    for (let at = 0; at < file.size; at += PIECE_BYTES) {
      if (!answer.goesOn) return answer.refusal;
      tell(`sending: ${megabytes(n)} of ${megabytes(total)}`);
      let piece;
      try {
        piece = await file.slice(at, at + PIECE_BYTES).arrayBuffer();
      } catch {
        await ask({ kind: "break off" });
        return `${file.name} cannot be read any more. Choose again.`;
      }
      answer = await ask({ kind: "piece", file: i }, piece);
      n += piece.byteLength;
    }
  }
  if (answer.goesOn) answer = await ask({ kind: "end" });
  return answer.refusal;
}

/** Return `ask`: it sends a message of one choice and resolves with what Python answers. */
export function conversation(model, signal) {
  // Not crypto.randomUUID: it is missing on pages without https.
  const batch = String(Math.random());
  let resolve = () => {};
  const hear = ({ kind, batch: current, refusal }) => {
    if (kind === "got") resolve({ goesOn: current === batch && !refusal && !signal.aborted, refusal });
  };
  model.on("msg:custom", hear);
  signal.addEventListener("abort", () => model.off("msg:custom", hear));
  return (content, piece) =>
    new Promise((done) => {
      resolve = done;
      model.send({ ...content, batch }, undefined, piece && [piece]);
    });
}

export function showChooser(model, el) {
  const controller = new AbortController();
  const { signal } = controller;
  const { words, accept, many, primary } = model.get("view");
  const input = html("input", { type: "file", accept, multiple: many, hidden: true });
  const button = html("button", { type: "button", class: `tlw-choose${primary ? " primary" : ""}` });
  const note = html("span", { class: "tlw-sending", "aria-live": "polite" });
  el.append(html("div", { class: "tlw tlw-chooser" }, input, button, note));

  const tell = (text) => note.replaceChildren(text);
  const count = () => {
    const n = model.get("n_chosen");
    button.replaceChildren(n && many ? `${words} (${n})` : words);
  };
  let current = new AbortController();

  async function send() {
    const files = [...input.files];
    input.value = ""; // so that the same file can be chosen again
    if (!files.length) return;
    current.abort();
    current = new AbortController();
    const mine = current.signal;
    const reason = await sendInPieces(files, conversation(model, mine), tell);
    if (!mine.aborted) tell(reason);
    current.abort();
  }

  button.addEventListener("click", () => input.click(), { signal });
  input.addEventListener("change", send, { signal });
  model.on("change:n_chosen", count);
  count();
  signal.addEventListener("abort", () => {
    current.abort();
    model.off("change:n_chosen", count);
  });
  return () => controller.abort();
}
