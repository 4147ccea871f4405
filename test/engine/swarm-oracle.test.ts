import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { containerFromInspect } from "../../src/engine/documents/inspect.ts";
import { readCompose } from "../../src/formats/compose/read.ts";
import { readRunLine } from "../../src/formats/run-command/read.ts";
import type { Container } from "../../src/model/container.ts";
import { setItems, valueOr } from "../../src/model/fact.ts";
import { memoryFiles } from "../support/memory-files.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

/** What dockerd runs for a Swarm's service is the judge of what is read of a stack's file and of `docker service create`. */
const stacks = {
  bad: `services:
  bad:
    image: ${busybox}
    command: [sleep, "600"]
    privileged: true
    pid: host
    ipc: host
    userns_mode: host
    cgroupns_mode: host
    security_opt: [seccomp=unconfined, no-new-privileges:true]
    devices: [/dev/null:/dev/x]
    restart: always
    networks: [host]
    cap_add: [NET_ADMIN]
    volumes: [/etc:/host/etc]
networks: { host: { external: true } }
`,
  plain: `services:
  plain:
    image: ${busybox}
    command: [sleep, "600"]
    restart: always
    networks: [host]
    cap_add: [NET_ADMIN]
    volumes: [/etc:/host/etc]
networks: { host: { external: true } }
`,
  good: `services:
  good:
    image: ${busybox}
    command: [sleep, "600"]
    user: "1000:1000"
    read_only: true
    cap_drop: [ALL]
    networks: [host]
    ulimits: { nofile: 64 }
    sysctls: { net.ipv4.ip_unprivileged_port_start: "80" }
    deploy:
      resources: { limits: { memory: 64M, cpus: "0.5", pids: 50 }, reservations: { memory: 16M } }
networks: { host: { external: true } }
`,
} as const;

const lines = {
  careless: `docker service create -d --name careless --no-resolve-image --network host --cap-add SYS_ADMIN --mount type=bind,src=/etc,dst=/host/etc,bind-propagation=rshared --group 0 ${busybox} sleep 600`,
  careful: `docker service create -d --name careful --no-resolve-image --network host --read-only --cap-drop ALL -u 1000:1000 --limit-memory 64m --limit-cpu 0.5 --limit-pids 50 --reserve-memory 16m --ulimit nofile=64 --mount type=tmpfs,dst=/tmp,tmpfs-size=1m --no-healthcheck ${busybox} sleep 600`,
} as const;

/** What a Swarm's definition can say, and what it never does, in one form for both sides. */
function factsOf(view: Container): unknown {
  return {
    user: valueOr(view.user, ""),
    privileged: valueOr(view.privileged, false),
    readonlyRootfs: valueOr(view.readonlyRootfs, false),
    pid: view.pidMode.state === "set" ? view.pidMode.value.mode : "",
    userns: view.usernsMode.state === "set" ? view.usernsMode.value.mode : "",
    network: view.networkMode.state === "set" ? view.networkMode.value.mode : "",
    seccomp: view.seccomp.state === "set" ? view.seccomp.value.profile : "default",
    devices: setItems(view.devices).map(({ value }) => value.hostPath),
    capAdd: setItems(view.capAdd).map(({ value }) => value),
    capDrop: setItems(view.capDrop).map(({ value }) => value),
    groupAdd: setItems(view.groupAdd).map(({ value }) => value),
    mounts: setItems(view.mounts).map(({ value }) => [
      value.type,
      value.hostPath,
      value.target,
      value.tmpfs?.size,
    ]),
    propagation: setItems(view.mounts).map(({ value }) => value.propagation ?? "rprivate"),
    memory: valueOr(view.memory, 0),
    memoryReservation: valueOr(view.memoryReservation, 0),
    nanoCpus: valueOr(view.nanoCpus, 0),
    pidsLimit: valueOr(view.pidsLimit, 0),
    ulimits: setItems(view.ulimits).map(({ value }) => value),
    sysctls: setItems(view.sysctls).map(({ value }) => value),
    healthcheck: valueOr(view.healthcheck, ""),
  };
}

describeWithEngine("a Swarm", () => {
  let engine: TestEngine;
  let folder: string;
  let running: ReadonlyMap<string, Container>;

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    folder = mkdtempSync(join(tmpdir(), "bulkhead-stack-"));
    await importBusybox(engine);
    await engine.docker(["swarm", "init", "--advertise-addr", "127.0.0.1"]);
    for (const [name, text] of Object.entries(stacks)) {
      const file = join(folder, `${name}-stack.yml`);
      writeFileSync(file, text);
      await engine.docker(["stack", "deploy", "--detach", "--resolve-image", "never", "-c", file, "s"]);
    }
    for (const line of Object.values(lines)) await engine.docker(line.split(" ").slice(1));
    running = await containersOf(engine, ["s_bad", "s_plain", "s_good", "careless", "careful"]);
  });
  afterAll(async () => {
    await engine?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const read = (name: keyof typeof stacks) => {
    const file = `${name}-stack.yml`;
    const reading = readCompose({ files: [file], io: memoryFiles({ [file]: stacks[name] }) });
    const [subject] = reading.subjects;
    return { reading, view: subject?.kind === "container" ? subject.views[0] : undefined };
  };

  test.each(["plain", "good"] as const)("runs the service %s of a stack's file as it is read", (name) => {
    const { view } = read(name);
    const seen = running.get(`s_${name}`);
    expect(view && factsOf(view)).toEqual(seen && factsOf(seen));
    expect(seen?.noNewPrivileges.state).not.toBe("set");
  });

  /** A file's name is a guess: what `docker compose up` would make of it is worse, and is told. */
  test("ignores what a note names, where a file is judged as docker compose runs it", () => {
    const { reading, view } = read("bad");
    const seen = running.get("s_bad");
    expect(view && factsOf(view)).toMatchObject({ privileged: true, pid: "host", seccomp: "unconfined" });
    expect(seen && factsOf(seen)).toMatchObject({
      privileged: false,
      pid: "",
      seccomp: "default",
      devices: [],
    });
    const said = (reading.notes ?? []).map(({ reason }) => reason).join("\n");
    for (const key of [
      "privileged",
      "pid",
      "ipc",
      "userns_mode",
      "cgroupns_mode",
      "security_opt",
      "devices",
    ]) {
      expect(said).toContain(`docker stack deploy ignores ${key} of bad`);
    }
  });

  test.each(["careless", "careful"] as const)("runs %s as docker service create is read", (name) => {
    const [subject] = readRunLine(lines[name], "--run", memoryFiles({})).subjects;
    const view = subject?.kind === "container" ? subject.views[0] : undefined;
    const seen = running.get(name);
    expect(view && factsOf(view)).toEqual(seen && factsOf(seen));
  });
});

/** Waits until each service has its container. */
async function containersOf(
  engine: TestEngine,
  names: readonly string[],
): Promise<ReadonlyMap<string, Container>> {
  const found = new Map<string, Container>();
  while (found.size < names.length) {
    for (const name of names.filter((each) => !found.has(each))) {
      const filter = `label=com.docker.swarm.service.name=${name}`;
      const [id] = (await engine.docker(["ps", "-aq", "--filter", filter])).split("\n");
      if (!id) continue;
      const [document] = JSON.parse(await engine.docker(["inspect", id])) as readonly unknown[];
      found.set(name, containerFromInspect(document));
    }
  }
  return found;
}
