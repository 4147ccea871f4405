import { whyDatabase } from "../../store/database.ts";
import { claimMeasure, type Rule, rulesOf } from "../../store/notifications/rules.ts";
import { fleetCounts } from "../metrics.ts";
import { shownTarget } from "../notify/post.ts";
import type { Service } from "../service.ts";
import { sendCounts } from "./otlp.ts";

/** Milliseconds between two looks for what is due. */
const look = 10_000;
/** Milliseconds between two sendings of the counts to one receiver. */
const every = 60_000;

export interface Meter {
  close(): Promise<void>;
}

/**
 * Sends the counts of each rule by OTLP once a minute, whichever replica comes first. Counts that could not be sent are not sent
 * later: the next minute has newer ones.
 */
export function openMeter({ database, version, say }: Service): Meter {
  const ending = new AbortController();
  /** Rules whose receiver took nothing the last time. */
  const failing = new Set<number>();
  let isFailing = false;
  let running: Promise<void> | undefined;

  async function round(): Promise<void> {
    try {
      const rules = (await rulesOf(database, "changes")).filter(({ type }) => type === "otlp");
      await Promise.all(rules.map(measure));
      isFailing = false;
    } catch (error) {
      if (!isFailing && !ending.signal.aborted) say(`counts cannot be sent: ${whyDatabase(error)}`);
      isFailing = true;
    }
  }

  async function measure(rule: Rule): Promise<void> {
    const now = Date.now();
    if (!URL.canParse(rule.target) || !(await claimMeasure(database, rule.id, now, every))) return;
    const counts = await fleetCounts(database, now, rule.team === null ? "all" : [rule.team]);
    const { signal } = ending;
    const collector = { base: new URL(rule.target), token: rule.token, version, signal };
    const posted = await sendCounts(collector, rule.name, counts);
    if (signal.aborted) return;
    if (posted.outcome === "taken") {
      if (failing.delete(rule.id)) say(`${shownTarget(rule)} takes counts again`);
      return;
    }
    if (!failing.has(rule.id)) {
      say(`${shownTarget(rule)} ${posted.reason}: these counts are lost; newer ones are sent each minute`);
    }
    failing.add(rule.id);
  }

  function wake(): void {
    running ??= round().finally(() => {
      running = undefined;
    });
  }

  const timer = setInterval(wake, look);
  wake();
  return {
    async close() {
      ending.abort();
      clearInterval(timer);
      await running;
    },
  };
}
