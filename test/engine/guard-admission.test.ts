import { execFileSync, spawn } from "node:child_process";
import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

describeWithEngine("who may call the guard, by address and label, and whose policy it is", () => {
  let engine: TestEngine;
  let folder = "";
  let said = "";
  let guard: ReturnType<typeof spawn>;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });

  function sign(policy: string): void {
    writeFileSync(join(folder, "policy.yaml"), policy);
    writeFileSync(
      join(folder, "policy.yaml.sig"),
      createSign("sha256").update(policy).sign(privateKey, "base64"),
    );
  }

  const policy = `guard:
  groups: { read: deny }
  clients:
    labelled: { fromLabels: [team=ci], groups: { read: allow } }
    near: { from: [127.0.0.1], groups: { read: allow } }
`;

  const comes = async (text: string) => {
    for (let waited = 0; !said.includes(text); waited += 20) {
      if (waited > 20_000) throw new Error(`never said “${text}”, but: ${said}`);
      await pause(20);
    }
  };

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    folder = mkdtempSync(join(tmpdir(), "bulkhead-admission-"));
    sign(policy);
    writeFileSync(join(folder, "cosign.pub"), publicKey.export({ type: "spki", format: "pem" }));
    // On the host of its Engine: a network namespace of the test's.
    const own = ["guard", "proxy", "--listen", "tcp://0.0.0.0:2375,plain=network", "--host", engine.host];
    const signed = ["--config", join(folder, "policy.yaml"), "--policy-key", join(folder, "cosign.pub")];
    guard = spawn(
      "nsenter",
      [
        `--net=/proc/${engine.pid}/ns/net`,
        process.execPath,
        builtCommand(),
        ...own,
        ...signed,
        "--log",
        join(folder, "log"),
      ],
      { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env.PATH ?? "", HOME: folder } },
    );
    guard.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    await comes("guards ");
  }, 120_000);
  afterAll(async () => {
    const ended = new Promise((resolve) => guard?.once("exit", resolve));
    guard?.kill("SIGKILL");
    await ended;
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Lists containers through the guard, from a container with these flags. */
  const lists = (...flags: readonly string[]) => {
    const gateway = "$(ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p')";
    const script = `wget -q -O- http://${gateway}:2375/v1.45/containers/json?all=1 || true`;
    return engine.docker(["run", "--rm", ...flags, busybox, "sh", "-c", script]);
  };

  it("a container with the label is the client, and no other", async () => {
    expect(await lists("--label", "team=ci")).toContain('"Id"');
    expect(await lists("--label", "team=other")).toBe("");
    expect(await lists()).toBe("");
  });

  it("a RUN step of a classic build is nobody, whatever its Dockerfile says", () => {
    const gateway = "$(ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p')";
    const script = `wget -q -O- http://${gateway}:2375/v1.45/containers/json || echo nobody`;
    const path = testFolder({ Dockerfile: `FROM ${busybox}\nLABEL team=ci\nRUN ${script}\n` });
    const env = { PATH: process.env.PATH ?? "", ...engine.environment, DOCKER_BUILDKIT: "0" };
    const said = execFileSync("docker", ["build", "--no-cache", path], {
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(said.toString()).toContain("nobody");
    expect(said.toString()).not.toContain('"Id"');
  });

  it("an address that is named is the client", () => {
    const url = "http://127.0.0.1:2375/v1.45/containers/json";
    const enter = ["nsenter", `--net=/proc/${engine.pid}/ns/net`];
    const script = `fetch(${JSON.stringify(url)}).then((answer) => console.log(answer.status))`;
    const [program = "", ...args] = [...enter, process.execPath, "-e", script];
    expect(execFileSync(program, args).toString().trim()).toBe("200");
  });

  it("nobody gives a container the label by which a client is told", async () => {
    const body = JSON.stringify({ Image: busybox, Labels: { team: "ci" } });
    const script = `fetch("http://127.0.0.1:2375/v1.45/containers/create", { method: "POST", headers: { "Content-Type": "application/json" }, body: ${JSON.stringify(body)} }).then((answer) => answer.text()).then(console.log)`;
    const enter = [`--net=/proc/${engine.pid}/ns/net`, process.execPath, "-e", script];
    expect(execFileSync("nsenter", enter).toString()).toContain("guard-owner-label");
  });

  it("a policy without its signature is not used: not at a reload, and not at the start", async () => {
    writeFileSync(join(folder, "policy.yaml"), policy.replace("read: deny", "read: allow"));
    guard.kill("SIGHUP");
    await comes("the one from before stays");
    expect(await lists()).toBe("");
    const start = () =>
      execFileSync(process.execPath, [
        ...[builtCommand(), "guard", "policy", "--check"],
        ...["--config", join(folder, "policy.yaml"), "--policy-key", join(folder, "cosign.pub")],
      ]);
    expect(start).toThrow(/is not one of/);
    sign(policy.replace("read: deny", "read: allow"));
    guard.kill("SIGHUP");
    await comes("read anew");
    expect(await lists()).toContain('"Id"');
  });
});
