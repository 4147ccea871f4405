import { whyDatabase } from "../store/database.ts";
import { forgetResolved } from "../store/fleet/hosts.ts";
import { findSilent, silentAfter } from "../store/fleet/own-findings.ts";
import type { Service } from "./service.ts";

const every = 30_000;
const day = 86_400_000;

/** Milliseconds that a finding stays after it was resolved. */
export const retention = 90 * day;

/**
 * Looks for hosts that fell silent, and forgets what was resolved long ago. Silent is no host at once: while nobody served, none
 * could be heard. Gives what ends it.
 */
export function keepUp({ database, news, say }: Service): () => void {
  const since = Date.now();
  let forgotAt = 0;
  let isFailing = false;

  async function round(): Promise<void> {
    const now = Date.now();
    if (now - forgotAt >= day) {
      await forgetResolved(database, now - retention);
      forgotAt = now;
    }
    if (now - since < silentAfter) return;
    const names = await findSilent(database, now);
    for (const name of names) say(`${name} is silent: nothing was heard of it for five minutes`);
    if (names.length > 0) news.tell("findings");
  }

  function look(): void {
    round().then(
      () => {
        isFailing = false;
      },
      (error: unknown) => {
        if (!isFailing) say(`silent hosts cannot be looked for: ${whyDatabase(error)}`);
        isFailing = true;
      },
    );
  }

  look();
  const timer = setInterval(look, every);
  return () => clearInterval(timer);
}
