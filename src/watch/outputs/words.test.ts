import { expect, test } from "vitest";
import type { Cause } from "../change.ts";
import { sayCause, sayWho } from "./words.ts";

const setns = { kind: "kernel", call: "setns", process: "nsenter", pid: 812 } as const;

test.each<readonly [Cause, string, string]>([
  [{ kind: "sweep" }, "found by the sweep", "unknown: it made no event"],
  [
    { kind: "sweep", missed: true },
    "found by the sweep, after calls of the kernel were missed",
    "unknown: calls of the kernel were missed meanwhile",
  ],
  [
    setns,
    "after setns by nsenter (PID 812)",
    "the process nsenter (PID 812); a process chooses its name itself",
  ],
  [
    { ...setns, parents: ["sh", "sshd"], user: "ada", ended: true },
    "after setns by nsenter (PID 812, from sh, sshd, as ada), since ended",
    "the process nsenter (PID 812, from sh, sshd, as ada); a process chooses its name itself",
  ],
])("%o is said in words", (cause, what, who) => {
  expect([sayCause(cause), sayWho(cause)]).toEqual([what, who]);
});
