import type { UnitFile, Units } from "../../model/engine.ts";
import type { Origin } from "../../model/origin.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeFact } from "../facts.ts";
import { judgeAcl } from "./acl.ts";
import { dockerOnly } from "./docker-only.ts";

export const engineUnitFiles: Control = {
  id: "engine-unit-files",
  title: "Docker's systemd units or daemon.json are open to others, or a unit starts dockerd in another way",
  why: "systemd starts dockerd and containerd as root, with the arguments of their unit files and drop-ins, and dockerd reads daemon.json. Anyone who may write one of them, by its mode or an ACL, is root at the next start. A changed argument takes effect then, too: an intruder who adds `-H tcp://0.0.0.0:2375` only has to wait for the next reboot, and until then the running daemon looks as it should.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: ["3.1", "3.2", "3.3", "3.4"],
  attack: ["T1543.002"],
  cwe: [732],
  where: ["E"],
  references: [
    "https://docs.docker.com/engine/daemon/proxy/#systemd-unit-file",
    "https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html",
    "https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html",
  ],
  // No file says it: only a look at the host does.
  examples: { bad: [], good: [] },
  check: {
    engine: dockerOnly(({ level, units }) => {
      if (level === "declared") return notApplicable("a configuration file does not show the host's units");
      return judgeFact(units, (value, origins) =>
        value ? judge(value, origins) : unknown("the units of this engine's host are not visible from here"),
      );
    }),
  },
  remedy: {
    engine: () =>
      manual(
        "Give the files and folders back to root (`chown root:root FILE && chmod 644 FILE`, folders 755). If nobody meant to change the arguments, find out who did (`systemctl cat docker.service`) and take the change out; if somebody did, restart Docker so that the running daemon is the one that the unit describes.",
      ),
  },
};

function judge({ files, next }: Units, origins: readonly Origin[]): Verdict {
  return combine(
    [...files.map(judgeFile), ...(next ? [judgeNext(next, origins)] : [])],
    notApplicable("this host has no systemd unit of Docker and no daemon.json"),
  );
}

function judgeFile(file: UnitFile): Verdict {
  const { path, mode, uid, gid, openTo } = file;
  const said = `0${(mode & 0o777).toString(8)}`;
  const where = {
    origins: [{ kernel: path, field: "mode" }],
    evidence: path,
    observed: `${path} ${said} uid ${uid}`,
  };
  if (uid !== 0)
    return fail(`has ${path} owned by uid ${uid}: that user is root when Docker starts again`, where);
  if (mode & 0o002)
    return fail(
      `lets everybody write ${path} (mode ${said}): anyone who does is root when Docker starts again`,
      where,
    );
  if (openTo !== undefined)
    return fail(`lets ${openTo} write ${path}: they are root when Docker starts again`, {
      ...where,
      observed: `${path} open to ${openTo}`,
    });
  if (mode & 0o020 && gid !== 0)
    return fail(
      `lets the group ${gid} write ${path} (mode ${said}): its members are root when Docker starts again`,
      where,
    );
  return judgeAcl(file) ?? pass(`${path} ${said}`);
}

function judgeNext(next: NonNullable<Units["next"]>, origins: readonly Origin[]): Verdict {
  if ("unknown" in next)
    return unknown(`what ${next.unit} starts next time is not known: ${next.unknown}`, origins);
  const { unit, gains, loses } = next;
  const parts = [
    ...(gains.length > 0 ? [`gets ${gains.join(" ")}`] : []),
    ...(loses.length > 0 ? [`loses ${loses.join(" ")}`] : []),
  ];
  return fail(
    `runs with other arguments than ${unit} has now: at its next start dockerd ${parts.join(", and ")}`,
    {
      severity: "medium",
      origins: [{ kernel: unit, field: "ExecStart" }],
      evidence: `ExecStart of ${unit}: ${parts.join(", ")}`,
      observed: parts.join(", "),
    },
  );
}
