import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { solveRequest } from "../../src/guard/buildkit/messages.ts";
import { type Message, writeMessage } from "../../src/guard/buildkit/protobuf.ts";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { callBuildkit, holdBuildkit } from "../support/guard/buildkit-call.ts";
import { dockerEnvironment } from "../support/guard/guard-process.ts";
import { bothWays, clientStage } from "./stage.ts";

const folder = mkdtempSync(join(tmpdir(), "bulkhead-buildkit-"));
const socketOf = (client: string) => join(folder, `${client}.sock`);
const config = join(folder, "bulkhead.yaml");
writeFileSync(
  config,
  JSON.stringify({
    guard: {
      clients: {
        listed: { listen: `unix://${socketOf("listed")}`, allow: { images: [busybox] } },
        alice: { listen: `unix://${socketOf("alice")}`, owner: true },
        bob: { listen: `unix://${socketOf("bob")}`, owner: true },
        plain: { listen: `unix://${socketOf("plain")}` },
        secretless: { listen: `unix://${socketOf("secretless")}`, rules: { "guard-build-secret": "deny" } },
        closed: { listen: `unix://${socketOf("closed")}`, routes: { build: "deny" } },
      },
    },
  }),
);

interface Said {
  readonly status: number;
  readonly out: string;
}

