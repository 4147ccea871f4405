import { expect, it } from "vitest";
import { causeInWords } from "./finding.tsx";

const setns = { kind: "kernel", call: "setns", process: "nsenter", pid: 812 };

it.each([
  [{ kind: "sweep" }, "seen in the kernel"],
  [{ kind: "sweep", missed: true }, "seen in the kernel, after calls were missed"],
  [setns, "after setns by nsenter (PID 812)"],
  [
    { ...setns, parents: ["sh", "sshd"], user: "ada", ended: true },
    "after setns by nsenter (PID 812, from sh, sshd, as ada), since ended",
  ],
  [{ kind: "file", path: "/etc/docker/daemon.json" }, "/etc/docker/daemon.json changed"],
  [undefined, ""],
])("says of %o what brought it about, and nobody's name", (cause, what) => {
  expect(causeInWords(cause)).toEqual({ what, who: "" });
});
