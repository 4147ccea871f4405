import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { describeWhere } from "./describe.ts";
import { importBusybox } from "./images.ts";
import { delegatedUser, type RootlessEngine, rootlessAvailable, startRootless } from "./rootless.ts";

const who = ["root", "user"] as const;
const page = "this is the page";

const compose = `services:
  web:
    image: busybox:test
    command: ["sh", "-c", "mkdir -p /own && echo 1 >/own/file && chown -R 33:33 /own && exec httpd -f -p 8080 -h /srv"]
    stop_signal: SIGKILL
    volumes: ["./site:/srv:ro"]
`;

interface Learnt {
  readonly workloads: readonly {
    readonly subject: string;
    readonly user: { readonly endsAs: unknown };
    readonly limits: { readonly peaks: { readonly memory?: number; readonly disks: readonly unknown[] } };
    readonly network: { readonly listens: readonly string[] };
  }[];
}

describeWhere(rootlessAvailable(), "workloads of a rootless Engine", () => {
  let engine: RootlessEngine;
  let program = "";
  let folder = "";

  const bulkhead = (as: (typeof who)[number], args: readonly string[]) =>
    engine.as(as, ["sh", "-c", 'cd "$0" && exec "$@"', folder, process.execPath, program, ...args]);

  beforeAll(async () => {
    program = builtCommand();
    // With a bridge: the addresses of its containers are in rootlesskit's network, where nobody from outside gets.
    engine = await startRootless({ bridge: true });
    await importBusybox(engine);
    folder = join(engine.home, "app");
    await mkdir(join(folder, "site"), { recursive: true });
    await writeFile(join(folder, "site/index.html"), page);
    await writeFile(join(folder, "compose.yaml"), compose);
    for (const each of ["", "site", "site/index.html", "compose.yaml"])
      await chown(join(folder, each), engine.uid, engine.uid);
  });

  afterAll(async () => {
    await engine?.stop();
  });

  it.each(who)("%s: run starts a container where audit looks", async (as) => {
    const ran = await bulkhead(as, ["run", "--rm", "busybox:test", "echo", "here"]);
    expect(ran).toMatchObject({ status: 0, stdout: "here\n" });
  });

  it.each(who)(
    "%s: run and fix say which of the limits that they add this Engine does not set",
    async (as) => {
      const config = join(folder, "limits.yaml");
      await writeFile(config, "fix:\n  limits: { memory: 256m, pids: 100 }\n");
      const started = ["run", "--config", config, "-d", "--rm", "busybox:test", "true"];
      const fixed = ["fix", "--config", config, "compose.yaml"];
      for (const [args, words] of [
        [started, "added limits (memory, process) have no effect"],
        [fixed, "sets no such limits (memory, process)"],
      ] as const) {
        const { stdout, stderr } = await bulkhead(as, args);
        expect(stdout + stderr).toContain("pids");
        expect(stderr.includes(words), stderr).toBe(!delegatedUser());
      }
      // What is not set by bulkhead is Docker's to warn of.
      const plain = await bulkhead(as, ["run", "--no-config", "--rm", "busybox:test", "true"]);
      expect(plain.stderr).not.toContain("no effect");
    },
  );

  it.each(who)("%s: learn asks the server, and says ids and use as the container has them", async (as) => {
    const args = ["learn", "compose.yaml", "--settle", "1", "--format", "json"];
    const learnt = await bulkhead(as, [...args, "--check-http", `web:8080/ => ${page}`]);
    expect(learnt.status, learnt.stderr).toBeLessThan(2);
    const { workloads } = JSON.parse(learnt.stdout) as Learnt;
    const [web] = workloads;
    expect(web).toMatchObject({ network: { listens: ["tcp/8080"] } });
    expect(web?.user.endsAs).toBeNull();
    const uids = new Set(learnt.stdout.match(/(?<="uid": )\d+/g));
    expect([...uids]).toEqual(["33"]);
    if (delegatedUser()) expect(web?.limits.peaks.memory).toBeGreaterThan(0);
    // What the whole machine used is no container's use.
    else expect(web?.limits.peaks).toEqual({ disks: [] });
    expect(learnt.stderr.includes("were not tried")).toBe(!delegatedUser());
  });

  it("fix --verify sees that the server gives the same page, and another one", async () => {
    const args = ["fix", "compose.yaml", "--verify", "--settle", "1", "--check-http"];
    const verified = await bulkhead("user", [...args, `web:8080/ => ${page}`]);
    expect(verified.stdout).toContain("read-only-rootfs");
    expect(verified.stdout).not.toContain("not verified");
    const wrong = await bulkhead("user", [...args, "web:8080/ => another page", "--start-timeout", "5"]);
    expect(wrong.stdout).toContain("without “another page”");
  });
});
