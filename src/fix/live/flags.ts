import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import { readDockerdCommand } from "../../formats/daemon-json/dockerd.ts";
import { keysInFlags, placeInUnit } from "../../formats/daemon-json/flag-places.ts";
import { besideUnit } from "../../formats/daemon-json/surroundings.ts";
import { wordsFrom } from "../../formats/daemon-json/words.ts";
import { keyOfField } from "../../formats/daemon-json/write/flag.ts";
import type { EnginePatch } from "../../model/patch.ts";

/** Where systemd looks for a unit, the first folder first (systemd.unit(5)). */
const folders = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
] as const;

/**
 * Why daemon.json cannot make the patch, where a running dockerd has the option from a flag: it refuses to start with both.
 * Names the line of its unit where that can be found.
 */
export function givenAsFlag(
  patch: EnginePatch,
  commandLine: readonly string[],
  io: DiskFiles,
): string | undefined {
  const key = keyOfField(patch.field);
  const words = wordsFrom(commandLine, { kernel: "cmdline" });
  if (key === undefined || !keysInFlags(words).has(key)) return undefined;
  const place = placeOf(key, io);
  const where = place ? `at ${place} (systemctl edit docker.service)` : "where dockerd is started";
  return `dockerd has ${key} from a flag and refuses to start with both: change it ${where}`;
}

/**
 * Why log options cannot be set, where the driver that dockerd will start with is not the one that runs: options of one driver
 * keep dockerd from starting with another (moby: daemon/logs.go), and `dockerd --validate` does not notice.
 */
export function whyNoLogOptions(
  patches: readonly EnginePatch[],
  file: { readonly text: string; readonly file: string },
  commandLine: readonly string[],
): string | undefined {
  if (!patches.some(({ field }) => field === "logOptions")) return undefined;
  const words = wordsFrom(commandLine, { kernel: "cmdline" });
  const subject = readDockerdCommand(words, "engine", file.text === "" ? undefined : file).subjects[0];
  const driver = subject?.kind === "engine" ? subject.views[0]?.logDriver : undefined;
  if (!driver || driver.state === "unset") return undefined;
  const name = driver.state === "set" ? driver.value : undefined;
  if (name === "json-file") return undefined;
  return `${file.file} names the log driver ${name ?? "that cannot be read"}, which dockerd uses from its next start: with an option of json-file it would not start`;
}

function placeOf(key: string, io: DiskFiles): string | undefined {
  const file = folders.map((folder) => `${folder}/docker.service`).find((path) => io.exists(path));
  const text = file === undefined ? undefined : io.read(file);
  if (file === undefined || !text?.ok) return undefined;
  const { around } = besideUnit(file, io);
  const found = placeInUnit({ file, text: text.value }, around, key);
  return found && `${found.file}:${found.startLine}`;
}
