/** Milliseconds. */
export interface Pauses {
  /** Until what changed is sent: what comes together goes together. */
  readonly gather: number;
  /** Between two reports where nothing changes. */
  readonly beat: number;
  /** The shortest and the longest pause after a failure. */
  readonly first: number;
  readonly longest: number;
  /** How long the end may take. */
  readonly end: number;
}

export const usualPauses: Pauses = {
  gather: 500,
  beat: 60_000,
  first: 1_000,
  longest: 300_000,
  end: 3_000,
};

/** When a report is sent: one at a time, soon after a change, once a beat, and later and later while the server fails. */
export interface Pace {
  /** Sends within this many milliseconds, unless a failure makes it wait. */
  wake(after: number): void;
  /** The report failed: the next try comes after a pause, which the server may have asked for. */
  backOff(asked: number | undefined): void;
  /** The server answers again. Gives whether it failed before. */
  recover(): boolean;
  /** Failures since the last answer. */
  failures(): number;
  /** Waits for the report under way, and then sends one more where one is wanted. */
  finish(isWanted: () => boolean): Promise<void>;
}

export interface PaceOptions {
  readonly pauses: Pauses;
  /** Sends what there is, and gives whether the server took any of it. `isDue`: although nothing changed. */
  readonly send: (isDue: boolean) => Promise<boolean>;
  /** Whether something came while the last report was under way. */
  readonly isMore: () => boolean;
  readonly ended: AbortSignal;
  /** 0 to 1. */
  readonly random: () => number;
  readonly clock: () => number;
}

/** A server that asks for more patience than this is asked earlier. */
const longestAsked = 3_600_000;

export function keepPace({ pauses, send, isMore, ended, random, clock }: PaceOptions): Pace {
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = 0;
  /** Apart from the other timer: a wake that finds nothing to tell must not put off the beat. */
  let beat: NodeJS.Timeout | undefined;
  let isBackingOff = false;
  let failures = 0;

  function schedule(isDue: boolean, after: number): void {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => begin(isDue), after);
    timerAt = clock() + after;
  }

  function begin(isDue: boolean): void {
    if (timer) clearTimeout(timer);
    timer = undefined;
    isBackingOff = false;
    let wasTold = false;
    running = send(isDue)
      .then((told) => {
        wasTold = told;
      })
      .finally(() => {
        running = undefined;
        if (ended.aborted) return;
        if (wasTold || !beat) startBeat();
        if (!timer && isMore()) schedule(false, pauses.gather);
      });
  }

  function startBeat(): void {
    if (beat) clearTimeout(beat);
    beat = setTimeout(onBeat, pauses.beat * (0.9 + random() / 5));
  }

  function onBeat(): void {
    beat = running ? setTimeout(onBeat, pauses.gather) : undefined;
    if (!running && !isBackingOff) begin(true);
  }

  function stopTimers(): void {
    if (timer) clearTimeout(timer);
    if (beat) clearTimeout(beat);
    timer = undefined;
    beat = undefined;
  }

  return {
    wake(after) {
      if (running || isBackingOff || ended.aborted) return;
      if (timer && timerAt <= clock() + after) return;
      schedule(false, after);
    },
    backOff(asked = 0) {
      failures += 1;
      const doubled = Math.min(pauses.longest, pauses.first * 2 ** Math.min(failures - 1, 30));
      const patience = Math.min(asked, longestAsked);
      isBackingOff = true;
      // Many hosts that failed together come again one after another.
      schedule(true, Math.max(doubled * (0.5 + random() / 2), patience * (1 + random() / 4)));
    },
    recover() {
      const hadFailed = failures > 0;
      failures = 0;
      return hadFailed;
    },
    failures: () => failures,
    async finish(isWanted) {
      stopTimers();
      await running;
      if (!ended.aborted && isWanted()) await send(false);
      stopTimers();
    },
  };
}