describeWithEngine("BuildKit through the guard", () => {
  const stage = clientStage(["--config", config]);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function docker(socketPath: string, args: readonly string[], input: string | Buffer = ""): Promise<Said> {
    return new Promise((resolve) => {
      const env = dockerEnvironment(`unix://${socketPath}`, stage().guard.folder);
      const child = execFile("docker", args, { env, timeout: 90_000 }, (error, out, err) => {
        const status = error ? Number(error.code ?? -1) : 0;
        resolve({ status, out: status === 0 ? out.trim() : `${out}${err}`.trim() });
      });
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input);
    });
  }

  const control = "/moby.buildkit.v1.Control";

  let made = 0;
  /** A folder to build from. */
  function context(dockerfile: string, files: Readonly<Record<string, string>> = {}): string {
    made += 1;
    const path = join(folder, `context-${made}`);
    mkdirSync(path, { recursive: true });
    for (const [name, text] of Object.entries({ Dockerfile: dockerfile, ...files }))
      writeFileSync(join(path, name), text);
    return path;
  }

  it("builds: arguments, secrets, cache mounts, stages, other contexts, outputs, standard input", async () => {
    const big = "x".repeat(3_000_000);
    const main = context(
      `# syntax\nFROM ${busybox} AS base\nARG A\nCOPY file big /\nRUN --mount=type=secret,id=s cat /run/secrets/s >> /file\n` +
        "RUN --mount=type=cache,target=/c touch /c/x && echo $A >> /file\nCOPY --from=other file /other\n" +
        "FROM scratch AS out\nCOPY --from=base /file /big /\nFROM base AS last\n",
      { file: "of the context\n", big },
    );
    const other = context("", { file: "of another\n" });
    writeFileSync(join(folder, "secret"), "sesame\n");
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const run = (...args: readonly string[]) => docker(socketPath, args);
      const options = ["--build-context", `other=${other}`, "--secret", `id=s,src=${join(folder, "secret")}`];
      const out = join(folder, `out-${socketPath.length}`);
      const bake = {
        group: { default: { targets: ["one", "two"] } },
        target: {
          one: { context: context(`FROM ${busybox}\nRUN echo 1\n`), tags: ["baked:1"] },
          two: {
            context: context(`FROM ${busybox}\nARG B\nRUN echo $B\n`),
            tags: ["baked:2"],
            args: { B: "c" },
          },
        },
      };
      writeFileSync(join(folder, "bake.json"), JSON.stringify(bake));
      try {
        return {
          built: (
            await run("build", "-q", "--build-arg", "A=b", "--label", "l=m", ...options, "-t", "built", main)
          ).status,
          ran: await run("run", "--rm", "--network", "none", "built", "cat", "/file", "/other"),
          label: await run("image", "inspect", "-f", "{{.Config.Labels.l}}", "built"),
          output: (await run("build", ...options, "--target", "out", "-o", out, main)).status,
          written: readFileSync(join(out, "file"), "utf8"),
          whole: readFileSync(join(out, "big"), "utf8") === big,
          stdin: (
            await docker(socketPath, ["build", "-q", "-t", "stdin", "-"], `FROM ${busybox}\nRUN true\n`)
          ).status,
          baked: (await run("buildx", "bake", "-f", join(folder, "bake.json"))).status,
          failing: (await run("build", context(`FROM ${busybox}\nRUN exit 3\n`))).out.includes(
            "exit code: 3",
          ),
          usage: (await run("buildx", "du")).status,
          pruned: (await run("builder", "prune", "-f")).status,
        };
      } finally {
        await run("rmi", "-f", "built", "stdin", "baked:1", "baked:2");
      }
    });
    expect(straight).toMatchObject({
      built: 0,
      ran: { out: "of the context\nsesame\nb\nof another" },
      label: { out: "m" },
      output: 0,
      written: expect.stringContaining("of the context"),
      whole: true,
      stdin: 0,
      baked: 0,
      failing: true,
    });
    expect(guarded).toEqual(straight);
  });

  /** What `tar` makes of a folder, with these options. */
  const archiveOf = (path: string, ...options: readonly string[]) =>
    execFileSync("tar", ["-C", path, ...options, "-c", "."], { maxBuffer: 64 * 1024 ** 2 });

  it("builds from an archive on standard input", async () => {
    const path = context(`ARG B=none\nFROM $B\nCOPY . /all\nRUN cat /all/large | md5sum > /sum\n`, {
      large: "0123456789".repeat(1_000_000),
    });
    mkdirSync(join(path, "docker"));
    writeFileSync(join(path, "docker/other"), `FROM ${busybox}\nRUN echo other > /sum\n`);
    const build = async (socketPath: string, archive: Buffer, ...more: readonly string[]) => {
      const words = ["build", "-q", "--build-arg", `B=${busybox}`, "-t", "stdin", ...more, "-"];
      const { status } = await docker(socketPath, words, archive);
      const ran = await docker(socketPath, ["run", "--rm", "--network", "none", "stdin", "cat", "/sum"]);
      await docker(socketPath, ["rmi", "-f", "stdin"]);
      return [status, ran.out];
    };
    const { straight, guarded } = await bothWays(stage(), (socketPath) => build(socketPath, archiveOf(path)));
    expect(straight).toEqual([0, expect.stringMatching(/^[0-9a-f]{32} /)]);
    expect(guarded).toEqual(straight);
    // Its first entry is longer than what BuildKit looks at to tell an archive from a Dockerfile.
    const zipped = archiveOf(path, "--format=pax", `--pax-option=comment=${"x".repeat(2_000)}`, "-z");
    expect(await build(stage().guard.socketPath, zipped, "-f", "./docker/other")).toEqual([0, "other"]);
  });

  it("builds what docker compose builds", async () => {
    const path = context(`FROM ${busybox}\nARG A\nRUN echo $A > /a\n`, {
      "compose.yaml":
        "name: bk\nservices:\n  one: { build: { context: ., args: { A: one } } }\n  two: { build: { context: ., args: { A: two } } }\n",
    });
    const compose = ["compose", "-f", join(path, "compose.yaml")];
    const built = await docker(stage().guard.socketPath, [...compose, "build", "-q"]);
    expect(built).toMatchObject({ status: 0 });
    const ran = await docker(stage().guard.socketPath, [
      "run",
      "--rm",
      "--network",
      "none",
      "bk-two",
      "cat",
      "/a",
    ]);
    expect(ran.out).toBe("two");
  });

  const plain = `FROM ${busybox}\nRUN true\n`;
  const attacks: readonly (readonly [
    name: string,
    args: readonly string[],
    dockerfile: string,
    rule: string,
  ])[] = [
    ["the host's network", ["--network", "host"], plain, "guard-build-network"],
    ["the entitlement to the host's network", ["--allow", "network.host"], plain, "guard-build-network"],
    ["the insecure security mode", ["--allow", "security.insecure"], plain, "guard-build-privilege"],
    ["another cgroup", ["--cgroup-parent", "/x"], plain, "guard-build-privilege"],
    ["a document of JSON behind #!", [], `#!x\n{"syntax":"evil.example/frontend:1"}`, "guard-build-frontend"],
    [
      "a directive that is not known",
      [],
      `# strange=1\n# syntax=evil.example/x\n${plain}`,
      "guard-build-frontend",
    ],
    [
      "the name space of another's cache mounts",
      ["--build-arg", "BUILDKIT_CACHE_MOUNT_NS=bulkhead.owner%3Dbob"],
      plain,
      "guard-build-cache",
    ],
    ["a foreign frontend", [], `# syntax=evil.example/frontend:1\n${plain}`, "guard-build-frontend"],
    [
      "a foreign frontend behind //",
      [],
      `// syntax=evil.example/frontend:1\n${plain}`,
      "guard-build-frontend",
    ],
    [
      "a foreign frontend in an argument",
      ["--build-arg", "BUILDKIT_SYNTAX=evil.example/x"],
      plain,
      "guard-build-frontend",
    ],
    ["a remote context", ["http://127.0.0.1:1/x.git#main"], plain, "guard-outgoing"],
    ["a push", ["-t", "evil.example/x", "--output", "type=image,push=true"], plain, "guard-image-push"],
    [
      "a cache that is fetched elsewhere",
      ["--cache-from", "type=s3,region=x,bucket=y"],
      plain,
      "guard-outgoing",
    ],
  ];

  it.each(attacks)("denies %s", async (_, args, dockerfile, rule) => {
    const remote = args.some((arg) => arg.startsWith("http"));
    const words = ["buildx", "build", ...args, ...(remote ? [] : [context(dockerfile)])];
    const { status, out } = await docker(stage().guard.socketPath, words);
    expect(out).toContain(`(${rule})`);
    expect(status).not.toBe(0);
    const denied = stage()
      .guard.entries()
      .findLast(({ verdict }) => verdict === "deny");
    expect(denied?.controls).toContain(rule);
  });

  it("denies images that are not listed, wherever a Dockerfile names them, and builds those that are", async () => {
    await stage().engine.docker(["tag", busybox, "other:1"]);
    const build = (dockerfile: string, ...args: readonly string[]) =>
      docker(socketOf("listed"), ["build", ...args, context(dockerfile)]);
    expect(await build(plain)).toMatchObject({ status: 0 });
    expect(await build(`ARG B=${busybox}\nFROM $B\n`)).toMatchObject({ status: 0 });
    for (const [dockerfile, ...args] of [
      ["FROM other:1\n"],
      [`FROM ${busybox}\nCOPY --from=other:1 /bin/busybox /x\n`],
      [`FROM ${busybox}\nRUN --mount=from=other:1,target=/m true\n`],
      [`ARG B=${busybox}\nFROM $B\n`, "--build-arg", "B=other:1"],
      [`FROM ${busybox}\nRUN true\n`, "--build-context", `${busybox}=docker-image://other:1`],
    ] as const) {
      const { status, out } = await build(dockerfile ?? "", ...args);
      expect(out, dockerfile).toMatch(/\(guard-image\)|not allowed by policy/);
      expect(status).not.toBe(0);
    }
  });

  it("reads the archive that comes on standard input, and lets nothing take its place", async () => {
    const build = (archive: Buffer, ...args: readonly string[]) =>
      docker(socketOf("listed"), ["build", ...args, "-"], archive);
    expect(await build(archiveOf(context(plain)))).toMatchObject({ status: 0 });
    const twice = context(plain, { evil: "FROM other:1\n" });
    for (const [archive, told, ...args] of [
      [archiveOf(context("FROM other:1\n")), "(guard-image)"],
      [archiveOf(context("FROM other:1\n"), "-z"), "(guard-image)"],
      [archiveOf(context(`ARG B=${busybox}\nFROM $B\n`)), "(guard-image)", "--build-arg", "B=other:1"],
      [archiveOf(context(`# syntax=evil.example/x\n${plain}`)), "(guard-build-frontend)"],
      [archiveOf(twice), "(guard-image)", "-f", "evil"],
      [
        execFileSync("tar", ["-C", twice, "-c", "--transform=s,evil,Dockerfile,", "Dockerfile", "evil"]),
        "(guard-image)",
      ],
      [archiveOf(context(plain), "-J"), "compressed by xz"],
      [archiveOf(context(plain)), "can be read in two ways", "-f", "a/../Dockerfile"],
      [archiveOf(context(`FROM ${busybox}\nADD http://buildkit-session/x /x\n`)), "no build names"],
    ] as const) {
      const { status, out } = await build(archive, ...args);
      expect(out.replaceAll("%20", " ")).toContain(told);
      expect(status).not.toBe(0);
    }
    const controls = stage()
      .guard.entries()
      .flatMap((entry) => entry.controls);
    expect(controls).toContain("guard-build-archive");
  });

  it("reads a Dockerfile by whatever name, and never by an image that goes by the name of Docker's frontend", async () => {
    await stage().engine.docker(["tag", busybox, "docker/dockerfile:1"]);
    const evil = `# syntax=evil.example/frontend:1\n${plain}`;
    const path = context(plain, { "x.dockerignore": evil });
    symlinkSync("x.dockerignore", join(path, "link"));
    for (const file of ["x.dockerignore", "link"]) {
      const { status, out } = await docker(stage().guard.socketPath, ["build", "-f", join(path, file), path]);
      expect(out, file).toContain("(guard-build-archive)");
      expect(status).not.toBe(0);
    }
    for (const client of ["alice", "plain"])
      expect(
        await docker(socketOf(client), ["build", "-q", context(`# syntax=docker/dockerfile:1\n${plain}`)]),
      ).toMatchObject({ status: 0 });
    await stage().engine.docker(["rmi", "docker/dockerfile:1"]);
  });

  it("keeps the builds of owners apart, and each one's cache for himself", async () => {
    const dockerfile = `FROM ${busybox}\nARG N\nRUN --mount=type=cache,target=/c cat /c/f 2>/dev/null > /got; cat /proc/sys/kernel/random/uuid > /made; cat /made >> /c/f; : $N\n`;
    const path = context(dockerfile);
    const build = async (client: string, ...args: readonly string[]) => {
      expect(
        await docker(socketOf(client), ["build", "-q", "-t", `of-${client}`, ...args, path]),
      ).toMatchObject({
        status: 0,
      });
      const ran = ["run", "--rm", "--network", "none", `of-${client}`, "cat"];
      return {
        made: (await docker(socketOf(client), [...ran, "/made"])).out,
        got: (await docker(socketOf(client), [...ran, "/got"])).out,
      };
    };
    const first = await build("alice");
    // Neither a step's result nor a cache mount of alice's is bob's.
    const bobs = await build("bob");
    expect(bobs.made).not.toBe(first.made);
    expect(bobs.got).toBe("");
    // Both are her own at the next build.
    expect(await build("alice")).toEqual(first);
    expect((await build("alice", "--build-arg", "N=2")).got).toBe(first.made);
    const own = (await docker(socketOf("alice"), ["buildx", "du", "--verbose"])).out;
    expect(own).toContain("%3Dalice/");
    expect(own).not.toContain("%3Dbob/");
    await docker(socketOf("bob"), ["buildx", "prune", "-af"]);
    expect((await build("alice", "--build-arg", "N=3")).got).toContain(first.made);
    // Her own prune removes what is hers, and that alone.
    await docker(socketOf("alice"), ["buildx", "prune", "-af"]);
    expect((await docker(socketOf("alice"), ["buildx", "du", "--verbose"])).out).not.toContain("%3Dalice/");
    expect((await build("alice", "--build-arg", "N=4")).got).toBe("");
    for (const args of [
      ["--build-arg", "BUILDKIT_CACHE_MOUNT_NS=bulkhead.owner=bob"],
      ["--cache-from", "type=registry,ref=evil.example/cache"],
    ]) {
      const { out } = await docker(socketOf("alice"), ["build", ...args, path]);
      expect(out).toContain("(guard-build-cache)");
    }
    expect((await docker(socketOf("alice"), ["build", "--label", "bulkhead.owner=bob", path])).out).toContain(
      "(guard-owner-label)",
    );
  });

  it("judges each call on a held connection by the policy of now", async () => {
    const held = await holdBuildkit(stage().guard.socketPath);
    expect(await held.call(`${control}/DiskUsage`, Buffer.alloc(0))).toMatchObject({ status: 0 });
    const before = readFileSync(config, "utf8");
    writeFileSync(config, JSON.stringify({ guard: { routes: { grpc: "deny" } } }));
    stage().guard.signal("SIGHUP");
    await stage().guard.untilSaid("read anew");
    const after = await held.call(`${control}/DiskUsage`, Buffer.alloc(0));
    expect(after).toMatchObject({ status: 7, message: expect.stringContaining("the policy has changed") });
    held.close();
    writeFileSync(config, before);
    stage().guard.signal("SIGHUP");
  });

  it("hands on secrets only where the policy says so, and builds only where the route is open", async () => {
    const path = context(`FROM ${busybox}\nRUN --mount=type=secret,id=s cat /run/secrets/s\n`);
    const secret = ["--secret", `id=s,src=${join(folder, "secret")}`];
    writeFileSync(join(folder, "secret"), "sesame\n");
    const denied = await docker(socketOf("secretless"), ["build", "--no-cache", ...secret, path]);
    expect(denied.out).toContain("(guard-build-secret)");
    expect(denied.out).not.toContain("sesame");
    const closed = await docker(socketOf("closed"), ["build", path]);
    expect(closed.out).toContain("(guard-route)");
  });

  const solve = (message: Message) => writeMessage(message, solveRequest);
  const raw: readonly (readonly [name: string, path: string, message: Buffer, told: RegExp])[] = [
    [
      "a definition",
      `${control}/Solve`,
      solve({ Ref: "r1", Definition: Buffer.from([10, 1, 0]) }),
      /guard-build-definition/,
    ],
    [
      "an input of a frontend",
      `${control}/Solve`,
      solve({
        Ref: "r2",
        Frontend: "dockerfile.v0",
        FrontendInputs: new Map([["context", Buffer.from([10, 1, 0])]]),
      }),
      /guard-build-definition/,
    ],
    [
      "a source policy",
      `${control}/Solve`,
      solve({ Ref: "r3", SourcePolicy: { version: 1n } }),
      /guard-build-definition/,
    ],
    [
      "the gateway with an image",
      `${control}/Solve`,
      solve({ Ref: "r4", Frontend: "gateway.v0", FrontendAttrs: new Map([["source", "evil.example/x"]]) }),
      /guard-build-frontend/,
    ],
    [
      "a push whose word is empty, which is true to BuildKit",
      `${control}/Solve`,
      solve({
        Ref: "r8",
        Frontend: "dockerfile.v0",
        Exporters: [{ Type: "image", Attrs: new Map(Object.entries({ name: "evil.example/x", push: "" })) }],
      }),
      /guard-image-push/,
    ],
    [
      "another's session",
      `${control}/Solve`,
      solve({ Ref: "r5", Session: "somebody-elses" }),
      /a session that this client/,
    ],
    ["another's build", `${control}/Status`, Buffer.from([10, 1, 120]), /a build that this client/],
    ["a field that is unknown", `${control}/Solve`, Buffer.from([0xfa, 0x7f, 1, 0]), /the field/],
    ["a field twice", `${control}/Solve`, Buffer.from([10, 1, 97, 10, 1, 98]), /Ref twice/],
    [
      "an attribute that is unknown",
      `${control}/Solve`,
      solve({ Ref: "r6", Frontend: "dockerfile.v0", FrontendAttrs: new Map([["strange", "x"]]) }),
      /strange.*guard-buildkit/,
    ],
    [
      "an entitlement in other words",
      `${control}/Solve`,
      solve({ Ref: "r7", Entitlements: ["network.host", "security.insecure"] }),
      /guard-build-network.*guard-build-privilege/,
    ],
    ["a session within a session", `${control}/Session`, Buffer.alloc(0), /not understood/],
    [
      "a container of a frontend",
      "/moby.buildkit.v1.frontend.LLBBridge/NewContainer",
      Buffer.alloc(0),
      /a build that this client/,
    ],
    [
      "the content store",
      "/containerd.services.content.v1.Content/Delete",
      Buffer.alloc(0),
      /not understood/,
    ],
  ];

  it.each(raw)("denies %s", async (_, path, message, told) => {
    const answer = await callBuildkit(stage().guard.socketPath, path, message);
    expect(answer.message).toMatch(told);
    expect(answer.status).not.toBe(0);
  });

  it("answers what Engine and client say to each other otherwise", async () => {
    const answer = await callBuildkit(stage().guard.socketPath, `${control}/ListWorkers`, Buffer.alloc(0));
    expect(answer.status).toBe(0);
  });
});
