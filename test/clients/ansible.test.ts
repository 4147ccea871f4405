import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { dockerEnvironment } from "../support/guard/guard-process.ts";
import { bothWays, clientStage } from "./stage.ts";

/** Tasks as people write them. */
const network = { "community.docker.docker_network": { name: "play", labels: { a: "b" } } };
const volume = { "community.docker.docker_volume": { name: "play-data" } };
const container = {
  "community.docker.docker_container": {
    name: "play",
    image: busybox,
    pull: false,
    command: "sleep 1000",
    env: { A: "b" },
    labels: { c: "d" },
    memory: "64M",
    restart_policy: "unless-stopped",
    volumes: ["play-data:/data"],
    networks: [{ name: "play", aliases: ["www"] }],
    healthcheck: { test: ["CMD", "true"], interval: "1s", retries: 3 },
  },
};
const exec = {
  "community.docker.docker_container_exec": {
    container: "play",
    command: "sh -c 'echo $A > /data/f; cat /data/f'",
  },
  register: "ran",
  changed_when: false,
  failed_when: "ran.stdout != 'b'",
};
const copy = {
  "community.docker.docker_container_copy_into": {
    container: "play",
    content: "copied",
    container_path: "/copied",
    mode: 0o644,
  },
};
const gone = ["docker_container", "docker_network", "docker_volume"].map((module) => ({
  [`community.docker.${module}`]: {
    name: module === "docker_volume" ? "play-data" : "play",
    state: "absent",
    ...(module === "docker_container" && { force_kill: true }),
  },
}));

describeWithEngine("ansible's community.docker", () => {
  const stage = clientStage();

  it("makes a network, a volume and a container, and changes nothing the second time", async () => {
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const host = `unix://${socketPath}`;
      const { folder } = stage().guard;
      const playbook = (name: string, tasks: readonly object[]) =>
        new Promise<string>((resolve) => {
          const file = join(folder, `${name}.yml`);
          const docker = { docker_host: host, timeout: 30 };
          const play = {
            hosts: "localhost",
            connection: "local",
            gather_facts: false,
            module_defaults: { "group/community.docker.docker": docker },
            tasks,
          };
          writeFileSync(file, JSON.stringify([play]));
          const env = { ...dockerEnvironment(host, folder), ANSIBLE_NOCOLOR: "1", LC_ALL: "C.UTF-8" };
          execFile("ansible-playbook", [file], { env, timeout: 110_000 }, (error, out, err) => {
            const recap = /ok=\d+\s+changed=\d+\s+unreachable=\d+\s+failed=\d+/.exec(out)?.[0];
            resolve(error || recap === undefined ? `${out}\n${err}` : recap.replace(/\s+/g, " "));
          });
        });
      return {
        first: await playbook("first", [network, volume, container, exec, copy]),
        second: await playbook("second", [container]),
        gone: await playbook("gone", gone),
      };
    });
    expect(straight).toEqual({
      first: "ok=5 changed=4 unreachable=0 failed=0",
      second: "ok=1 changed=0 unreachable=0 failed=0",
      gone: "ok=3 changed=3 unreachable=0 failed=0",
    });
    expect(guarded).toEqual(straight);
  });
});
