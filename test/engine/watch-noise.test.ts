import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { runNamed, testName } from "./test-container.ts";
import { until, type Watching, watching } from "./watching.ts";

const plain = ["--network=none", "--user=1000", "--tmpfs=/tmp"];
const becomesRoot = "until [ -e /tmp/go ]; do sleep 0.1; done; su root -c 'sleep 1000'";

describeWithEngine("watch beside a container that starts programs without end", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  /** Sweeps are an hour apart: what is seen is by the kernel's calls. */
  async function started() {
    const name = await runNamed(engine, testName(engine, "quiet"), plain, ["sh", "-c", becomesRoot]);
    const watched = await watching(engine, { kernelEvents: true, cooldown: 0 });
    return { name, watched, from: watched.changes.length };
  }

  /** Lets its program become root once there is /tmp/go. */
  async function open(name: string): Promise<void> {
    const passwd = "sed -i s/root:x:/root::/ /etc/passwd && chmod 4755 /bin/busybox";
    await engine.docker(["exec", "-u", "0", name, "sh", "-c", passwd]);
  }

  async function becomeRoot(name: string): Promise<void> {
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
    writeFileSync(`/proc/${pid}/root/tmp/go`, "");
  }

  const rootIn = (watched: Watching, name: string, from: number) =>
    watched.change(
      ({ change, finding }) =>
        change !== "resolved" && finding.control === "root-user" && finding.subject === `container:${name}`,
      from,
    );

  it("hears of another container as before, and looks at the loud one every few seconds", async () => {
    const { name, watched } = await started();
    // setresuid(-1, -1, -1), which changes nothing. On a busy machine a shell starts too few programs.
    const storm = `perl -e 'syscall(${process.arch === "arm64" ? 147 : 117}, -1, -1, -1) while 1' & `;
    const perl = ["usr", "lib", "lib64"]
      .filter((each) => existsSync(`/${each}`))
      .flatMap((each) => ["-v", `/${each}:/${each}:ro`]);
    const flags = [...plain, ...perl, "-e", "PATH=/bin:/usr/bin"];
    const loud = await runNamed(engine, testName(engine, "loud"), flags, ["sh", "-c", storm + becomesRoot]);
    for (const each of [name, loud]) await open(each);
    await until(() => watched.said.some((text) => text.includes(`${loud} makes more calls`)));
    // The execs are looked at for a moment after they ended.
    await pause(2_000);
    for (const each of [name, loud]) {
      const from = watched.changes.length;
      await becomeRoot(each);
      const { finding } = await rootIn(watched, each, from);
      expect(finding.level).toBe("effective");
    }
    await engine.docker(["rm", "-f", loud]);
  });

  it("says that somebody switched its trace off, and hears again", async () => {
    const { name, watched } = await started();
    await open(name);
    // Called so, no other command takes it for the machine's; it leaves the file tree at once.
    const folder = mkdtempSync(join(tmpdir(), "bulkhead-trace-"));
    execFileSync("mount", ["-t", "tracefs", "nodev", folder]);
    const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    execFileSync("umount", ["--lazy", folder]);
    rmdirSync(folder);
    onTestFinished(() => closeSync(descriptor));
    const instances = `/proc/self/fd/${descriptor}/instances`;
    const own = readdirSync(instances).filter((each) => each.includes(`_${process.pid}_`));
    expect(own.length).toBeGreaterThanOrEqual(2);
    for (const each of own) writeFileSync(join(instances, each, "tracing_on"), "0");
    await until(() => watched.said.some((text) => /changed bulkhead's trace \(tracing_on\)/.test(text)));
    const instance = own.find((each) => each.endsWith(".rights")) ?? "";
    const filter = join(instances, instance, "events/syscalls/sys_exit_execve/filter");
    writeFileSync(filter, "ret == 7");
    await until(() => watched.said.some((text) => text.includes("sys_exit_execve/filter")));
    // Then the kernel would tell of process 1 alone.
    const entries = own.find((each) => each.endsWith(".entries")) ?? "";
    writeFileSync(join(instances, entries, "set_event_pid"), "1");
    await until(() => watched.said.some((text) => text.includes("(set_event_pid)")));
    expect(readFileSync(join(instances, entries, "set_event_pid"), "utf8")).toBe("");
    const from = watched.changes.length;
    await becomeRoot(name);
    const { finding } = await rootIn(watched, name, from);
    expect(finding.level).toBe("effective");
  });
});
