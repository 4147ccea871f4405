import { join, resolve } from "node:path";
import { failed, ok, type Result } from "../../base/result.ts";
import { stateFolder } from "../../base/state-folder.ts";
import { isPostgresUrl } from "../../fleet/serve.ts";
import { readSecret } from "../watch/secrets.ts";
import type { ServeOptions } from "./options.ts";

/** Where findings are kept. The password of PostgreSQL stands in a file, or in PGPASSWORD: who lists processes reads arguments. */
export function storeOf({
  store,
  storePasswordFile,
}: Pick<ServeOptions, "store" | "storePasswordFile">): Result<{
  readonly place: string;
  readonly password: string | undefined;
}> {
  if (storePasswordFile !== undefined && (store === undefined || !isPostgresUrl(store))) {
    return failed("--store-password-file belongs to --store postgres://…");
  }
  if (store === undefined) return ok({ place: join(stateFolder(), "serve.db"), password: undefined });
  if (!isPostgresUrl(store)) return ok({ place: resolve(store), password: undefined });
  if (storePasswordFile === undefined) return ok({ place: store, password: undefined });
  const password = readSecret({ file: resolve(storePasswordFile) });
  return password.ok ? ok({ place: store, password: password.value }) : failed(password.reason);
}
