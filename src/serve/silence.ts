import { whyDatabase } from "../store/database.ts";
import { findSilent, silentAfter } from "../store/fleet/own-findings.ts";
import type { Service } from "./service.ts";

const every = 30_000;

/** Looks for hosts that fell silent. Not at once: while nobody served, no host could be heard. Gives what ends it. */
export function watchSilence({ database, news, say }: Service): () => void {
  const since = Date.now();
  let isFailing = false;
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - since < silentAfter) return;
    findSilent(database, now).then(
      (names) => {
        isFailing = false;
        for (const name of names) say(`${name} is silent: nothing was heard of it for five minutes`);
        if (names.length > 0) news.tell("findings");
      },
      (error: unknown) => {
        if (!isFailing) say(`silent hosts cannot be looked for: ${whyDatabase(error)}`);
        isFailing = true;
      },
    );
  }, every);
  return () => clearInterval(timer);
}
