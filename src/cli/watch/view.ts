import type { Finding } from "../../audit/finding.ts";
import type { Change } from "../../watch/change.ts";
import type { Output } from "../../watch/output.ts";
import { openScreen, type Screen } from "../../watch/outputs/screen.ts";
import type { ViewState } from "../../watch/outputs/view.ts";
import type { Watch } from "../../watch/watch.ts";

/** The live view as an output, with what it shows beside changes. */
export interface WatchView extends Output {
  /** The watch whose state is shown, and what is open in it and not accepted. */
  show(watch: Watch, address: string, open: () => readonly Finding[]): void;
  say(text: string): void;
  counted(): void;
  swept(): void;
}

/** More than any terminal has lines. */
const kept = 500;

/** Takes the terminal over until it is closed; `quit` is called for q and Ctrl-C. */
export function openWatchView(colour: boolean, quit: () => void): WatchView {
  let shown:
    | { readonly watch: Watch; readonly address: string; readonly open: () => readonly Finding[] }
    | undefined;
  let changes: readonly Change[] = [];
  let said: readonly string[] = [];
  let events = 0;
  let sweptAt: number | undefined;

  function state(): ViewState {
    const status = shown?.watch.status();
    return {
      address: shown?.address ?? "",
      connected: status?.connected ?? true,
      known: status?.known ?? false,
      containers: status?.containers ?? 0,
      running: status?.running ?? 0,
      events,
      sweptAgo: sweptAt === undefined ? undefined : (performance.now() - sweptAt) / 1_000,
      open: status?.known ? (shown?.open() ?? []) : [],
      changes,
      said,
    };
  }

  const screen: Screen = openScreen(process.stdout, process.stdin, { colour, state, quit });
  return {
    show(watch, address, open) {
      shown = { watch, address, open };
      screen.changed();
    },
    say(text) {
      said = [...said.slice(-4), text];
      screen.changed();
    },
    counted() {
      events += 1;
      screen.changed();
    },
    swept() {
      sweptAt = performance.now();
      screen.changed();
    },
    send(change) {
      // What was open at the beginning is in the list of what is open.
      if (change.cause.kind !== "start") changes = [change, ...changes].slice(0, kept);
      screen.changed();
    },
    async close() {
      screen.close();
    },
  };
}
