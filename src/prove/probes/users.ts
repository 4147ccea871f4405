import { ok } from "../../base/result.ts";
import { type Attempt, judgeAttempts } from "../experiment/attempts.ts";
import { tryRights } from "../experiment/rights.ts";
import { probe } from "../probe.ts";

/** The neighbour is a process of ours that was started for it; PTRACE_SEIZE does not stop it. */
export const ptraceNeighbour = probe({
  id: "ptrace-neighbour",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "trace a process of another user, and so read and write its memory (CAP_SYS_PTRACE)",
  inPlace: false,
  looser: "open",
  experiment: (target) =>
    target.beside("65533", (pid) =>
      tryRights(
        target,
        { "ptrace(a process of uid 65533)": (builder) => builder.call("ptrace", 0x4206, pid, 0, 0) },
        { needs: "SYS_PTRACE" },
      ),
    ),
  judge: (seen) => judgeAttempts(seen, ["EPERM", "SIGSYS"]),
});

export const runAsRoot = probe<readonly Attempt[]>({
  id: "run-as-root",
  control: "root-user",
  tries: "run as root",
  inPlace: true,
  looser: "open",
  experiment: async (target) => {
    const uid = await target.run((builder) => {
      const call = builder.call("geteuid");
      return (ran) => ran.result(call) ?? -1;
    });
    if (!uid.ok) return uid;
    return ok([{ what: "running as uid 0", error: uid.value === 0 ? undefined : `it is uid ${uid.value}` }]);
  },
  judge: (seen) =>
    judgeAttempts(
      seen,
      seen.subject.flatMap(({ error }) => error ?? []),
      { looser: "a container of the same image with --user 0" },
    ),
});

const nobody = 65_534;

/** @see https://docs.kernel.org/userspace-api/no_new_privs.html */
export const setuidBinary = probe<readonly Attempt[]>({
  id: "setuid-binary",
  control: "no-new-privileges",
  tries: "gain privileges through a program that is setuid root",
  inPlace: false,
  looser: "open",
  experiment: async (target) => {
    const uid = await target.runSetuid(String(nobody), (builder) => {
      const call = builder.call("geteuid");
      return (ran) => ran.result(call) ?? -1;
    });
    if (!uid.ok) return uid;
    const error = uid.value === nobody ? `it stays uid ${nobody}` : undefined;
    return ok([{ what: `becoming root through a setuid program as uid ${nobody}`, error }]);
  },
  judge: (seen) =>
    judgeAttempts(seen, [`it stays uid ${nobody}`], {
      looser: "a container of the same image without no-new-privileges",
    }),
});
