import { inspect, run, testControl } from "../../../test/support/control-table.ts";
import { dockersProfile } from "../../formats/values/docker-profile.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { kernelReach } from "./kernel-reach.ts";

const others = ["net-pf-33", "net-pf-21", "net-pf-30"];
const on = (version: string, absent: readonly string[] = others) => ({
  context: {
    engine: engine("configured", {
      version: set(version),
      product: set("docker"),
      absentModules: set(absent),
      apparmorEnabled: set(false),
    }),
  },
});
const fixed = (version: string) => ({
  context: {
    engine: { ...on("26.1.5").context.engine, kernelVersion: set(version) },
  },
});
const unseenKernel = { context: { engine: engine("configured", { version: set("26.1.5") }) } };
const withProfile = (text: string) => ({ HostConfig: { SecurityOpt: [`seccomp=${text}`] } });
const old = (family: number) =>
  JSON.stringify({
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      {
        names: ["socket"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value: family, op: "SCMP_CMP_NE" }],
      },
    ],
  });
const ours = dockersProfile(["amd64"]);

testControl(kernelReach, {
  fails: [
    inspect({}, { ...on("26.1.5"), severity: "high", message: /socket\(AF_ALG\) \(CVE-2026-31431\)/ }),
    inspect({}, { ...on("24.0.7"), message: /io_uring_setup/ }),
    inspect({}, { ...on("29.4.3", ["net-pf-21", "net-pf-30"]), severity: "high", message: /AF_RXRPC/ }),
    inspect(
      {},
      {
        ...on("29.4.3", ["net-pf-33", "net-pf-30"]),
        severity: "high",
        message: /AF_RDS \(CVE-2026-43494\)|AF_RDS\) \(CVE-2026-43494\)/,
      },
    ),
    inspect({}, { ...on("29.4.3", ["net-pf-33", "net-pf-21"]), severity: "medium", message: /AF_TIPC/ }),
    inspect({}, { ...fixed("6.18.44-fc"), severity: "low", message: /this kernel has the fixes/ }),
    inspect({}, { ...fixed("6.12.48+deb13-amd64"), severity: "high" }),
    inspect(withProfile(old(40)), { ...on("29.4.3"), message: /AF_ALG/ }),
    inspect(withProfile(old(38)), { ...on("29.4.3"), message: /AF_VSOCK/ }),
  ],
  passes: [
    inspect({}, on("29.4.3")),
    inspect({}, on("26.1.5", [...others, "net-pf-38"])),
    inspect(withProfile(ours), on("26.1.5", [])),
    // What an added capability opens is its finding.
    inspect({ HostConfig: { CapAdd: ["SYS_ADMIN"] } }, on("29.4.3")),
  ],
  unknown: [inspect({}, unseenKernel)],
  notApplicable: [
    inspect({ HostConfig: { Privileged: true } }, on("26.1.5", [])),
    inspect({ HostConfig: { SecurityOpt: ["seccomp=unconfined"] } }, on("26.1.5", [])),
    run("docker run nginx"),
  ],
});
