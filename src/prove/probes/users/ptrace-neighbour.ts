import { judgeAttempts } from "../../experiment/attempts.ts";
import { tryRights } from "../../experiment/rights.ts";
import { probe } from "../../probe.ts";

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
