import { compose, run, testControl, view } from "../../../test/support/control-table.ts";
import { capabilities, process } from "../../../test/support/processes.ts";
import { container } from "../../model/container.ts";
import { exec } from "../../model/exec.ts";
import { set, unresolved } from "../../model/fact.ts";
import { privilegedExec } from "./privileged-exec.ts";

const plain = container("configured");
const power = { capEffective: capabilities("SYS_ADMIN"), capBounding: capabilities("SYS_ADMIN", "CHOWN") };
const init = process({ capBounding: capabilities("CHOWN") });

/** A service with these lines. */
const service = (lines: string) => compose(`services: { web: { image: nginx, ${lines} } }`);

testControl(privilegedExec, {
  fails: [
    compose("services: { web: { image: nginx, post_start: [{ command: id, privileged: true }] } }", {
      message: /post_start hook with privileged: true/,
      severity: "high",
    }),
    service("pre_stop: [{ command: id }, { command: id, privileged: 'yes' }]"),
    service("deploy: { update_config: { parallelism: 1 } }, post_start: [{ command: id, privileged: true }]"),
    service("pre_start: [{ command: id, privileged: true }]"),
    service(
      "develop: { watch: [{ path: ., action: sync+exec, target: /a, exec: { command: id, privileged: true } }] }",
    ),
    compose("services: { web: { image: nginx, user: '1000', post_start: [{ command: id, user: root }] } }", {
      message: /post_start hook as root in a container that runs as 1000/,
      severity: "medium",
    }),
    view(
      "docker exec -u 0",
      exec("configured", container("configured", { user: set("1000") }), { user: set("0") }),
      {
        message: /docker exec --user 0 in a container that runs as 1000/,
        severity: "medium",
      },
    ),
    view(
      "kernel: without seccomp",
      container("effective", { processes: [init, { ...init, role: "entered", seccomp: set(0) }] }),
      { message: /without the container's seccomp filter/ },
    ),
    view(
      "kernel: as root",
      container("effective", { processes: [init, { ...init, role: "entered", uid: set(0) }] }),
      { message: /as root in a container that does not/, severity: "medium" },
    ),
    view(
      "kernel: without no-new-privileges",
      container("effective", { processes: [init, { ...init, role: "entered", noNewPrivs: set(false) }] }),
      { message: /without the container's no-new-privileges/, severity: "medium" },
    ),
    view("docker exec --privileged", exec("configured", plain, { privileged: set(true) }), {
      message: /started by docker exec --privileged/,
    }),
    view("kernel: an exec", exec("effective", plain, { processes: [process({ role: "exec", ...power })] }), {
      message: /holds what the container was denied: SYS_ADMIN$/,
    }),
    view(
      "kernel: nsenter",
      container("effective", { processes: [init, process({ name: "bash", role: "entered", ...power })] }),
      { message: /bash \(4242\) came in from outside.*SYS_ADMIN/ },
    ),
  ],
  passes: [
    service("post_start: [{ command: id }], develop: { watch: [{ path: ., action: rebuild }] }"),
    service("privileged: true, post_start: [{ command: id, privileged: true }]"),
    service("user: '0', post_start: [{ command: id, user: root }]"),
    service("user: '1000', post_start: [{ command: id, user: '1001' }]"),
    run("docker run alpine"),
    view(
      "an exec as root in a container that starts as root and drops",
      container("effective", { processes: [init, { ...init, role: "entered", uid: set(0) }] }),
      { context: { configured: container("configured", { user: set("0") }) } },
    ),
    view("docker exec", exec("configured", plain)),
    view(
      "no more than its container",
      exec("configured", container("configured", { privileged: set(true) }), { privileged: set(true) }),
    ),
    view(
      "kernel: an exec",
      exec("effective", plain, { processes: [process({ capBounding: capabilities("CHOWN") })] }),
    ),
    view("kernel: nobody entered", container("effective", { processes: [init] })),
    view("kernel: with no more", container("effective", { processes: [init, { ...init, role: "entered" }] })),
    view(
      "the container's own",
      container("effective", { processes: [init, process({ role: "child", ...power })] }),
    ),
  ],
  unknown: [
    service("post_start: [{ command: id, privileged: '${UNSET}' }]"),
    service("user: '1000', post_start: [{ command: id, user: '${UNSET}' }]"),
    compose("services: { web: { image: nobody/knows, post_start: [{ command: id, user: root }] } }"),
    view(
      "unreadable",
      exec("effective", plain, { processes: [process({ capEffective: unresolved("gone") })] }),
    ),
    view("gone", exec("effective", plain)),
    view("not known", exec("configured", plain, { privileged: unresolved("no answer") })),
  ],
  notApplicable: [view("the Engine's view", plain)],
});
