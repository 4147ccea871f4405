import { ok } from "../../base/result.ts";
import { type Attempt, judgeAttempts } from "../experiment/attempts.ts";
import type { Way } from "../experiment/ways.ts";
import { atFdCwd, open } from "../helper/errno.ts";
import { programMemory } from "../helper/program.ts";
import { type Judgement, measurement, type RunningProcess } from "../probe.ts";
import { right } from "../right.ts";

/** Where the helper keeps its programs, the same in every helper: the neighbour's last bytes there are in no use. */
const itsMemory = programMemory.base + programMemory.size - 8;

/** The neighbour is a process of ours that was started for it; PTRACE_SEIZE does not stop it. */
export const ptraceNeighbour = right({
  id: "ptrace-neighbour",
  control: "capabilities-dangerous",
  others: ["root-user", "no-new-privileges", "seccomp-profile"],
  tries: "trace a process of another user, and so read and write its memory (CAP_SYS_PTRACE)",
  inPlace: false,
  needs: "SYS_PTRACE",
  refusals: ["EACCES"],
  ways: (target, attempt) =>
    target.beside("65533", (pid) => {
      const memory = (what: "process_vm_readv" | "process_vm_writev"): Way => ({
        what: `${what}(a process of uid 65533)`,
        make(builder) {
          const [ours, its] = [builder.words(builder.space(8), 8), builder.words(itsMemory, 8)];
          return builder.call(what, pid, ours, 1, its, 1, 0);
        },
        abis: ["native"],
      });
      return attempt([
        {
          what: "ptrace(a process of uid 65533)",
          make: (builder) => builder.call("ptrace", 0x4206, pid, 0, 0),
        },
        memory("process_vm_readv"),
        memory("process_vm_writev"),
        {
          what: "open(its /proc/PID/mem)",
          make: (builder) =>
            builder.call(
              "openat",
              atFdCwd,
              builder.text(`/proc/${pid}/mem`),
              open.readWrite | open.closeOnExec,
              0,
            ),
        },
        {
          what: "pidfd_getfd(one of its files)",
          make(builder) {
            const process = builder.call("pidfd_open", pid, 0);
            return [process, builder.call("pidfd_getfd", process, 0, 0)];
          },
        },
      ]);
    }),
});

export const runAsRoot = measurement<readonly Attempt[]>({
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
  judge(seen) {
    const isRoot = seen.subject.some(({ error }) => error === undefined);
    const dropped = isRoot ? judgeRunning(seen.facts.running?.processes ?? []) : undefined;
    return (
      dropped ??
      judgeAttempts(
        seen,
        seen.subject.flatMap(({ error }) => error ?? []),
        { looser: "a container of the same image with --user 0" },
      )
    );
  },
});

/** What an entrypoint made of the root that it was given. */
export function judgeRunning(processes: readonly RunningProcess[]): Judgement | undefined {
  const isRoot = ({ uids, maySetuid }: RunningProcess) => maySetuid || uids.includes(0);
  if (processes.length === 0 || processes.some(isRoot)) return undefined;
  const uids = [...new Set(processes.flatMap((process) => process.uids))].join(", ");
  const exec = "it starts as root, and so would docker exec";
  return processes.every(({ noNewPrivileges }) => noNewPrivileges)
    ? {
        outcome: "held",
        by: [],
        evidence: `what runs dropped to uid ${uids}, with no way back (no CAP_SETUID, no-new-privileges); ${exec}`,
      }
    : {
        outcome: "notHeld",
        evidence: `what runs dropped to uid ${uids}, but without no-new-privileges a program that is setuid root is a way back; ${exec}`,
      };
}

const nobody = 65_534;

/** @see https://docs.kernel.org/userspace-api/no_new_privs.html */
export const setuidBinary = measurement<readonly Attempt[]>({
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
