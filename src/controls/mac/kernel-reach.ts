import type { Container } from "../../model/container.ts";
import { originsOf, valueOr } from "../../model/fact.ts";
import type { KernelInterface } from "../../model/kernel-interfaces/interface.ts";
import { isOpenDoor, type Standing, shouldBeClosed } from "../../model/kernel-interfaces/standing.ts";
import { fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { presenceOf } from "../benchmark/advisories.ts";
import { boundingSet } from "../capabilities/bounding-set.ts";
import { asksPrivileged, impliedByPrivileged } from "../capabilities/privilege.ts";
import { type Context, type Control, manual } from "../control.ts";
import { undecided } from "../undecided.ts";
import { readReach } from "./static-reach.ts";

export const kernelReach: Control = {
  id: "kernel-reach",
  title: "A part of the kernel that attackers used is open",
  why: "All containers share the host's kernel. A hole in one part of it is a way out of every container that reaches that part: CVE-2026-31431 wrote into the files of other containers through an AF_ALG socket, and CVE-2026-43500 through AF_RXRPC. Docker's own seccomp profile closes such parts with each release; an older Engine, or an old copy of the profile, leaves them open. A finding names the part, the advisory and the calls that get through. Only parts that the host's kernel has count, so only a live Engine shows them. It is low where the kernel's version shows that it has the fixes of all advisories named there.",
  row: "2.6",
  severity: "high",
  guard: "off",
  cis: [],
  attack: ["T1611", "T1068"],
  cwe: [693],
  where: ["A"],
  references: [
    "https://docs.docker.com/engine/security/seccomp/",
    "https://github.com/moby/moby/pull/52494",
    "https://man7.org/linux/man-pages/man2/seccomp.2.html",
  ],
  examples: { bad: [], good: [] },
  check: { container: judge },
  remedy: {
    container: () =>
      manual(
        "Write a newer profile (`bulkhead profile -o seccomp.json`) and use it with --security-opt seccomp=, or for all containers as seccomp-profile in daemon.json; or update the Engine.",
      ),
  },
};

function judge(container: Container, { engine }: Context): Verdict {
  if (container.level === "effective") return notApplicable("a filter's rules are in the configuration");
  if (asksPrivileged(container)) return impliedByPrivileged("turns the filter off");
  if (container.seccomp.state === "set" && container.seccomp.value.profile === "unconfined")
    return notApplicable("it has no filter: see the finding of the control seccomp-profile");
  if (!engine || engine.level === "declared" || engine.version.state !== "set")
    return notApplicable("the Engine and its kernel decide, and are not seen here");
  const open = undecided(container.seccomp);
  if (open) return open;
  const standings = readReach(container, engine).filter((standing) => !isGranted(standing, container));
  const doors = standings.filter((standing) => isOpenDoor(standing) && isPlain(standing));
  const untold = standings.find(({ row, state }) => state === "unknown" && shouldBeClosed(row));
  if (doors.length === 0 && untold) return unknown(untold.by[0] ?? "", originsOf(container.seccomp));
  if (doors.length === 0) return pass("no part that an advisory used is open");
  const names = doors.map(({ row }) => row.id);
  if (engine.absentModules.state !== "set")
    return unknown(
      `its filter leaves ${names.join(", ")} open, and whether the kernel has them is not seen here`,
    );
  const isFixed = doors.every(({ row }) =>
    row.advisories.every((advisory) => presenceOf(advisory, engine).state === "fixed"),
  );
  const parts = doors.map(({ row, through }) => `${through[0] ?? ""} (${row.advisories.at(-1)?.id ?? ""})`);
  return fail(
    `can use ${parts.join(", ")}: an attacker used ${doors.length === 1 ? "it" : "them"} to get out of a container or to become root${isFixed ? "; this kernel has the fixes" : ""}`,
    {
      origins: originsOf(container.seccomp),
      evidence: names.join(", "),
      observed: `reaches ${names.join(", ")}`,
      severity: isFixed ? "low" : doors.some(({ row }) => isRecent(row)) ? "high" : "medium",
    },
  );
}

/** Docker's own profile of today closes it, or an advisory of these years asks to. */
function isRecent({ dockers, advisories }: KernelInterface): boolean {
  return dockers !== undefined || advisories.some(({ published }) => published >= "2025");
}

/** What gets past Docker's own filter of today as well is shown by reach: no setting of one container is at fault. */
function isPlain({ row, through }: Standing): boolean {
  return row.asks.some(({ what, hidden }) => hidden === undefined && through.includes(what));
}

/** What an added capability opens is a finding of that capability. */
function isGranted({ row }: Standing, container: Container): boolean {
  const bounding = valueOr(boundingSet(container), new Set<string>());
  return row.dockers?.unless?.some((capability) => bounding.has(capability)) ?? false;
}
