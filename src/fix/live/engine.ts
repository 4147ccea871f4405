import { execFile } from "node:child_process";
import { type BigIntStats, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { HostSight } from "../../engine/host/host.ts";
import { readDockerdCommand } from "../../formats/daemon-json/dockerd.ts";
import { keysInFlags } from "../../formats/daemon-json/invocation.ts";
import { besideUnit } from "../../formats/daemon-json/surroundings.ts";
import { placeInUnit } from "../../formats/daemon-json/unit.ts";
import { wordsFrom } from "../../formats/daemon-json/words.ts";
import { keyOfField } from "../../formats/daemon-json/write/keys.ts";
import type { EnginePatch } from "../../model/patch.ts";

/**
 * Why the daemon.json that dockerd reads cannot be changed from here; undefined where it can. A rootless dockerd has mounts of its
 * own: its file is changed by the user who runs it, where the same path leads both to the same folder.
 */
export function whyNotFromHere(host: HostSight | undefined, address: string): string | undefined {
  const elsewhere = `dockerd of ${address} does not run here, so its daemon.json cannot be seen`;
  if (host?.process !== "dockerd") return elsewhere;
  if (host.sameFiles) return undefined;
  const { path } = host.configFile;
  if (!isSamePlace(path, `${host.root}${path}`)) return elsewhere;
  const owner = statusOf(host.folder)?.uid;
  if (owner === BigInt(process.getuid?.() ?? -1)) return undefined;
  return `dockerd of ${address} runs as uid ${owner}, whose file ${path} is: run this command as that user`;
}

/** Whether both lead to the same file, or to the same folder where there is none yet. */
function isSamePlace(here: string, there: string): boolean {
  const [own, theirs] = [statusOf(here), statusOf(there)];
  if (own && theirs) return own.dev === theirs.dev && own.ino === theirs.ino;
  return !own && !theirs && here !== "/" && isSamePlace(dirname(here), dirname(there));
}

function statusOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/**
 * Lets dockerd itself say whether it would start with a daemon.json, together with its flags: what both set it refuses.
 * `undefined` where dockerd is not here to be asked.
 *
 * @see https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file
 */
export async function validate(
  text: string,
  commandLine: readonly string[],
): Promise<Result<void> | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-daemon-json-"));
  try {
    const file = join(folder, "daemon.json");
    writeFileSync(file, text, { mode: 0o600 });
    return await asked([...flagsOf(commandLine), "--validate", "--config-file", file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** dockerd's own flags but the file's. */
function flagsOf([, ...words]: readonly string[]): readonly string[] {
  const at = words.indexOf("--config-file");
  const kept = at < 0 ? words : words.toSpliced(at, 2);
  return kept.filter((word) => !word.startsWith("--config-file="));
}

function asked(words: readonly string[]): Promise<Result<void> | undefined> {
  return new Promise((resolve) => {
    execFile("dockerd", words, { timeout: 20_000 }, (error, _, stderr) => {
      if (!error) resolve(ok(undefined));
      else if (error.code === "ENOENT") resolve(undefined);
      else resolve(failed(reasonOf(stderr)));
    });
  });
}

/** The last line is the error; what stands before it are warnings. */
function reasonOf(stderr: string): string {
  const line = stderr.trim().split("\n").at(-1) ?? "";
  return (
    line.replace(/^unable to configure the Docker daemon with file \S+: /, "").trim() || "it gives no reason"
  );
}

/** What dockerd takes on by itself when it is sent SIGHUP; everything else waits for a restart. */
const reloaded = new Set<EnginePatch["field"]>([
  "liveRestore",
  "insecureRegistries",
  "authorizationPlugins",
  "defaultRuntime",
]);

/** What needs what, in sentences. */
export function whenItHolds(patches: readonly EnginePatch[], isRootless: boolean): readonly string[] {
  const systemctl = isRootless ? "systemctl --user" : "systemctl";
  const fields = new Set(patches.map(({ field }) => field));
  const later = [...fields].filter((field) => !reloaded.has(field));
  const now = [...fields].filter((field) => reloaded.has(field));
  return [
    ...(later.length > 0
      ? [
          `This takes effect when dockerd restarts, which stops every container unless live-restore is on (${systemctl} restart docker).`,
        ]
      : []),
    ...(now.length > 0 && later.length === 0
      ? [`This takes effect without a restart (${systemctl} reload docker, or SIGHUP).`]
      : []),
    ...(fields.has("logDriver") || fields.has("logOptions") || fields.has("defaultUlimits")
      ? ["Existing containers keep their log and ulimit settings: recreate them."]
      : []),
    ...(fields.has("usernsRemap")
      ? [
          "With userns-remap the Engine does not see its present images, containers and volumes; they are back when you turn it off.",
        ]
      : []),
  ];
}

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
  // A rootless dockerd has no unit in these folders.
  const place = keysInFlags(words).has("rootless") ? undefined : placeOf(key, io);
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
