import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { describeWithServers } from "./describe.ts";
import type { TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { buildPackaged, packagedStage } from "./packaged-image.ts";
import { importServers, references } from "./servers/images.ts";
import { startSwarm, type TestSwarm } from "./swarm.ts";

const targets = ["guard", "watch", "serve"] as const;
const stackFile = "packaging/fleet/stack.yaml";
const patience = { timeout: 240_000, interval: 500 };
/** On a busy machine; it takes about a minute where nothing else runs. */
const longest = 400_000;

/** A container that was started, whose findings the database has to hold once. */
interface Told {
  readonly node: number;
  readonly name: string;
  isGone: boolean;
}

await describeWithServers("packaging/fleet/stack.yaml on a Swarm of three nodes", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-swarm-"));
  const told: Told[] = [];
  let swarm: TestSwarm;
  let manager: TestEngine;

  beforeAll(async () => {
    const program = builtCommand();
    swarm = await startSwarm(3);
    const [first] = swarm.nodes;
    if (!first) throw new Error("no node");
    manager = first;
    for (const [index, target] of targets.entries()) {
      const own = join(folder, target);
      mkdirSync(own);
      await buildPackaged(manager, own, {
        tag: imageOf(target),
        dockerfile: packagedStage(target),
        program,
        fill: fillContext,
        isNext: index > 0,
      });
    }
    await importBusybox(manager);
    const archive = join(folder, "images.tar");
    const all = [...targets.map(imageOf), busybox];
    await manager.docker(["save", "-o", archive, ...all]);
    await Promise.all(swarm.nodes.slice(1).map((node) => node.docker(["load", "-q", "-i", archive])));
    await importServers(manager, ["postgres"]);
    await manager.docker(["tag", references.postgres, "postgres:16.4"]);
    await prepare();
  }, 600_000);

  afterAll(async () => {
    await swarm?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  /** The steps of docs/serve.md, with the addresses of this test. */
  async function prepare(): Promise<void> {
    const secret = async (name: string, text: string) =>
      await manager.docker(["secret", "create", name, "-"], Buffer.from(text));
    const key = join(folder, "key.pem");
    const certificate = join(folder, "certificate.pem");
    const subject = ["-subj", "/CN=serve", "-addext", "subjectAltName=DNS:tasks.serve", "-days", "1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", certificate, ...subject], {
      stdio: "pipe",
    });
    await secret("database-password", "a-password");
    await secret("enrol-token", "a-token-for-the-hosts-of-a-swarm");
    await secret("serve-certificate", readFileSync(certificate, "utf8"));
    await secret("serve-key", readFileSync(key, "utf8"));
    for (const [index, node] of swarm.nodes.entries()) {
      symlinkSync(node.socketPath, join(folder, `node${index + 1}.sock`));
    }
    const stack = readFileSync(stackFile, "utf8")
      // The nodes of this Swarm are on one machine, where each Engine's socket is elsewhere.
      .replace(
        "- /var/run/docker.sock:/var/run/docker.sock:ro",
        `- { type: bind, source: "${folder}/{{.Node.Hostname}}.sock", target: /var/run/docker.sock, read_only: true }`,
      )
      // A service's own address needs IPVS, which not every kernel has; its tasks' addresses do not.
      .replace("@database/", "@tasks.database/")
      // The certificate is signed by itself.
      .replace("--report-to=https://bulkhead.example.org", "--report-to=https://tasks.serve:7070")
      .replace(
        /( {2}watch:\n {4}image: .*\n)/,
        "$1    environment: { NODE_EXTRA_CA_CERTS: /run/secrets/serve-certificate }\n",
      )
      .replace(
        /( {2}watch:[\s\S]*?secrets:\n)/,
        '$1      - { source: serve-certificate, uid: "65532", mode: 0400 }\n',
      );
    writeFileSync(join(folder, "stack.yaml"), stack);
    const id = await manager.docker(["info", "--format", "{{.Swarm.NodeID}}"]);
    await manager.docker(["node", "update", "--label-add", "bulkhead.data=true", id]);
    execFileSync(
      "docker",
      ["stack", "deploy", "--resolve-image", "never", "-c", join(folder, "stack.yaml"), "bulkhead"],
      {
        env: {
          PATH: process.env.PATH ?? "",
          ...manager.environment,
          DOCKER_GID: String(statSync(manager.socketPath).gid),
        },
        stdio: "pipe",
      },
    );
  }

  /** The containers of a service on a node. */
  async function tasks(node: number, service: string): Promise<readonly string[]> {
    const label = `label=com.docker.swarm.service.name=bulkhead_${service}`;
    const ids = await engineOf(node).docker(["ps", "-q", "--filter", label]);
    return ids.split("\n").filter((id) => id !== "");
  }

  function engineOf(node: number): TestEngine {
    const engine = swarm.nodes[node - 1];
    if (!engine) throw new Error(`no node ${node}`);
    return engine;
  }

  async function ask(query: string): Promise<readonly string[]> {
    const [database = ""] = await tasks(1, "database");
    const answer = await manager.docker([
      ...["exec", database, "psql", "-U", "bulkhead", "-d", "bulkhead", "-tAF", " ", "-c", query],
    ]);
    return answer.split("\n").filter((line) => line !== "");
  }

  async function begin(node: number): Promise<void> {
    const name = `told-${told.length + 1}`;
    const flags = ["-d", "--network=none", "--privileged", "--name", name];
    await engineOf(node).docker(["run", ...flags, busybox, "sleep", "1d"]);
    told.push({ node, name, isGone: false });
  }

  async function end(node: number): Promise<void> {
    const oldest = told.find((each) => each.node === node && !each.isGone);
    if (!oldest) throw new Error(`nothing runs on node ${node}`);
    await engineOf(node).docker(["rm", "-f", oldest.name]);
    oldest.isGone = true;
  }

  /** Each container that was started has one row that opened, and each one that was removed has one that resolved. */
  async function expectAllOnce(): Promise<void> {
    const wanted = told
      .map(
        ({ node, name, isGone }) => `node${node} container:${name} ${isGone ? "opened,resolved" : "opened"}`,
      )
      .toSorted();
    const query = `
      select host.name, subject, string_agg(change.change, ',' order by change.id) from finding
      join host on host.id = finding.host join change on change.finding = finding.id
      where control = 'privileged' and subject like 'container:told-%' and change.change <> 'changed'
      group by host.name, subject`;
    const kept = async () => (await ask(query).catch(() => [])).toSorted();
    await expect.poll(kept, patience).toEqual(wanted);
  }

  const hosts = () => ask("select name from host where connected = 1 order by name").catch(() => []);

  it(
    "is deployed as docs/serve.md says, and each node is a host that tells what changes",
    async () => {
      await expect.poll(hosts, patience).toEqual(["node1", "node2", "node3"]);
      for (const node of [1, 2, 3]) for (let each = 0; each < 2; each += 1) await begin(node);
      await expectAllOnce();
      for (const node of [1, 2, 3]) await end(node);
      await expectAllOnce();
    },
    longest,
  );

  it(
    "a replica that is killed is replaced, and takes nothing with it",
    async () => {
      const running = await Promise.all(
        [1, 2, 3].map(async (node) => ({ node, ids: await tasks(node, "serve") })),
      );
      const victim = running.find(({ ids }) => ids.length > 0);
      const before = running.flatMap(({ ids }) => ids);
      expect(before).toHaveLength(2);
      const killed = victim?.ids[0] ?? "";
      await engineOf(victim?.node ?? 0).docker(["kill", killed]);
      for (const node of [1, 2, 3]) await begin(node);
      for (const node of [1, 2, 3]) await end(node);
      await expectAllOnce();
      const now = async () => (await Promise.all([1, 2, 3].map((node) => tasks(node, "serve")))).flat();
      await expect.poll(async () => (await now()).filter((id) => id !== killed).length, patience).toBe(2);
    },
    longest,
  );

  it(
    "PostgreSQL may be killed: what changes meanwhile waits on the hosts",
    async () => {
      const [database = ""] = await tasks(1, "database");
      await manager.docker(["kill", database]);
      for (const node of [1, 2, 3]) await begin(node);
      for (const node of [1, 2, 3]) await end(node);
      await expect.poll(async () => (await tasks(1, "database")).length, patience).toBe(1);
      await expectAllOnce();
    },
    longest,
  );

  it(
    "a node without its cable and one that is drained tell what happened when they are back",
    async () => {
      const ask3 = ["node", "inspect", "--format", "{{.Status.State}}", "node3"];
      swarm.cut(3, true);
      await manager.docker(["node", "update", "--availability", "drain", "node2"]);
      await expect.poll(() => tasks(2, "watch"), patience).toEqual([]);
      await expect.poll(() => manager.docker(ask3), patience).toBe("down");
      for (const node of [1, 2, 3]) await begin(node);
      for (const node of [2, 3]) await end(node);
      swarm.cut(3, false);
      await manager.docker(["node", "update", "--availability", "active", "node2"]);
      await expectAllOnce();
      // No host was enrolled twice.
      expect(await ask("select count(*), count(distinct name) from host")).toEqual(["3 3"]);
    },
    longest,
  );
});

/** The image of a target, as the stack names it. */
function imageOf(target: string): string {
  const [, image = ""] =
    new RegExp(`image: (bulkhead-${target}:\\S+)`).exec(readFileSync(stackFile, "utf8")) ?? [];
  return image;
}

/** What the Dockerfile's first stage puts beside the program. */
function fillContext(context: string): void {
  for (const name of ["lib/bulkhead", "sockets"]) mkdirSync(join(context, name), { recursive: true });
  for (const name of ["better-sqlite3", "bindings", "file-uri-to-path", "@node-rs"]) {
    cpSync(join("node_modules", name), join(context, "node_modules", name), { recursive: true });
  }
  execFileSync("chmod", ["-R", "a+rX", context]);
  execFileSync("chmod", ["0770", join(context, "lib/bulkhead")]);
}
