import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EnginePatch } from "../../model/patch.ts";

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
export function whenItHolds(patches: readonly EnginePatch[]): readonly string[] {
  const fields = new Set(patches.map(({ field }) => field));
  const later = [...fields].filter((field) => !reloaded.has(field));
  const now = [...fields].filter((field) => reloaded.has(field));
  return [
    ...(later.length > 0
      ? [
          "This takes effect when dockerd restarts, which stops every container unless live-restore is on (systemctl restart docker).",
        ]
      : []),
    ...(now.length > 0 && later.length === 0
      ? ["This takes effect without a restart (systemctl reload docker, or SIGHUP)."]
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
