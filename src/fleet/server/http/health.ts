import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { whyDatabase } from "../../store/database.ts";
import type { FleetDatabase } from "../../store/open.ts";
import { isPostgresUrl } from "../../store/postgres.ts";

/** Milliseconds that an answer of the database is remembered, and that it may take. */
const remembered = 1_000;
const patience = 1_500;
/** Bytes. With less room below the database's file nothing can be kept for long. */
const leastRoom = 16 * 1024 * 1024;

/** Why nothing can be served or kept now, as a sentence without its full stop; undefined if all is well. Never rejects. */
export type Readiness = () => Promise<string | undefined>;

/** Looks at the database and, where it is a file, at the room on its disk. */
export function openReadiness(database: FleetDatabase, place: string): Readiness {
  let known: { readonly why: string | undefined; readonly until: number } | undefined;
  let looking: Promise<string | undefined> | undefined;
  const look = async () => {
    const why = (await whyNoAnswer(database)) ?? (isPostgresUrl(place) ? undefined : await whyNoRoom(place));
    known = { why, until: Date.now() + remembered };
    return why;
  };
  return async () => {
    if (known && known.until > Date.now()) return known.why;
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return await looking;
  };
}

async function whyNoAnswer(database: FleetDatabase): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("The database does not answer"), patience);
  });
  const asked = database
    .selectFrom("setting")
    .select("name")
    .limit(1)
    .execute()
    .then(
      () => undefined,
      (error: unknown) => `The database cannot be used: ${whyDatabase(error)}`,
    );
  const why = await Promise.race([asked, late]);
  clearTimeout(timer);
  return why;
}

async function whyNoRoom(place: string): Promise<string | undefined> {
  try {
    const { bavail, bsize } = await statfs(dirname(place));
    return bavail * bsize < leastRoom ? "The disk of the database is full" : undefined;
  } catch {
    return "The folder of the database is gone";
  }
}
