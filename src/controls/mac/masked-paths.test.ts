import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set, unresolved } from "../../model/fact.ts";
import { maskedPaths } from "./masked-paths.ts";

const masked = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"];
const readonly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

testControl(maskedPaths, {
  fails: [
    run("docker run --security-opt systempaths=unconfined alpine", {
      message: /the kernel's paths in \/proc/,
    }),
    run("docker run --privileged --security-opt systempaths=unconfined alpine"),
    compose("services: { web: { image: nginx, security_opt: ['systempaths=unconfined'] } }"),
    inspect({ HostConfig: { MaskedPaths: [], ReadonlyPaths: [] } }),
    inspect({ HostConfig: { MaskedPaths: [], ReadonlyPaths: readonly } }, { message: /\/proc\/kcore/ }),
    view("kernel: nothing covered", container("effective", { pathProtection: set({ mode: "unconfined" }) })),
    view(
      "kernel: /proc/sys writable",
      container("effective", {
        pathProtection: set({
          mode: "paths",
          masked,
          readonly: readonly.filter((path) => path !== "/proc/sys"),
        }),
      }),
      { message: /leaves \/proc\/sys unmasked/ },
    ),
  ],
  passes: [
    run("docker run alpine"),
    inspect({ HostConfig: { MaskedPaths: masked, ReadonlyPaths: readonly } }),
    inspect({ HostConfig: {} }),
    view(
      "kernel: covered",
      container("effective", { pathProtection: set({ mode: "paths", masked, readonly }) }),
    ),
  ],
  unknown: [
    view("unreadable", container("effective", { pathProtection: unresolved("mountinfo cannot be read") })),
    view("nobody looked", container("effective")),
  ],
  notApplicable: [
    run("docker run --privileged alpine"),
    inspect({ HostConfig: { Privileged: true, MaskedPaths: null } }),
  ],
});
