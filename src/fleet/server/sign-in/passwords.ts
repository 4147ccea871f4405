import { createHash, randomBytes } from "node:crypto";
import { failed, ok, type Result } from "../../../base/result.ts";
import { roleOf } from "../../store/accounts/accounts.ts";
import { type Author, invite } from "../../store/accounts/invitations.ts";
import type { FleetDatabase } from "../../store/open.ts";

/** The fewest characters that a password may have: what can be guessed is what is short. */
export const shortestPassword = 12;
/** More would only be work for the hash. */
export const longestPassword = 256;

export interface Passwords {
  /** An argon2id hash in PHC form. */
  hash(password: string): Promise<string>;
  /** Takes as long where there is no hash to compare with, so that the time does not tell which names there are. */
  matches(hash: string | undefined, password: string): Promise<boolean>;
}

/**
 * Argon2id with 19 MiB, two passes and one lane, as OWASP's Password Storage Cheat Sheet says. The library is native and
 * optional, so it is loaded here and not before.
 */
export async function openPasswords(): Promise<Result<Passwords>> {
  const loaded = await import("@node-rs/argon2").catch((error: unknown) => String(error));
  if (typeof loaded === "string") {
    return failed(
      loaded.includes("'@node-rs/argon2'")
        ? "the password library is not installed (npm install @node-rs/argon2@2.2.1)"
        : `the password library @node-rs/argon2 cannot be loaded here: ${loaded.split("\n", 1)[0]}`,
    );
  }
  const options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
  const nobody = await loaded.hash("nobody has this password", options);
  return ok({
    hash: (password) => loaded.hash(password, options),
    async matches(hash, password) {
      const isRight = await loaded.verify(hash ?? nobody, password);
      return isRight && hash !== undefined;
    },
  });
}

/** What a browser or a link holds: 32 random bytes, in base64url. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** What the database holds of it: who reads the database cannot sign in by it. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Hashes at the same time, and those that wait, in all and of one address. A hash takes 19 MiB and some 50 ms of a CPU. */
const limits = { atOnce: 2, waiting: 20, ofOne: 4 };

/** Gives work its turn; undefined at once where too much waits already. */
export interface HashTurns {
  run<T>(address: string, work: () => Promise<T>): Promise<T | undefined>;
}

export function openHashTurns(): HashTurns {
  const waiting: { readonly address: string; go(): void }[] = [];
  let running = 0;
  return {
    async run(address, work) {
      if (running >= limits.atOnce) {
        const alike = waiting.filter((each) => each.address === address).length;
        if (waiting.length >= limits.waiting || alike >= limits.ofOne) return undefined;
        await new Promise<void>((go) => waiting.push({ address, go }));
      } else running += 1;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next.go();
        else running -= 1;
      }
    },
  };
}

const day = 86_400_000;

/** A link's token by which an account with a password gets a new one; undefined if there is none such. */
export async function makeReset(
  database: FleetDatabase,
  account: { readonly id: number } | { readonly name: string },
  author: Author,
): Promise<{ readonly token: string; readonly expires: number; readonly name: string } | undefined> {
  const row = await database
    .selectFrom("account")
    .select(["id", "name", "role"])
    .where("issuer", "is", null)
    .where((where) => ("id" in account ? where("id", "=", account.id) : where("name", "=", account.name)))
    .executeTakeFirst();
  if (!row) return undefined;
  const token = newToken();
  const now = Date.now();
  const expires = now + day;
  await invite(database, {
    ...{ token: hashToken(token), role: roleOf(row.role), account: row.id },
    ...{ author: { name: author.name, id: author.id }, now, expires },
  });
  return { token, expires, name: row.name };
}
