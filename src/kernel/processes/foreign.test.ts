import { expect, it } from "vitest";
import { readForeign } from "../read.ts";
import { enginePid, engineProcess, hostMounts, initProcess, status, v2Host } from "../testing/hosts.ts";
import { layHost } from "../testing/recorded-host.ts";

/** The foreign container whose parent has this command line and this executable. */
function nameBelow(command: string, executable: string): readonly string[] {
  const process = (pid: number, name: string, ppid: number) => ({
    ...engineProcess,
    pid,
    status: status({ name, pid, ppid }),
    mountinfo: hostMounts,
  });
  const host = v2Host();
  const { proc, cgroup } = layHost({
    ...host,
    processes: [
      engineProcess,
      process(1, "systemd", 0),
      process(2080, "containerd-shim", 1),
      initProcess({
        status: status({ name: "sleep", pid: 2101, ppid: 2080 }),
        cgroup: "0::/user.slice\n",
      }),
    ],
    proc: { ...host.proc, "2080/cmdline": command.replaceAll(" ", "\0") },
    links: { "2080/exe": executable, [`${enginePid}/exe`]: "/usr/bin/dockerd" },
  });
  return readForeign({ enginePid, proc, cgroup, sockets: [] }, { members: [], ids: [] }).map(
    ({ name }) => name,
  );
}

const shim = "/usr/bin/containerd-shim-runc-v2 -namespace other -id web -address /run/c.sock ";

it("a shim is known by its executable", () => {
  expect(nameBelow(shim, "/usr/bin/containerd-shim-runc-v2")).toEqual(["containerd/other/web"]);
  expect(nameBelow("init ", "/usr/bin/containerd-shim-runc-v2 (deleted)")).toEqual([
    expect.stringMatching(/^containerd\//),
  ]);
});

it("a program that only calls itself so is none", () => {
  expect(nameBelow(shim, "/home/eve/miner")).toEqual(["sleep/4026532299"]);
});
