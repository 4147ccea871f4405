import { type ViewState, viewLines } from "./view.ts";

/** Redraws at most this often, in milliseconds, however much happens. */
const pause = 200;

/** A terminal that shows the live view until it is closed; what stood there before comes back then. */
export interface Screen {
  /** Redraws. */
  changed(): void;
  close(): void;
}

/** q, Q, Ctrl-C, Ctrl-D. */
const quitKeys: readonly number[] = [0x71, 0x51, 3, 4];

const enter = "\u001b[?1049h\u001b[?25l";
const leave = "\u001b[?25h\u001b[?1049l";
const home = "\u001b[H";
const clearLine = "\u001b[K";
const clearBelow = "\u001b[J";

/** `quit` is called for q, Ctrl-C and Ctrl-D. */
export function openScreen(
  stdout: NodeJS.WriteStream,
  stdin: NodeJS.ReadStream,
  options: { readonly colour: boolean; readonly state: () => ViewState; readonly quit: () => void },
): Screen {
  let timer: NodeJS.Timeout | undefined;
  let drawn = Number.NEGATIVE_INFINITY;
  let closed = false;

  function draw(): void {
    timer = undefined;
    if (closed) return;
    drawn = performance.now();
    const size = { columns: stdout.columns || 80, rows: stdout.rows || 24, colour: options.colour };
    const lines = viewLines(options.state(), size).map((line) => `${line}${clearLine}`);
    stdout.write(`${home}${lines.join("\r\n")}${clearBelow}`);
  }

  function changed(): void {
    if (closed) return;
    timer ??= setTimeout(draw, Math.max(0, drawn + pause - performance.now()));
  }

  const onKey = (chunk: Uint8Array) => {
    if (chunk.some((byte) => quitKeys.includes(byte))) options.quit();
  };
  // Seconds pass, too.
  const clock = setInterval(changed, 1_000);
  stdout.write(enter);
  stdout.on("resize", changed);
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on("data", onKey);
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
        stdin.off("data", onKey);
        stdin.pause();
      }
      process.off("exit", restore);
      restore();
    },
  };
}
