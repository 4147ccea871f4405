import { readFileSync } from "node:fs";
import { whyUnread } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { SecretPlace } from "../../watch/outputs/settings.ts";

const mostBytes = 64 * 1024;

/** A secret from where bulkhead.yaml says that it stands. A reason names the place, never what was found there. */
export function readSecret(
  { env, file }: SecretPlace,
  environment: NodeJS.ProcessEnv = process.env,
): Result<string> {
  if (env !== undefined) {
    const value = environment[env];
    return value ? ok(value) : failed(`the environment variable ${env} is not set`);
  }
  const path = (file ?? "").replace(
    /^\$CREDENTIALS_DIRECTORY(?=\/)/,
    environment.CREDENTIALS_DIRECTORY ?? "$&",
  );
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return failed(`${path}: ${whyUnread(error)}`);
  }
  const value = text.replace(/\r?\n$/, "");
  if (value === "") return failed(`${path} is empty`);
  if (value.length > mostBytes || /[\r\n\0]/.test(value)) return failed(`${path} holds more than one line`);
  return ok(value);
}
