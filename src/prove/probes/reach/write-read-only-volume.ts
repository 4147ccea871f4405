import type { Result } from "../../../base/result.ts";
import { setItems } from "../../../model/fact.ts";
import { own } from "../../containers/paths.ts";
import { type Attempt, judgeAttempts, tryCall } from "../../experiment/attempts.ts";
import { textFile, together } from "../../experiment/looks.ts";
import { atFdCwd, namelessFile, open } from "../../helper/constants.ts";
import type { Plan } from "../../helper/program.ts";
import { type Facts, type ProbeTarget, probe } from "../../probe.ts";
import { beyondReadOnly } from "./write-root.ts";

/** Also what is mounted below: `ro` is not recursive before Linux 5.12. */
export const writeReadOnlyVolume = probe({
  id: "write-read-only-volume",
  control: "read-only-volume",
  tries: "write to volumes that are mounted read-only",
  inPlace: false,
  looser: "open",
  before: (facts) =>
    readOnlyTargets(facts).length === 0
      ? { outcome: "notApplicable", evidence: "it mounts no volume read-only" }
      : undefined,
  experiment: tryVolumes,
  judge: (seen) => judgeAttempts(seen, ["EROFS"], { looser: "a volume that is mounted writable" }),
});

function readOnlyTargets({ view }: Facts): readonly string[] {
  return setItems(view.mounts).flatMap(({ value }) =>
    value.readOnly && (value.type === "bind" || value.type === "volume") ? [value.target] : [],
  );
}

async function tryVolumes(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const targets = target.role === "looser" ? [own] : readOnlyTargets(target.facts);
  const table = await textFile(target, "/proc/self/mountinfo");
  if (!table.ok) return table;
  const below = table.value.ok ? mountedBelow(table.value.value, targets) : [];
  const paths = [...targets, ...below];
  const attempts = await target.run(together(paths.map(tryWrite)));
  if (!attempts.ok) return attempts;
  const readOnly = table.value.ok ? readOnlyMounts(table.value.value) : new Set<string>();
  // A socket is written to whatever its mount says, so this is not the place to try.
  const judged = attempts.value.map((attempt, index) =>
    readOnly.has(paths[index] ?? "") ? refusedTwice(attempt) : beyondReadOnly(attempt),
  );
  return { ok: true, value: judged.filter(({ error }) => error !== "ENXIO") };
}

/** Permissions are looked at before the mount: of a file, and of a folder on the way that this user may not search. */
function refusedTwice({ what, error }: Attempt): Attempt {
  if (error !== "EACCES" && error !== "EPERM") return { what, error };
  return {
    what: `${what} (the kernel has it mounted read-only, and permissions refuse it too: ${error})`,
    error: "EROFS",
  };
}

/** A folder takes a file without a name; a file is opened for writing and not written. */
function tryWrite(path: string): Plan<Attempt> {
  return (builder) => {
    const text = builder.text(path);
    const inFolder = tryCall(builder, `a new file in ${path}`, () =>
      builder.call("openat", atFdCwd, text, namelessFile, 0o600),
    );
    const flags = open.writeOnly | open.nonBlocking | open.closeOnExec;
    const toFile = tryCall(builder, `open(${path}, O_WRONLY)`, () =>
      builder.call("openat", atFdCwd, text, flags, 0),
    );
    return (ran) => {
      const first = inFolder(ran);
      return first.error === "ENOTDIR" ? toFile(ran) : first;
    };
  };
}

/** Mount points below one of the folders (proc(5): the fifth field, with octal escapes). */
export function mountedBelow(mountinfo: string, folders: readonly string[]): readonly string[] {
  return mountPoints(mountinfo).filter((path) =>
    folders.some((folder) => folder !== "/" && path.startsWith(`${folder}/`)),
  );
}

/** Mount points whose latest mount is read-only (proc(5): the sixth field). */
export function readOnlyMounts(mountinfo: string): ReadonlySet<string> {
  const lines = mountinfo.split("\n");
  const points = mountPoints(mountinfo);
  const latest = new Map(points.map((point, index) => [point, lines[index]?.split(" ")[5] ?? ""]));
  return new Set([...latest].flatMap(([point, options]) => (/^ro(?:,|$)/.test(options) ? [point] : [])));
}

/** Where file systems are mounted. */
export function mountPoints(mountinfo: string): readonly string[] {
  const points = mountinfo.split("\n").flatMap((line) => line.split(" ")[4] ?? []);
  return points.map((point) =>
    point.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))),
  );
}
