import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { capabilities, process } from "../../../test/support/processes.ts";
import { type Capability, defaultCapabilities } from "../../model/container/capability.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { capabilitiesDrop } from "./capabilities-drop.ts";

const podman = engine("configured", { product: set("podman") });

const bounded = (...names: readonly Capability[]) =>
  container("effective", { processes: [process({ capBounding: capabilities(...names) })] });

testControl(capabilitiesDrop, {
  fails: [
    inspect(
      { HostConfig: {} },
      { context: { engine: podman }, message: /keeps Podman's 11 default capabilities/ },
    ),
    run("docker run nginx", { message: /14 default capabilities/ }),
    run("docker run --cap-drop NET_RAW --cap-drop cap_mknod nginx", {
      message: /NET_RAW, MKNOD only: 12 of/,
    }),
    compose("services: { web: { image: nginx, cap_drop: [NET_RAW] } }"),
    inspect({ HostConfig: { CapDrop: null } }),
    view("kernel: the default set", bounded(...defaultCapabilities)),
    view("kernel: and more", bounded(...defaultCapabilities, "SYS_ADMIN"), { message: /may hold 15/ }),
  ],
  notApplicable: [run("docker run --privileged --cap-drop ALL nginx", { message: /control privileged/ })],
  passes: [
    // Podman leaves eleven on, and its inspect names each that is dropped.
    inspect(
      {
        HostConfig: {
          CapDrop: defaultCapabilities.filter((name) => !["MKNOD", "NET_RAW", "AUDIT_WRITE"].includes(name)),
        },
      },
      { context: { engine: podman } },
    ),
    run("docker run --cap-drop ALL nginx"),
    run("docker run --cap-drop=all --cap-add SYS_ADMIN nginx"),
    run(`docker run ${defaultCapabilities.map((name) => `--cap-drop ${name}`).join(" ")} nginx`),
    compose("services: { web: { image: nginx, cap_drop: [ALL], cap_add: [CHOWN, SETUID] } }"),
    inspect({ HostConfig: { CapDrop: ["ALL"], CapAdd: ["CAP_CHOWN"] } }),
    view("kernel: none", bounded()),
    view("kernel: what may be added back", bounded("CHOWN", "SETUID")),
  ],
  unknown: [
    run('docker run --cap-drop "$CAP" nginx'),
    view("nothing seen", container("effective")),
    view(
      "unreadable",
      container("effective", { processes: [process({ capBounding: unresolved("status cannot be read") })] }),
    ),
  ],
});
