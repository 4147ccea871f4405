import type { Engine, KernelProgram, SocketFile } from "../../model/engine.ts";
import { valueOr } from "../../model/fact.ts";
import { isAtOrBelow } from "../../model/host/path.ts";
import type { Origin } from "../../model/origin.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeFact } from "../facts.ts";
import { judgeAcl } from "./acl.ts";

export const kernelPrograms: Control = {
  id: "kernel-programs",
  title: "The host's kernel starts a program that others can change",
  why: "The kernel starts some programs by itself, as root on the host: when a process crashes (`kernel.core_pattern`), when it needs a module (`kernel.modprobe`), for a new device (uevent_helper), when a cgroup gets empty (release_agent), and for files of a foreign format (binfmt_misc). Who breaks out of a container with a writable /proc or cgroup writes one of these settings, and the next crash runs the intruder's program. It then lies in the container's own files, in /tmp, or is a shell.",
  row: undefined,
  severity: "critical",
  guard: "off",
  cis: [],
  attack: ["T1611", "T1546"],
  cwe: [426, 732],
  where: ["E"],
  references: [
    "https://man7.org/linux/man-pages/man5/core.5.html",
    "https://docs.kernel.org/admin-guide/sysctl/kernel.html#core-pattern",
    "https://docs.kernel.org/admin-guide/binfmt-misc.html",
    "https://docs.kernel.org/admin-guide/cgroup-v1/cgroups.html",
  ],
  // No file says it: only a look at the host does.
  examples: { bad: [], good: [] },
  check: {
    engine(engine) {
      const { level, kernelPrograms } = engine;
      if (level === "declared") return notApplicable("a configuration file does not show the host's kernel");
      return judgeFact(kernelPrograms, (value, origins) =>
        value
          ? combine(
              value.flatMap((each) => judge(each, engine, origins)),
              pass("the host's kernel starts no program but root's own"),
            )
          : unknown("the kernel settings of this engine's host are not visible from here"),
      );
    },
  },
  remedy: {
    engine: () =>
      manual(
        "Find out who wrote the setting, and treat the host as taken over if nobody of yours did. Write the old value back (`sysctl kernel.core_pattern=core`; your distribution's own is in /usr/lib/sysctl.d), and keep programs that the kernel starts in /usr, writable for root alone.",
      ),
  },
};

/** A process's own view of files (`/proc/77/root`), and where Docker and containerd keep the files of containers. */
const ofContainers = ["/proc", "/var/lib/docker", "/var/lib/containerd", "/run/containerd"];

/** These run what their arguments say. As the handler of a file format they run what the file's owner wants to run. */
const interpreters =
  /^(?:(?:ba|da|z|k|c)?sh|busybox|env|python[\d.]*|perl|ruby|node|php|socat|nc|ncat|curl|wget)$/;

function judge({ setting, paths, files }: KernelProgram, engine: Engine, origins: readonly Origin[]) {
  const bad = (path: string, why: string) =>
    fail(`starts ${path} as root by ${setting}: ${why}`, {
      origins,
      evidence: `${setting} ${path}`,
      observed: `${setting}: ${path}`,
    });
  const folders = [...ofContainers, valueOr(engine.dataRoot, "/var/lib/docker")];
  const places = paths.flatMap((path): Verdict[] => {
    if (folders.some((folder) => isAtOrBelow(path, folder)))
      return [bad(path, "it lies in a container's files, so that a process in there decides what runs")];
    return [];
  });
  const program = paths[0] ?? "";
  const isShell = interpreters.test(program.slice(program.lastIndexOf("/") + 1));
  if (isShell && !setting.startsWith("binfmt_misc"))
    places.push(bad(program, "it runs whatever its arguments say"));
  return [...places, ...files.map((file) => judgeFile(file, paths, bad))];
}

/** What the kernel shows for an owner that has no number in the reader's user namespace (/proc/sys/kernel/overflowuid). */
const overflow = 65_534;

function judgeFile(
  file: SocketFile,
  paths: readonly string[],
  bad: (path: string, why: string) => Verdict,
): Verdict {
  const { path, mode, uid, gid, openTo } = file;
  // A folder, or where a link leads, is on the way to one of them.
  const program = paths.find((each) => isAtOrBelow(each, path)) ?? paths[0] ?? path;
  const it = program === path ? "it" : path;
  const others = (who: string) => bad(program, `${who} can write ${it}`);
  if (uid === overflow) return unknown(`from inside a user namespace it is not seen who owns ${path}`);
  if (uid !== 0) return bad(program, `uid ${uid} owns ${it}`);
  if (mode & 0o002) return others("everybody");
  if (openTo !== undefined) return others(openTo);
  if (mode & 0o020 && gid !== 0 && file.acl === undefined) return others(`the group ${gid}`);
  return judgeAcl(file) ?? pass(path);
}
