import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { capabilities, process } from "../../../test/support/processes.ts";
import { allCapabilities } from "../../model/container/capability.ts";
import { container } from "../../model/container.ts";
import { set, unresolved } from "../../model/fact.ts";
import { capabilitiesDangerous } from "./capabilities-dangerous.ts";

const root = { uid: set(0), hostUid: set(0) };
const everything = capabilities(...allCapabilities);

testControl(capabilitiesDangerous, {
  fails: [
    run("docker run --cap-add NET_ADMIN linuxserver/wireguard:1", {
      severity: "low",
      message: /a VPN needs/,
    }),
    run("docker run --cap-add NET_ADMIN --device /dev/net/tun team/x:1", { severity: "low" }),
    run("docker run --cap-add NET_ADMIN --net host linuxserver/wireguard:1"),
    run("docker run --cap-add NET_ADMIN --cap-add SYS_MODULE linuxserver/wireguard:1", {
      severity: "critical",
    }),
    run("docker run --cap-add NET_ADMIN nginx"),
    run("docker run --cap-add SYS_NICE x", { severity: "medium" }),
    run("docker run --cap-add IPC_LOCK x", { severity: "low" }),
    run("docker run --cap-add LEASE x", { severity: "low" }),
    run("docker run --cap-add SYS_ADMIN alpine", { severity: "critical" }),
    run("docker run --cap-add all alpine", { severity: "critical", message: /capability ALL/ }),
    run("docker run --cap-add cap_sys_ptrace alpine", { message: /SYS_PTRACE: a process can read/ }),
    run("docker run --cap-drop ALL --cap-add NET_ADMIN alpine"),
    run("docker run --cap-add NET_ADMIN --cap-add BPF alpine", { severity: "critical" }),
    run("docker run --user 1000 --cap-add SYS_ADMIN alpine", {
      severity: "medium",
      message: /it runs as 1000/,
    }),
    run("docker run --user 0 --cap-add SYS_MODULE alpine", { severity: "critical" }),
    compose("services: { vpn: { image: alpine, cap_add: [NET_ADMIN, SYS_MODULE] } }", {
      severity: "critical",
    }),
    inspect({ HostConfig: { CapAdd: ["CAP_SYS_RAWIO"] } }, { severity: "critical" }),
    inspect({ Config: { User: "app" }, HostConfig: { CapAdd: ["DAC_READ_SEARCH"] } }, { severity: "medium" }),
    view(
      "kernel: effective",
      container("effective", { processes: [process({ ...root, capEffective: capabilities("SYS_PTRACE") })] }),
      { message: /nginx \(4242\) holds SYS_PTRACE/ },
    ),
    view(
      "kernel: in the bounding set only",
      container("effective", { processes: [process({ capBounding: capabilities("SYS_ADMIN") })] }),
      { severity: "medium", message: /may take up/ },
    ),
    view(
      "kernel: everything",
      container("effective", {
        processes: [process({ ...root, capEffective: everything, capBounding: everything })],
      }),
      { severity: "critical", message: /every dangerous capability/ },
    ),
  ],
  passes: [
    run("docker run alpine"),
    run("docker run --cap-add NET_BIND_SERVICE --cap-add WAKE_ALARM alpine"),
    compose("services: { web: { image: nginx, cap_drop: [ALL], cap_add: [CHOWN] } }"),
    inspect({ HostConfig: { CapAdd: null } }),
    view(
      "kernel: the default set",
      container("effective", { processes: [process({ capEffective: capabilities("CHOWN", "NET_RAW") })] }),
    ),
    view(
      "kernel: what an exec holds is judged elsewhere",
      container("effective", { processes: [process(), process({ role: "exec", capEffective: everything })] }),
    ),
  ],
  unknown: [
    run('docker run --cap-add "$CAP" alpine'),
    view("nothing seen", container("effective")),
    view(
      "unreadable",
      container("effective", { processes: [process({ capEffective: unresolved("status cannot be read") })] }),
    ),
  ],
  // It is the finding of the control privileged.
  notApplicable: [run("docker run --privileged alpine")],
});
