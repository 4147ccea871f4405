import type { Files } from "../../../model/reading.ts";
import { parseEnvFile } from "./dotenv.ts";
import type { Lookup } from "./template.ts";

/**
 * The variables of env files for interpolation, later files over earlier ones. `fail` is told of each file that cannot
 * be read or understood, and of a variable that is too long where it is asked for.
 */
export function readEnvFiles(
  files: readonly string[],
  io: Files,
  lookup: Lookup,
  fail: (file: string, reason: string) => void,
): Lookup {
  const found = new Map<string, string>();
  const tooLong = new Map<string, string>();
  const find: Lookup = (name) => {
    const file = tooLong.get(name);
    if (file !== undefined) fail(file, `the variable ${name} of ${file} grows to more than 128 KiB`);
    return found.get(name);
  };
  for (const file of files) {
    const text = io.read(file);
    if (!text.ok) {
      fail(file, `the env file ${file} cannot be read: ${text.reason}`);
      continue;
    }
    const lines = parseEnvFile(text.value, (name) => lookup(name) ?? find(name));
    if (!lines.ok) fail(file, `the env file ${file} is not understood: ${lines.reason}`);
    else {
      for (const line of lines.value) {
        found.delete(line.name);
        tooLong.delete(line.name);
        if (line.tooLong) tooLong.set(line.name, file);
        else found.set(line.name, line.text);
      }
    }
  }
  return find;
}

/** The process's environment. Names such as `constructor` are no variables unless somebody set them. */
export function processLookup(io: Files): Lookup {
  return (name) => {
    if (Object.hasOwn(io.environment, name)) return io.environment[name];
    // Every login has it (pam_systemd(8)), a CI does not. Whose it is changes nothing here.
    return name === "XDG_RUNTIME_DIR" ? "/run/user/1000" : undefined;
  };
}

/** One lookup before another. */
export function layered(first: Lookup, second: Lookup): Lookup {
  return (name) => first(name) ?? second(name);
}
