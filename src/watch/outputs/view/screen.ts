import { findingKey } from "../../change.ts";
import { pageOf, viewLines } from "./lines.ts";
import { type Effect, keysOf, press } from "./press.ts";
import { itemsOf, start, type ViewModel, type ViewState } from "./state.ts";

/** Redraws at most this often, in milliseconds, however much happens; a key shows what it does at once. */
const pause = 200;

/** A terminal that shows the live view until it is closed; what stood there before comes back then. */
export interface Screen {
  /** Redraws. */
  changed(): void;
  close(): void;
}

const enter = "\u001b[?1049h\u001b[?25l";
const leave = "\u001b[?25h\u001b[?1049l";
const home = "\u001b[H";
const clearLine = "\u001b[K";
const clearBelow = "\u001b[J";

/** `act` is called for what keys ask for beside another look. */
export function openScreen(
  stdout: NodeJS.WriteStream,
  stdin: NodeJS.ReadStream,
  options: {
    readonly colour: boolean;
    readonly state: () => ViewState;
    readonly act: (effect: Effect) => void;
  },
): Screen {
  let timer: NodeJS.Timeout | undefined;
  let drawn = Number.NEGATIVE_INFINITY;
  let closed = false;
  let model: ViewModel = start;

  const sizeNow = () => ({
    columns: stdout.columns || 80,
    rows: stdout.rows || 24,
    colour: options.colour,
  });

  function draw(): void {
    timer = undefined;
    if (closed) return;
    drawn = performance.now();
    const lines = viewLines(options.state(), sizeNow(), model).map((line) => `${line}${clearLine}`);
    stdout.write(`${home}${lines.join("\r\n")}${clearBelow}`);
  }

  function changed(): void {
    if (closed) return;
    timer ??= setTimeout(draw, Math.max(0, drawn + pause - performance.now()));
  }

  const decoder = new TextDecoder();
  const onKeys = (chunk: Uint8Array) => {
    for (const key of keysOf(decoder.decode(chunk, { stream: true }))) {
      if (closed) return;
      const state = options.state();
      const pressed = press(model, key, {
        items: itemsOf(state, model.filter),
        open: new Set(state.open.map(findingKey)),
        page: pageOf(state, sizeNow().rows, model),
        now: Date.now(),
      });
      model = pressed.model;
      if (pressed.effect) options.act(pressed.effect);
    }
    if (timer) clearTimeout(timer);
    draw();
  };
  // Seconds pass, too.
  const clock = setInterval(changed, 1_000);
  stdout.write(enter);
  stdout.on("resize", changed);
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on("data", onKeys);
    stdin.resume();
  }
  const restore = () => stdout.write(leave);
  // A process that ends in another way must not leave the terminal without its cursor.
  process.once("exit", restore);
  draw();
  return {
    changed,
    close() {
      if (closed) return;
      closed = true;
      clearInterval(clock);
      if (timer) clearTimeout(timer);
      stdout.off("resize", changed);
      if (stdin.isTTY) {
        stdin.setRawMode(false);
        stdin.off("data", onKeys);
        stdin.pause();
      }
      process.off("exit", restore);
      restore();
    },
  };
}
