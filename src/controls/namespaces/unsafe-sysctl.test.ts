import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { unsafeSysctl } from "./unsafe-sysctl.ts";

testControl(unsafeSysctl, {
  fails: [
    compose("services: { a: { image: nginx, sysctls: { kernel.core_pattern: '|/x' } } }"),
    compose("services: { a: { image: nginx, sysctls: ['vm.overcommit_memory=1'] } }"),
    run("docker run --sysctl net.ipv4.ip_forward=1 nginx", { severity: "low" }),
    run("docker run --sysctl kernel.msgmax=1 nginx", { severity: "low" }),
    run("docker run --network host --sysctl net.core.somaxconn=1 nginx", { message: /shares with the host/ }),
    run("docker run --ipc host --sysctl kernel.shmmax=1 nginx", { message: /shares with the host/ }),
    inspect({ HostConfig: { Sysctls: { "fs.suid_dumpable": "1" } } }),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run --sysctl kernel.shmmax=1 nginx"),
    run("docker run --sysctl net.ipv4.tcp_syncookies=0 nginx"),
  ],
});
