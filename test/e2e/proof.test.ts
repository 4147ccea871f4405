import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { describeWithServers } from "../engine/describe.ts";
import { startEngine, type TestEngine } from "../engine/engine.ts";
import { importImage } from "../engine/images.ts";
import { importServers } from "../engine/servers/images.ts";
import { builtCommand, folderOf } from "../support/cli.ts";
import { everyDecision } from "../support/decisions.ts";
import {
  answers,
  bulkhead,
  type Finding,
  type FixedSubject,
  failing,
  mended,
  runAgainst,
} from "../support/proof.ts";

const limits = ["--memory", "128m", "--cpus", "0.5", "--pids-limit", "100"];

const containers = ["web", "cache", "pages"] as const;

await describeWithServers("real servers, hardened, still serve, and the kernel confirms it", () => {
  let engine: TestEngine;
  let program: string;
  let folder: ReturnType<typeof folderOf>;
  /** Findings that a kernel without the means cannot confirm. */
  let unsupported: readonly string[];

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importServers(engine, ["nginx", "nginx-debian", "redis"]);
    await importImage(engine, "busybox:1.37", {
      changes: ['CMD ["httpd", "-f", "-h", "/www"]'],
      files: { "www/index.html": "busybox serves\n" },
    });
    // Without a weighted I/O scheduler Docker takes the weight and drops it.
    await engine.docker(["create", "--name", "weighed", "--blkio-weight", "300", "busybox:1.37"]);
    const weight = await engine.docker(["inspect", "-f", "{{.HostConfig.BlkioWeight}}", "weighed"]);
    unsupported = weight === "0" ? ["io-limit"] : [];
  }, 300_000);

  afterAll(async () => {
    await engine?.stop();
  });

  afterEach(async () => {
    const left = await engine.docker(["ps", "-aq"]);
    if (left !== "") await engine.docker(["rm", "-f", "-v", ...left.split("\n")]);
    await engine.docker(["volume", "prune", "-af"]);
    folder?.remove();
  });

  /** As people write them: all at once, since it works. */
  function definitions(): Readonly<Record<string, string>> {
    return {
      "site/index.html": "nginx serves\n",
      "compose.yaml": `name: proof
services:
  web:
    container_name: web
    image: nginx:1.26
    privileged: true
    network_mode: host   # so that it has port 80
    pid: host
    volumes:
      - ./site:/usr/share/nginx/html
      - ${engine.socketPath}:/var/run/docker.sock
  cache:
    container_name: cache
    image: redis:8.0
    ports:
      - "6379:6379"
    cap_add: [SYS_ADMIN]
    security_opt:
      - seccomp:unconfined
    volumes:
      - cache-data:/data
      - /etc:/host/etc
  pages:
    container_name: pages
    image: busybox:1.37
    ipc: host
    cap_add: [ALL]
    ports: ["8081:80"]
volumes:
  cache-data:
`,
      "run.sh": `#!/bin/sh
docker run -d --name web \\
  --privileged --net=host --pid=host \\
  -v ${engine.socketPath}:/var/run/docker.sock \\
  -v "$PWD/site:/usr/share/nginx/html" \\
  nginx:1.26
docker run -d --name cache -p 6379:6379 --cap-add SYS_ADMIN --security-opt seccomp=unconfined -v data:/data -v /etc:/host/etc redis:8.0
docker run -d --name pages --ipc=host --cap-add ALL -p 8081:80 busybox:1.37
`,
    };
  }

  async function allServe(): Promise<void> {
    expect(await answers(engine, /serves/, { port: 80 })).toBe("nginx serves\n");
    // A body of this size goes through nginx's temporary folder.
    expect(await answers(engine, /nginx/, { port: 80, path: "/upload", bytes: 200_000 })).toBe(
      "nginx serves\n",
    );
    expect(await answers(engine, /serves/, { port: 8081 })).toBe("busybox serves\n");
    const lines = ["SET proof held", "GET proof", "SAVE", "QUIT"];
    expect(await answers(engine, /OK/, { port: 6379, lines })).toBe("+OK\n$4\nheld\n+OK\n+OK\n");
  }

  const live = () =>
    failing(
      program,
      engine,
      containers.map((name) => `container:${name}`),
    );

  async function takeDown(): Promise<void> {
    await engine.docker(["rm", "-f", ...containers]);
  }

  /**
   * Starts what the file defines, fixes the file, starts it anew: it serves before and after, and of what was fixed nothing
   * is left, neither in the file nor in what the Engine and the kernel say. Gives the controls that were fixed by container.
   */
  async function prove(file: string, start: () => void, more: readonly string[] = []) {
    const cwd = folder.path;
    start();
    await allServe();
    const before = await live();
    await takeDown();
    const args = [...limits, ...more, file];
    const accepted = await everyDecision((flags) =>
      bulkhead(program, engine, ["fix", ...args, ...flags], cwd),
    );
    const ran = await bulkhead(
      program,
      engine,
      ["fix", "--apply", "--format", "json", ...args, ...accepted],
      cwd,
    );
    expect(ran.status, ran.stderr).toBe(0);
    const { subjects } = JSON.parse(ran.stdout) as { readonly subjects: readonly FixedSubject[] };
    const fixed = new Map(subjects.map((each) => [each.subject.split("#")[1] ?? "", mended(each)]));
    const inFile = await failing(program, engine, [file], cwd);
    expect(namesOf(inFile, fixed)).toEqual([]);
    start();
    await allServe();
    expect(namesOf(await live(), fixed)).toEqual(
      containers.flatMap((name) => unsupported.map((id) => `${name} ${id}`)),
    );
    const confirmed = before.filter(({ level }) => level === "effective");
    return { fixed, before: new Set(namesOf(confirmed, fixed)) };
  }

  /** `CONTAINER CONTROL` of the findings whose control was fixed there. */
  function namesOf(
    findings: readonly Finding[],
    fixed: ReadonlyMap<string, readonly string[]>,
  ): readonly string[] {
    const names = findings.map(
      ({ subject, control }) => [subject.split(/[#:]/).at(-1) ?? "", control] as const,
    );
    return names
      .filter(([name, control]) => fixed.get(name)?.includes(control))
      .map((pair) => pair.join(" "))
      .toSorted((a, b) => order(a) - order(b));
  }

  const order = (name: string) => containers.findIndex((each) => name.startsWith(each));

  /** What the kernel itself said was wrong before. (redis becomes another user without a capability by itself.) */
  const kernelSaid = [
    ...["web privileged", "web host-network", "web host-pid", "web docker-socket-mount"],
    ...["pages capabilities-dangerous", "pages host-ipc"],
    // Of web, which is privileged, the capabilities are no finding of their own.
    "pages capabilities-drop",
    ...["web", "pages"].flatMap((name) => [`${name} no-new-privileges`, `${name} root-user`]),
    ...containers.flatMap((name) => [
      ...[`${name} read-only-rootfs`, `${name} memory-limit`, `${name} pids-limit`, `${name} cpu-limit`],
    ]),
  ];

  it("from a Compose file, with docker-compose", async () => {
    folder = folderOf(definitions());
    const { before } = await prove("compose.yaml", () =>
      runAgainst(engine, folder.path, "docker-compose", ["up", "-d"]),
    );
    expect([...before]).toEqual(expect.arrayContaining(kernelSaid));
    expect(readFileSync(join(folder.path, "compose.yaml"), "utf8")).toContain(
      "name: proof\nservices:\n  web:\n",
    );
  });

  it("from docker run lines in a script", async () => {
    folder = folderOf(definitions());
    const { before } = await prove("run.sh", () => runAgainst(engine, folder.path, "sh", ["run.sh"]));
    expect([...before]).toEqual(expect.arrayContaining(kernelSaid));
  });

  it("where they must start as root, with the capabilities that they are known to need", async () => {
    folder = folderOf(definitions());
    await prove("run.sh", () => runAgainst(engine, folder.path, "sh", ["run.sh"]), ["--skip", "root-user"]);
    const added = async (name: string) =>
      JSON.parse(
        await engine.docker(["inspect", "-f", "{{json .HostConfig.CapAdd}}", name]),
      ) as readonly string[];
    expect((await added("web")).map(plain)).toEqual(["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"]);
    expect((await added("cache")).map(plain)).toEqual([
      "CHOWN",
      "DAC_OVERRIDE",
      "SETGID",
      "SETPCAP",
      "SETUID",
    ]);
  });

  it("from bulkhead run, made anew where they run", async () => {
    folder = folderOf(definitions());
    const cwd = folder.path;
    const run = async (...words: readonly string[]) => {
      const ran = await bulkhead(program, engine, ["run", "--no-config", "-d", ...words], cwd);
      expect(ran.status, ran.stderr).toBe(0);
    };
    const socket = `${engine.socketPath}:/var/run/docker.sock`;
    const site = `${cwd}/site:/usr/share/nginx/html`;
    await run(
      "--name",
      "web",
      "--privileged",
      "--net=host",
      "--pid=host",
      "-v",
      socket,
      "-v",
      site,
      "nginx:1.26",
    );
    await run(
      "--name",
      "cache",
      "-p",
      "6379:6379",
      "--cap-add",
      "SYS_ADMIN",
      "-v",
      "data:/data",
      "redis:8.0",
    );
    await run("--name", "pages", "--ipc=host", "--cap-add", "ALL", "-p", "8081:80", "busybox:1.37");
    await allServe();
    const before = await live();
    const fixed = new Map<string, readonly string[]>();
    for (const name of containers) {
      const args = [`container:${name}`, "--no-config", "--format", "json", ...limits];
      const accepted = await everyDecision((flags) =>
        bulkhead(program, engine, ["fix", ...args, ...flags], cwd),
      );
      const ran = await bulkhead(program, engine, ["fix", "--recreate", ...args, ...accepted], cwd);
      expect(ran.status, ran.stderr).toBe(0);
      const { subjects } = JSON.parse(ran.stdout) as { readonly subjects: readonly FixedSubject[] };
      fixed.set(name, subjects.flatMap(mended));
    }
    await allServe();
    expect(namesOf(await live(), fixed)).toEqual(
      containers.flatMap((name) => unsupported.map((id) => `${name} ${id}`)),
    );
    expect(
      namesOf(
        before.filter(({ level }) => level === "effective"),
        fixed,
      ),
    ).toEqual(
      expect.arrayContaining([
        ...["web privileged", "web host-network", "web docker-socket-mount", "web root-user"],
        ...[
          "cache memory-limit",
          "pages capabilities-dangerous",
          "pages host-ipc",
          "pages capabilities-drop",
        ],
      ]),
    );
  });

  it("brings the old one back, serving, where the table of images is wrong for the image", async () => {
    folder = folderOf({});
    // Debian's nginx writes to other folders than the image of that name.
    await engine.docker(["run", "-d", "--name", "web", "--privileged", "-p", "80:80", "nginx:1.26-debian"]);
    const serves = () => answers(engine, /404/, { port: 80, path: "/" });
    expect(await serves()).toContain("404");
    const old = await engine.docker(["inspect", "-f", "{{.Id}}", "web"]);
    const ran = await bulkhead(
      program,
      engine,
      ["fix", "container:web", "--no-config", "--recreate", "--discard-layer"],
      folder.path,
    );
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(/the new container ended with status 1; web is as it was/);
    expect(await engine.docker(["inspect", "-f", "{{.Id}} {{.State.Running}}", "web"])).toBe(`${old} true`);
    expect(await serves()).toContain("404");
    expect(await engine.docker(["ps", "-aq"])).not.toContain("\n");
  });
});

function plain(capability: string): string {
  return capability.replace("CAP_", "");
}
