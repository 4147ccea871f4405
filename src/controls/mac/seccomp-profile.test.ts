import { expect, test } from "vitest";
import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { process } from "../../../test/support/processes.ts";
import { containerFromRun } from "../../../test/support/subjects.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { bareContext } from "../control.ts";
import { seccompProfile } from "./seccomp-profile.ts";

const allowAll = JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls: [] });
const denying = JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [] });
const without = engine("configured", { seccompSupported: set(false) });
const off = engine("declared", { seccompProfile: set("unconfined") });
const open = engine("declared", { seccompProfile: set("/all.json"), seccompAllowsAll: set(true) });

testControl(seccompProfile, {
  fails: [
    run("docker run --security-opt seccomp=unconfined alpine", { message: /seccomp=unconfined/ }),
    run("docker run --security-opt seccomp:unconfined alpine"),
    run("docker run --security-opt seccomp=builtin --security-opt seccomp=unconfined alpine"),
    run("docker run --privileged --security-opt seccomp=unconfined alpine"),
    run("docker run alpine", { context: { engine: off }, message: /engine's default/ }),
    run("docker run alpine", {
      context: { engine: open },
      message: /default seccomp profile, which allows almost/,
    }),
    compose("services: { web: { image: nginx, security_opt: ['seccomp:unconfined'] } }"),
    inspect(
      { HostConfig: { SecurityOpt: [`seccomp=${allowAll}`] } },
      { message: /allows almost every system call/ },
    ),
    view(
      "kernel: one process without",
      container("effective", {
        processes: [process(), process({ name: "sh", role: "child", seccomp: set(0) })],
      }),
      { message: /sh \(4242\) runs without a seccomp filter/ },
    ),
  ],
  passes: [
    run("docker run alpine"),
    run("docker run --security-opt seccomp=unconfined --security-opt seccomp=builtin alpine"),
    run("docker run --security-opt seccomp=builtin alpine", { context: { engine: off } }),
    inspect({ HostConfig: { SecurityOpt: [`seccomp=${denying}`] } }),
    view("kernel: a filter", container("effective", { processes: [process()] })),
    view(
      "an exec and what entered from outside are judged elsewhere",
      container("effective", {
        processes: [
          process(),
          process({ role: "exec", seccomp: set(0) }),
          process({ role: "entered", seccomp: set(0) }),
        ],
      }),
    ),
  ],
  unknown: [
    run("docker run --security-opt seccomp=missing.json alpine", {
      message: /missing\.json could not be read/,
    }),
    view("kernel: nothing seen", container("effective")),
    view(
      "unreadable",
      container("effective", { processes: [process({ seccomp: unresolved("no such process") })] }),
    ),
  ],
  notApplicable: [
    run("docker run --privileged alpine"),
    inspect({ HostConfig: { SecurityOpt: ["seccomp=unconfined"] } }, { context: { engine: without } }),
  ],
});

test("where the engine's default is not a filter, nothing of the container is to be changed", () => {
  const context = bareContext("run-command", { engine: off });
  const remedy = seccompProfile.remedy.container?.(containerFromRun("docker run alpine"), context);
  expect(remedy).toMatchObject({
    kind: "manual",
    patches: [],
    summary: expect.stringContaining("the engine's"),
  });
});
