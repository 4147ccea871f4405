import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../src/audit/finding.ts";
import { findControl } from "../../src/controls/registry.ts";
import { guardRules, strictControls } from "../../src/guard/judge/policy/rules.ts";
import { routeGroups } from "../../src/guard/routes/route.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { startGuard } from "../support/guard/guard-process.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox, importImage } from "./images.ts";
import { type Ask, type GuardedClients, guardClients } from "./policy/clients.ts";
import { lists } from "./policy/lists.ts";
import { create, elsewhere, meetings } from "./policy/meetings.ts";
import { startRegistry, type TestRegistry } from "./registry.ts";

const isRule = (id: string) => id.startsWith("guard-");
const isShut = (id: string) =>
  isRule(id)
    ? guardRules.find((rule) => rule.id === id)?.default === "deny"
    : findControl(id)?.guard === "deny";

/** What a policy says to deny by a rule or control, and to let pass what it is about. */
const denies = (id: string) => (isRule(id) ? `rules: { ${id}: deny }` : `controls: { ${id}: deny }`);
const allows = (id: string) => (isRule(id) ? `rules: { ${id}: allow }` : `controls: { ${id}: off }`);

describeWithEngine("the guard's policy, word by word", () => {
  let engine: TestEngine;
  let registry: TestRegistry;
  let clients: GuardedClients;
  let folder = "";
  let program = "";

  /** Clients by name, each with its own socket and words. */
  function policies(digest: string): Readonly<Record<string, string>> {
    return {
      ...Object.fromEntries(
        Object.entries(meetings).flatMap(([rule, { words }]) => [
          [`deny-${rule}`, `${words ? `${words}, ` : ""}${denies(rule)}`],
          [`allow-${rule}`, `${words ? `${words}, ` : ""}${allows(rule)}`],
          [`usual-${rule}`, words ?? ""],
        ]),
      ),
      ...Object.fromEntries(lists.map(({ words }, at) => [`list-${at}`, words])),
      ...Object.fromEntries(routeGroups.map((group) => [`without-${group}`, `groups: { ${group}: deny }`])),
      ...Object.fromEntries(routeGroups.map((group) => [`only-${group}`, onlyGroup(group)])),
      "one-route": "groups: { read: deny }, routes: { image-list: allow, container-create: deny }",
      plain: "",
      digests: `allow: { images: ['localhost:5000/app@${digest}', 'busybox:*'] }`,
      "deny-uts": "controls: { host-uts: deny }",
      "no-uts": "controls: { host-uts: off, no-new-privileges: off }",
      rootfs: "controls: { read-only-rootfs: harden }, limits: { memory: 64m, cpus: 0.5, pids: 77 }",
      "free-privileged": "controls: { privileged: off, host-cgroup-namespace: off }",
      refusing: "override: deny",
      warning: "mode: warn",
      redacted: "redact: true",
      traefik: "preset: traefik",
      ci: "preset: ci-runner",
    };
  }

  beforeAll(async () => {
    engine = await startEngine({ bridge: true, flags: ["--add-runtime=other=/usr/sbin/runc"] });
    ({ folder } = engine);
    program = builtCommand();
    registry = await startRegistry(engine);
    await importBusybox(engine);
    await importImage(engine, "second:1", { changes: ["ENV TOKEN=image-secret"] });
    await engine.docker(["pull", "-q", "localhost:5000/app:1"]);
    await engine.docker(["network", "create", "listed"]);
    const safe = ["--security-opt=no-new-privileges", "--pids-limit=100"];
    await engine.docker([
      "run",
      "-d",
      "--name=web",
      ...safe,
      "-e",
      "PASSWORD=hunter2",
      busybox,
      "sleep",
      "1d",
    ]);
    await engine.docker(["run", "-d", "--name=user", ...safe, "--user=1000", busybox, "sleep", "1d"]);
    await engine.docker([
      "run",
      "-d",
      "--name=on-listed",
      "--network=listed",
      ...safe,
      busybox,
      "sleep",
      "1d",
    ]);
    await engine.docker(["run", "-d", "--name=dangerous", "--privileged", busybox, "sleep", "1d"]);
    clients = await guardClients(engine, policies(registry.digest));
  }, 240_000);
  afterAll(async () => {
    await clients?.stop();
    registry?.stop();
    await engine?.stop();
  });

  /** What a container is made with, as the Engine itself says it. */
  async function made(client: string, flags: readonly string[]): Promise<Record<string, unknown>> {
    const id = await clients.passes(client, ["create", ...flags, busybox, "true"]);
    const [document] = JSON.parse(await engine.docker(["inspect", id]));
    await engine.docker(["rm", id]);
    return document.HostConfig;
  }

  describe("the guard's own rules", () => {
    it("each has a request here that meets it, or a reason", () => {
      const ids = Object.keys(meetings);
      expect([...ids.filter(isRule), ...Object.keys(elsewhere)].sort()).toEqual(
        guardRules.map(({ id }) => id).sort(),
      );
      expect(ids.filter((id) => !isRule(id) && !isShut(id))).toEqual([]);
      expect(strictControls.filter((id) => !ids.includes(id))).toEqual([]);
    });

    it.each(Object.entries(meetings))(
      "%s denies, and lets pass where it is told to",
      async (rule, meeting) => {
        const denied = await clients.call(`deny-${rule}`, meeting);
        expect(denied.rules, denied.text).toEqual([rule]);
        expect(denied.status).toBe(403);
        expect(denied.text).toContain(`(${rule})`);
        expect((await clients.call(`usual-${rule}`, meeting)).rules.includes(rule)).toBe(isShut(rule));
        const allowed = await clients.call(`allow-${rule}`, meeting);
        expect(allowed.rules, allowed.text).toEqual([]);
      },
    );
  });

  describe("networks", () => {
    const bridge = "com.docker.network.bridge";
    const ask = (Name: string, option: string, value: string): Ask => [
      "POST",
      "/networks/create",
      { Name, Options: { [`${bridge}.${option}`]: value } },
    ];

    it.each([
      ["unprotected", "gateway_mode_ipv4", "nat-unprotected", "medium"],
      ["trusting", "trusted_host_interfaces", "eth0", "low"],
      ["shared", "name", "br-shared", "info"],
    ])(
      "%s: what the guard denies by default is a finding of who joins it",
      async (name, option, value, severity) => {
        const rule = "network-options";
        const wanted = ask(name, option, value);
        expect(await clients.call("plain", { ask: wanted })).toMatchObject({ status: 403, rules: [rule] });
        expect(await clients.call(`allow-${rule}`, { ask: wanted })).toMatchObject({ status: 201 });
        await engine.docker(["create", `--name=joins-${name}`, `--network=${name}`, busybox, "true"]);
        expect(await networkFindings(`joins-${name}`)).toEqual([
          {
            verdict: "fail",
            severity,
            message: expect.stringContaining(`joins the network ${name}, which`),
            locations: [{ pointer: `/NetworkSettings/Networks/${name}` }],
          },
        ]);
      },
    );

    it("a network that opens nothing is no finding", async () => {
      expect(await networkFindings("on-listed")).toEqual([]);
    });

    async function networkFindings(container: string): Promise<readonly object[]> {
      const argv = ["audit", `container:${container}`, "--only=network-options", "--format=json"];
      const { stdout } = await runCli(program, argv, { env: engine.environment });
      const { findings, subjects } = JSON.parse(stdout) as Report;
      expect(subjects.map(({ name }) => name)).toEqual([container]);
      return findings.map(({ verdict, severity, message, locations }) => ({
        verdict,
        severity,
        message,
        locations,
      }));
    }
  });

  describe("groups and routes", () => {
    const member: Readonly<Record<(typeof routeGroups)[number], Ask>> = {
      safe: ["GET", "/version"],
      read: ["GET", "/containers/json"],
      secretRead: ["GET", "/containers/web/json"],
      lifecycle: ["POST", "/containers/web/wait?condition=not-created"],
      judged: ["POST", "/containers/web/exec", { Cmd: ["true"] }],
      rootEquivalent: ["POST", "/swarm/leave"],
    };
    it.each(routeGroups)("%s closes by itself, and is open alone", async (group) => {
      for (const other of routeGroups) {
        const asked =
          other === "lifecycle" ? (["POST", "/containers/web/resize?h=1&w=1"] as const) : member[other];
        const without = await clients.call(`without-${group}`, { ask: asked });
        const isClosed = other === group || other === "rootEquivalent";
        expect([other, without.rules.includes("guard-route")]).toEqual([other, isClosed]);
        const only = await clients.call(`only-${group}`, { ask: asked });
        expect([other, only.rules.includes("guard-route")]).toEqual([other, other !== group]);
      }
    });

    it("a route's own word counts before its group's", async () => {
      expect((await clients.call("one-route", { ask: ["GET", "/images/json"] })).status).toBe(200);
      expect((await clients.call("one-route", { ask: ["GET", "/containers/json"] })).rules).toEqual([
        "guard-route",
      ]);
      expect((await clients.call("one-route", { ask: create({}) })).rules).toEqual(["guard-route"]);
      expect((await clients.call("one-route", { ask: member.judged })).status).toBe(201);
    });
  });

  describe("controls", () => {
    it("deny, replace or leave what somebody asks for", async () => {
      await clients.fails("deny-uts", ["create", "--uts=host", busybox], "(host-uts)");
      expect(await made("plain", ["--uts=host"])).toMatchObject({
        UTSMode: "",
        SecurityOpt: ["no-new-privileges"],
      });
      expect(await made("no-uts", ["--uts=host"])).toMatchObject({ UTSMode: "host", SecurityOpt: null });
      await clients.fails("plain", ["create", "--privileged", busybox], "(privileged)");
      expect(await made("free-privileged", ["--privileged"])).toMatchObject({ Privileged: true });
    });

    it("harden for every image where that is said, with the limits that are said", async () => {
      expect(await made("plain", [])).toMatchObject({ ReadonlyRootfs: false, PidsLimit: 8192, Memory: 0 });
      expect(await made("rootfs", [])).toMatchObject({
        ReadonlyRootfs: true,
        PidsLimit: 77,
        Memory: 64 * 1024 ** 2,
        NanoCpus: 5e8,
      });
    });

    it("under override: deny set what is unset, and refuse what is asked for", async () => {
      await clients.fails("refusing", ["create", "--uts=host", busybox], "(guard-override)");
      expect(await made("refusing", [])).toMatchObject({ SecurityOpt: ["no-new-privileges"] });
    });
  });

  describe("what is allowed by name", () => {
    it.each(lists.map((list, at) => [list.label, at, list] as const))("%s", async (_, at, list) => {
      for (const flags of list.passes) await made(`list-${at}`, flags);
      for (const [rule, ...flags] of list.fails) {
        await clients.fails(`list-${at}`, ["create", ...flags, busybox, "true"], `(${rule})`);
      }
    });

    it("images by pattern and by digest", async () => {
      // Another test has moved the tag.
      await engine.docker(["pull", "-q", "localhost:5000/app:1"]);
      const pinned = `localhost:5000/app@${registry.digest}`;
      for (const image of [busybox, pinned, "localhost:5000/app:1"]) {
        const id = await clients.passes("digests", ["create", image]);
        await engine.docker(["rm", id]);
      }
      await clients.fails("digests", ["create", "second:1"], "(guard-image)");
      await engine.docker(["tag", "second:1", "localhost:5000/app:moved"]);
      await clients.fails("digests", ["create", "localhost:5000/app:moved"], "(guard-image)");
      await clients.passes("digests", ["pull", "-q", pinned]);
      await clients.fails("digests", ["pull", "-q", "localhost:5000/app:1"], "(guard-image)");
    });
  });

  describe("what is blanked", () => {
    it("values of variables, of containers, images and their history", async () => {
      const seen = [
        await clients.passes("redacted", ["inspect", "web"]),
        await clients.passes("redacted", ["image", "inspect", "second:1"]),
        await clients.passes("redacted", ["history", "--no-trunc", "second:1"]),
      ].join("\n");
      expect(seen).toContain("PASSWORD=***");
      expect(seen).toContain("TOKEN=***");
      expect(seen).not.toMatch(/hunter2|image-secret/);
      expect(await clients.passes("plain", ["inspect", "web"])).toContain("PASSWORD=hunter2");
    });

    it("options of volumes that hold a password", async () => {
      const options = [
        "--opt=type=cifs",
        "--opt=device=//192.0.2.1/x",
        "--opt=o=username=me,password=hunter2,ro",
      ];
      await engine.docker(["volume", "create", ...options, "share-with-password"]);
      const seen = [
        await clients.passes("redacted", ["volume", "inspect", "share-with-password"]),
        (await clients.call("redacted", { ask: ["GET", "/volumes"] })).text,
      ];
      for (const each of seen) expect(each).toContain("username=me,password=***,ro");
      expect(seen.join()).not.toContain("hunter2");
    });

    it("what a swarm holds: configs, variables of services and tasks, tokens", async () => {
      await engine.docker(["swarm", "init", "--advertise-addr=127.0.0.1", "--listen-addr=127.0.0.1:2377"]);
      try {
        await engine.docker(["config", "create", "settings", "-"], Buffer.from("config-secret"));
        await engine.docker([
          "service",
          "create",
          "-d",
          "--name=shop",
          "--env=PASSWORD=hunter2",
          "--config=settings",
          busybox,
          "sleep",
          "1d",
        ]);
        for (const path of ["/configs", "/configs/settings", "/services", "/services/shop", "/tasks"]) {
          const plain = await clients.call("plain", { ask: ["GET", path] });
          const { status, text } = await clients.call("redacted", { ask: ["GET", path] });
          expect([path, status], text).toEqual([path, 200]);
          const secret = new RegExp(`hunter2|${btoa("config-secret")}`);
          expect(plain.text, path).toMatch(path === "/tasks" ? /PASSWORD|^\[\]/ : secret);
          expect(text, path).not.toMatch(secret);
        }
      } finally {
        await engine.docker(["swarm", "leave", "--force"]);
      }
    }, 120_000);
  });

  describe("modes and presets", () => {
    it("warn lets through as it is, and tells what it would have done", async () => {
      expect(await made("warning", ["--privileged", "--uts=host"])).toMatchObject({
        Privileged: true,
        UTSMode: "host",
      });
      const entry = clients.guard.entries().findLast(({ route }) => route === "container-create");
      expect(entry).toMatchObject({
        client: "warning",
        mode: "warn",
        verdict: "allow",
        reasons: [],
        changes: [],
      });
      expect(entry?.controls).toEqual(
        expect.arrayContaining(["privileged", "host-uts", "no-new-privileges"]),
      );
    });

    it("learn writes the policy that lets the same through, and nothing else", async () => {
      const learnt = join(folder, "learnt.yaml");
      const traffic = [
        ["ps", "-aq"],
        ["run", "--rm", "--cap-add=NET_ADMIN", "-v", "/etc/alternatives:/x:ro", busybox, "true"],
      ];
      const learning = await startGuard(builtCommand(), engine.host, [
        "--no-config",
        "--mode=learn",
        "--learn",
        learnt,
      ]);
      const wide = ["run", "--rm", "--pid=host", busybox, "true"];
      for (const args of [...traffic, wide]) expect(await learning.docker(args)).toMatchObject({ status: 0 });
      learning.signal("SIGTERM");
      await learning.ended();
      await learning.stop();
      expect(readFileSync(learnt, "utf8")).toContain("NET_ADMIN");
      expect(readFileSync(learnt, "utf8")).toMatch(/# Not learnt: [\s\S]*# {5}host-pid: off/);
      const taught = await startGuard(builtCommand(), engine.host, ["--config", learnt]);
      for (const args of traffic) expect(await taught.docker(args)).toMatchObject({ status: 0 });
      for (const args of [
        ["images"],
        wide,
        ["create", "--privileged", busybox],
        ["create", "--cap-add=SYS_ADMIN", busybox],
        ["create", "-v", "/etc:/x", busybox],
        ["create", "--network=host", busybox],
      ]) {
        expect((await taught.docker(args)).stderr).toContain("bulkhead: ");
      }
      await taught.stop();
    });

    it("a preset lets its tool see what it needs, blanked, and nothing else", async () => {
      expect(await clients.passes("traefik", ["ps", "-q", "--filter=name=web"])).not.toBe("");
      expect(await clients.passes("traefik", ["inspect", "web"])).toContain("PASSWORD=***");
      for (const args of [
        ["logs", "web"],
        ["stop", "web"],
        ["exec", "web", "true"],
        ["create", busybox],
        ["images"],
      ]) {
        await clients.fails("traefik", args, "(guard-route)");
      }
    });

    it("a CI runner's job builds, runs and composes, and sees nothing but its own", async () => {
      const project = join(folder, "job");
      mkdirSync(project);
      writeFileSync(join(project, "Dockerfile"), `FROM ${busybox}\nRUN echo built > /built\n`);
      writeFileSync(
        join(project, "compose.yaml"),
        `name: job
services:
  one: { build: ., init: true, command: sleep 1d, volumes: ["data:/data"], networks: [own] }
  two: { image: ${busybox}, command: echo two, depends_on: [one], networks: [own] }
volumes: { data: {} }
networks: { own: {} }
`,
      );
      const env = { DOCKER_HOST: `unix://${clients.socketOf("ci")}`, DOCKER_BUILDKIT: "0" };
      const compose = async (...args: readonly string[]) => {
        const ran = await clients.guard.docker(["compose", "--project-directory", project, ...args], { env });
        expect(ran, `compose ${args.join(" ")}`).toMatchObject({ status: 0 });
        return ran.stdout;
      };
      await compose("up", "-d");
      expect(await compose("exec", "-T", "one", "cat", "/built")).toBe("built\n");
      expect(await compose("logs", "two")).toContain("two");
      const seen = await clients.passes("ci", ["ps", "-a", "--format={{.Names}}"]);
      expect(seen.split("\n").sort()).toEqual(["job-one-1", "job-two-1"]);
      const [made] = JSON.parse(await engine.docker(["inspect", "job-one-1"]));
      expect(made.Config.Labels).toMatchObject({ "bulkhead.owner": "ci" });
      expect(made.HostConfig.SecurityOpt).toEqual(["no-new-privileges"]);
      await clients.fails("ci", ["create", "--privileged", busybox], "(privileged)");
      await clients.fails("ci", ["exec", "web", "true"], "No such container: web");
      await compose("down", "-v", "-t", "1");
      expect(await clients.passes("ci", ["volume", "ls", "-q"])).toBe("");
    }, 120_000);

    it("each line of the log has its keys and says whose it is; none has a value, a secret or a command", async () => {
      await clients.docker("plain", [
        "create",
        "--privileged",
        "-e",
        "TOKEN=env-secret",
        "--log-opt=labels=opt-secret",
        busybox,
        "argument-secret",
      ]);
      await clients.docker("plain", ["exec", "-e", "TOKEN=env-secret", "web", "echo", "argument-secret"]);
      const text = readFileSync(clients.guard.logPath, "utf8");
      expect(text).not.toMatch(/env-secret|argument-secret|hunter2|image-secret|config-secret/);
      const names = new Set<string>();
      for (const line of text.trim().split("\n")) {
        const entry = JSON.parse(line);
        expect(Object.keys(entry)).toEqual(
          "time client listener policy mode method route object verdict controls reasons changes warnings".split(
            " ",
          ),
        );
        names.add(entry.client);
        expect(entry.listener).toBe(`unix://${clients.socketOf(entry.client)}`);
      }
      expect(names.size).toBeGreaterThan(100);
    });
  });
});

function onlyGroup(group: (typeof routeGroups)[number]): string {
  return `groups: { ${routeGroups.map((each) => `${each}: ${each === group ? "allow" : "deny"}`).join(", ")} }`;
}
