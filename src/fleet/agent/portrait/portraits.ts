import type { Rules } from "../../../audit/evaluate.ts";
import { failed, type Result } from "../../../base/result.ts";
import type { ConnectOptions } from "../../../engine/connect/endpoint.ts";
import type { Change } from "../../../watch/change.ts";
import type { KernelPlaces } from "../../../watch/inventory/inventory.ts";
import type { Portrait } from "../../protocol/report.ts";

/** Takes portraits of a host now and then, and keeps the latest. */
export interface Portraits {
  latest(): Portrait | undefined;
  /** Everything was read: the first one can be taken. */
  ready(): void;
  /** A change of the Engine's own brings the next one forward. */
  changes(changes: readonly Change[]): void;
  close(): Promise<void>;
}

export interface PortraitsOptions {
  readonly take: () => Promise<Result<Portrait>>;
  /** There is a new one. */
  readonly taken: (portrait: Portrait) => void;
  readonly say: (text: string) => void;
  readonly pauses?: PortraitPauses;
}

/** Milliseconds. */
export interface PortraitPauses {
  /** After the watch began, and after a change of the Engine's own. */
  readonly soon: number;
  /** Between two. */
  readonly usual: number;
}

const usualPauses: PortraitPauses = { soon: 10_000, usual: 3_600_000 };

export function openPortraits({ take, taken, say, pauses = usualPauses }: PortraitsOptions): Portraits {
  let latest: Portrait | undefined;
  let timer: NodeJS.Timeout | undefined;
  let dueAt = 0;
  let running: Promise<void> | undefined;
  let isWanted = false;
  let isFailing = false;
  let isOver = false;

  function schedule(after: number): void {
    if (isOver) return;
    if (timer) clearTimeout(timer);
    timer = setTimeout(begin, after);
    timer.unref();
    dueAt = Date.now() + after;
  }

  function begin(): void {
    timer = undefined;
    isWanted = false;
    running = attempt().finally(() => {
      running = undefined;
      // Hosts that were started together do not all report together.
      schedule(isWanted ? pauses.soon : pauses.usual * (0.9 + Math.random() / 5));
    });
  }

  async function attempt(): Promise<void> {
    const made = await take().catch((error: unknown) => failed(String(error)));
    if (isOver) return;
    if (made.ok) {
      latest = made.value;
      taken(latest);
    } else if (!isFailing) say(`the settings of this host could not be read: ${made.reason}`);
    isFailing = !made.ok;
  }

  return {
    latest: () => latest,
    ready() {
      if (!timer && !running) schedule(pauses.soon);
    },
    changes(changes) {
      if (!changes.some(({ finding }) => finding.subject === "engine")) return;
      if (running) isWanted = true;
      else if (timer && dueAt > Date.now() + pauses.soon) schedule(pauses.soon);
    },
    async close() {
      isOver = true;
      if (timer) clearTimeout(timer);
      await running;
    },
  };
}

interface HostPortraits extends Pick<PortraitsOptions, "taken" | "say"> {
  readonly connect: ConnectOptions;
  readonly places: KernelPlaces;
  readonly rules: () => Rules;
}

/** Portraits of the Engine that a watch watches. */
export function portraitsOf({ connect, places, rules, taken, say }: HostPortraits): Portraits {
  return openPortraits({
    async take() {
      // The benchmark is loaded only if a portrait is taken.
      const { takePortrait } = await import("./take.ts");
      return await takePortrait({ connect, places, rules: rules() });
    },
    taken,
    say,
  });
}
