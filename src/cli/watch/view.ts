import type { Finding } from "../../audit/finding.ts";
import type { Change } from "../../watch/change.ts";
import type { Output } from "../../watch/outputs/output.ts";
import type { Effect } from "../../watch/outputs/view/press.ts";
import { openScreen, type Screen } from "../../watch/outputs/view/screen.ts";
import type { ViewState } from "../../watch/outputs/view/state.ts";
import type { Watch } from "../../watch/watch.ts";
import type { Distribution } from "./distribution.ts";

/** The live view as an output, with what it shows beside changes. */
export interface WatchView extends Output {
  /** The watch whose state is shown, what is done with its changes, and what is open in it and not accepted. */
  show(watch: Watch, distribution: Distribution, address: string, open: () => readonly Finding[]): void;
  say(text: string): void;
  counted(): void;
  swept(): void;
}

/** More than any terminal has lines. */
const kept = 500;

/** Takes the terminal over until it is closed; `quit` is called for q and Ctrl-C. */
export function openWatchView(colour: boolean, quit: () => void): WatchView {
  let shown:
    | {
        readonly watch: Watch;
        readonly distribution: Distribution;
        readonly address: string;
        readonly open: () => readonly Finding[];
      }
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
      silenceOf: shown?.distribution.silenceOf() ?? (() => undefined),
    };
  }

  function say(text: string): void {
    said = [...said.slice(-4), text];
    screen.changed();
  }

  function act(effect: Effect): void {
    if (effect.effect === "quit") {
      quit();
      return;
    }
    if (!shown) return;
    const { distribution } = shown;
    const done =
      effect.effect === "silence"
        ? distribution.silence(effect.request)
        : distribution.unsilence(effect.finding);
    say(done.ok ? done.value : done.reason);
  }

  const screen: Screen = openScreen(process.stdout, process.stdin, { colour, state, act });
  return {
    show(watch, distribution, address, open) {
      shown = { watch, distribution, address, open };
      screen.changed();
    },
    say,
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
