import { ok, type Result } from "../../../base/result.ts";
import type { Attempt } from "../../experiment/attempts.ts";
import { judgeAttempts, sayAttempts } from "../../experiment/attempts.ts";
import { readFile, readFolder, together } from "../../experiment/looks.ts";
import { type Judgement, type ProbeTarget, probe, type Seen } from "../../probe.ts";

/** The paths that Docker masks and most kernels have. */
const files = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug"];
const folders = ["/proc/acpi", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"];

/** @see https://docs.docker.com/reference/cli/docker/container/run/#security-opt */
export const maskedPaths = probe({
  id: "masked-paths",
  control: "masked-paths",
  others: ["root-user"],
  tries: "read what Docker masks of the kernel: its memory, keys, timers, firmware",
  inPlace: true,
  looser: "open",
  experiment: look,
  judge,
});

async function look(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const [contents, lists] = [
    await target.run(together(files.map((path) => readFile(path, 64)))),
    await target.run(together(folders.map((path) => readFolder(path, 4096)))),
  ];
  if (!contents.ok) return contents;
  if (!lists.ok) return lists;
  const all = [...contents.value, ...lists.value];
  return ok(
    [...files, ...folders].map((path, index) => {
      const read = all[index];
      if (!read?.ok) return { what: path, error: read?.error ?? "nothing" };
      return { what: path, error: read.value.length > 0 ? undefined : "empty" };
    }),
  );
}

/** A path counts where the looser container shows something there: not every kernel has every one. */
function judge({ subject, control }: Seen<readonly Attempt[]>): Judgement {
  const shown = subject.filter(({ error }) => error === undefined);
  if (shown.length > 0)
    return { outcome: "notHeld", evidence: `it reads ${shown.map(({ what }) => what).join(", ")}` };
  if (!control.ok)
    return judgeAttempts(
      { subject, control },
      subject.flatMap(({ error }) => error ?? []),
    );
  const there = new Set(control.value.flatMap(({ what, error }) => (error === undefined ? [what] : [])));
  if (there.size === 0) {
    return {
      outcome: "inconclusive",
      evidence: `a privileged container reads none of them either: ${sayAttempts(control.value)}`,
    };
  }
  const masked = subject.filter(({ what }) => there.has(what));
  return {
    outcome: "held",
    evidence: `${sayAttempts(masked)}; a privileged container of the same image reads them`,
  };
}
