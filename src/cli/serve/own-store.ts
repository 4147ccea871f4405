import { statSync } from "node:fs";
import { resolve } from "node:path";
import { ok, type Result } from "../../base/result.ts";
import {
  type AskedToken,
  backUpFile,
  isPostgresUrl,
  makeToken,
  resetPassword,
  restoreFile,
  tokenScopes,
} from "../../fleet/serve.ts";
import { complain } from "../common/complain.ts";
import type { ServeOptions } from "./options.ts";
import { storeOf } from "./store.ts";

type StoreOptions = Pick<ServeOptions, "store" | "storePasswordFile">;

/** `bulkhead serve backup FILE`. */
export async function backUp(file: string, options: StoreOptions): Promise<number> {
  const place = fileOf(options, "pg_dump");
  if (!place.ok) return complain(place.reason);
  const to = resolve(file);
  const done = await backUpFile(place.value, to);
  if (!done.ok) return complain(done.reason);
  process.stdout.write(`${to} is a copy of ${place.value}, ${statSync(to).size} bytes\n`);
  return 0;
}

/** `bulkhead serve restore FILE`. */
export async function restore(file: string, options: StoreOptions): Promise<number> {
  const place = fileOf(options, "pg_restore");
  if (!place.ok) return complain(place.reason);
  const done = await restoreFile(resolve(file), place.value);
  if (!done.ok) return complain(done.reason);
  const before = done.value === undefined ? "" : `; what was there is ${done.value}`;
  process.stdout.write(`${place.value} is restored from ${resolve(file)}${before}\n`);
  return 0;
}

/** `bulkhead serve reset-password NAME`. */
export async function offerReset(
  name: string,
  options: StoreOptions & { readonly url?: URL },
): Promise<number> {
  const store = storeOf(options);
  if (!store.ok) return complain(store.reason);
  const made = await resetPassword(store.value, name);
  if (!made.ok) return complain(made.reason);
  const page = options.url?.origin ?? "http://127.0.0.1:7070";
  process.stdout.write(
    `Open this link to set a new password for ${name}. It works once, until tomorrow:\n\n  ${page}/#/join/${made.value.token}\n\n`,
  );
  return 0;
}

/** `bulkhead serve make-token NAME`. */
export async function makeApiToken(
  name: string,
  options: StoreOptions & Pick<AskedToken, "account" | "days"> & { readonly scope: readonly string[] },
): Promise<number> {
  const store = storeOf(options);
  if (!store.ok) return complain(store.reason);
  const strange = options.scope.find((each) => !tokenScopes.some((scope) => scope === each));
  if (strange !== undefined) return complain(`--scope ${strange}: it is one of ${tokenScopes.join(", ")}`);
  if (options.scope.length === 0) return complain(`--scope is needed: ${tokenScopes.join(", ")}`);
  const scopes = tokenScopes.filter((scope) => options.scope.includes(scope));
  const made = await makeToken(store.value, { ...options, token: name, scopes });
  if (!made.ok) return complain(made.reason);
  process.stdout.write(`${made.value}\n`);
  return 0;
}

function fileOf(options: StoreOptions, tool: string): Result<string> {
  const store = storeOf(options);
  if (!store.ok) return store;
  return isPostgresUrl(store.value.place)
    ? { ok: false, reason: `PostgreSQL has its own tool for this: ${tool}` }
    : ok(store.value.place);
}
