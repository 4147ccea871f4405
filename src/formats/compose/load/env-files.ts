import type { Files } from "../../../model/reading.ts";
import { parseEnvFile } from "./dotenv.ts";
import type { Lookup } from "./template.ts";

/**
 * The variables of env files for interpolation, later files over earlier ones. `fail` is told of each file that cannot
 * be read or understood.
 */
export function readEnvFiles(
  files: readonly string[],
  io: Files,
  lookup: Lookup,
  fail: (file: string, reason: string) => void,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const file of files) {
    const text = io.read(file);
    if (!text.ok) {
      fail(file, `the env file ${file} cannot be read: ${text.reason}`);
      continue;
    }
    const lines = parseEnvFile(text.value, (name) => lookup(name) ?? found.get(name));
    if (!lines.ok) fail(file, `the env file ${file} is not understood: ${lines.reason}`);
    else for (const { name, text: value } of lines.value) found.set(name, value);
  }
  return found;
}

/** The process's environment. Names such as `constructor` are no variables unless somebody set them. */
export function processLookup(io: Files): Lookup {
  return (name) => (Object.hasOwn(io.environment, name) ? io.environment[name] : undefined);
}

/** One lookup before another. */
export function layered(first: Lookup, second: ReadonlyMap<string, string>): Lookup {
  return (name) => first(name) ?? second.get(name);
}
