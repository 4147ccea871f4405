import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { customProfile } from "./custom-profile.ts";

const strict = JSON.stringify({
  defaultAction: "SCMP_ACT_ERRNO",
  syscalls: [{ names: ["read", "write"], action: "SCMP_ACT_ALLOW" }],
});
const loose = JSON.stringify({
  defaultAction: "SCMP_ACT_ERRNO",
  syscalls: [
    { names: ["read", "mount", "bpf"], action: "SCMP_ACT_ALLOW" },
    { names: ["keyctl"], action: "SCMP_ACT_ALLOW", includes: { caps: ["CAP_SYS_ADMIN"] } },
  ],
});

/** As Docker's own was before 29.4.2. */
const older = JSON.stringify({
  defaultAction: "SCMP_ACT_ERRNO",
  syscalls: [
    { names: ["socket"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: 40, op: "SCMP_CMP_NE" }] },
  ],
});

testControl(customProfile, {
  fails: [
    inspect(
      { HostConfig: { SecurityOpt: [`seccomp=${older}`] } },
      { severity: "low", message: /allows socket\(AF_ALG\), which/ },
    ),
    inspect(
      { HostConfig: { SecurityOpt: [`seccomp=${loose}`] } },
      { severity: "low", message: /allows bpf, keyctl, mount,/ },
    ),
    inspect({ HostConfig: { SecurityOpt: ["apparmor=my-nginx"] } }, { message: /my-nginx/ }),
    run("docker run --security-opt label=type:svirt_apache_t nginx", { message: /svirt_apache_t/ }),
    compose("services: { a: { image: nginx, security_opt: ['apparmor:foreign'] } }"),
  ],
  passes: [
    run("docker run nginx"),
    inspect({ HostConfig: { SecurityOpt: [`seccomp=${strict}`] } }),
    run("docker run --security-opt seccomp=unconfined nginx"),
    run("docker run --security-opt label=disable nginx"),
    inspect({ HostConfig: {}, AppArmorProfile: "docker-default" }),
  ],
  unknown: [run("docker run --security-opt seccomp=/gone.json nginx")],
  notApplicable: [run("docker run --privileged --security-opt apparmor=x nginx")],
});
