import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { freePort } from "../support/free-port.ts";
import { type AuthzProcess, startAuthz } from "../support/guard/authz-process.ts";
import { dockerEnvironment, type Ran } from "../support/guard/guard-process.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { watching } from "./watching.ts";

/** Where cgroups are still of version 1, the Engine shares their namespace unless it is told not to. */
const usual = "controls: { host-cgroup-namespace: off }";
const hardened = [
  "--security-opt=no-new-privileges",
  "--pids-limit=100",
  "--network=none",
  "--log-opt=max-size=1m",
];

describeWithEngine("clients of the plugin, by the certificates that dockerd checks", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-authz-tls-"));
  const log = join(folder, "audit.log");
  let certificates: Certificates;
  let plugin: AuthzProcess;
  let engine: TestEngine;
  let port = 0;

  beforeAll(async () => {
    certificates = makeCertificates(folder);
    port = await freePort();
    const name = `bulkhead-test-${randomBytes(4).toString("hex")}`;
    plugin = await startAuthz(builtCommand(), {
      name,
      engine: `unix://${folder}/engine.sock`,
      config: join(folder, "bulkhead.yaml"),
      yaml: "guard: { mode: warn }\n",
      folder,
      args: [`--log=${log}`],
    });
    const { server } = certificates;
    engine = await startEngine({
      flags: [
        `--authorization-plugin=${name}`,
        "--tlsverify",
        ...[`--tlscacert=${server}/ca.pem`, `--tlscert=${server}/cert.pem`, `--tlskey=${server}/key.pem`],
      ],
      hosts: [`unix://${folder}/engine.sock`, `tcp://127.0.0.1:${port}`],
    });
    await importBusybox(engine);
    await engine.docker(["create", "--name=another", ...hardened, busybox]);
  }, 120_000);
  afterAll(async () => {
    await engine?.stop();
    await plugin?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As the client of the certificate, over TLS. */
  function docker(...args: readonly string[]): Promise<Ran> {
    const env = dockerEnvironment(`tcp://127.0.0.1:${port}`, folder, {
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: certificates.client,
    });
    return new Promise((resolve) => {
      execFile("docker", args, { env }, (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code) : 0, stdout: stdout.trim(), stderr });
      });
    });
  }

  function lastEntry() {
    return JSON.parse(readFileSync(log, "utf8").trim().split("\n").at(-1) ?? "");
  }

  it("have a policy of their own; who comes in by the socket has the one for all", async () => {
    await plugin.reload(
      `guard: { ${usual}, clients: { ci: { preset: read-only, redact: false, certificates: [client] } } }\n`,
    );
    expect(await docker("ps", "-a", "--format={{.Names}}")).toMatchObject({ status: 0, stdout: "another" });
    expect(lastEntry()).toMatchObject({ client: "ci", policy: "bulkhead.yaml client ci", verdict: "allow" });
    const denied = await docker("rm", "another");
    expect(denied.stderr).toContain("(guard-route)");
    expect(lastEntry()).toMatchObject({ client: "ci", verdict: "deny", controls: ["guard-route"] });
    expect(await engine.docker(["run", "--rm", ...hardened, busybox, "echo", "hi"])).toBe("hi");
    expect(lastEntry()).toMatchObject({ client: "default" });
  });

  it("are named by a watch that follows the plugin's log", async () => {
    await plugin.reload("guard: { mode: warn, clients: { ci: { certificates: [client] } } }\n");
    const watched = await watching(engine, { guardLogs: [log] });
    const ask = docker(
      "run",
      "-d",
      "--name=named",
      "--privileged",
      "--network=none",
      busybox,
      "sleep",
      "100",
    );
    const { cause } = await watched.change(
      ({ finding }) => finding.control === "privileged" && finding.subject === "container:named",
    );
    expect(cause).toMatchObject({ action: "create", by: { client: "ci", listener: "authz" } });
    expect(await ask).toMatchObject({ status: 0 });
    await engine.docker(["rm", "-f", "named"]);
    const { cause: end } = await watched.change(
      ({ change, finding }) => change === "resolved" && finding.subject === "container:named",
    );
    expect(end).toMatchObject({ by: { client: "default", listener: "authz" } });
  });

  it("with an owner's label say it themselves, and are told how", async () => {
    await plugin.reload(`guard: { ${usual}, clients: { ci: { owner: true, certificates: [client] } } }\n`);
    const label = "bulkhead.owner=ci";
    const unlabelled = await docker("create", "--name=own", ...hardened, busybox);
    expect(unlabelled.stderr).toContain(`say it yourself: --label ${label}`);
    expect(await docker("create", "--name=own", `--label=${label}`, ...hardened, busybox)).toMatchObject({
      status: 0,
    });
    const all = await docker("ps", "-a");
    expect(all.stderr).toContain(`say it yourself: --filter label=${label}`);
    const own = await docker("ps", "-a", `--filter=label=${label}`, "--format={{.Names}}");
    expect(own).toMatchObject({ status: 0, stdout: "own" });
    for (const args of [
      ["inspect", "another"],
      ["start", "another"],
      ["rm", "another"],
      ["logs", "another"],
    ]) {
      expect((await docker(...args)).stderr, args.join(" ")).toContain(
        "No such container: another (guard-missing)",
      );
    }
    const stolen = await docker("create", "--label=bulkhead.owner=ann", ...hardened, busybox);
    expect(stolen.stderr).toContain("(guard-owner-label)");
    expect(await docker("rm", "own")).toMatchObject({ status: 0 });
    expect(await engine.docker(["ps", "-a", "--format={{.Names}}"])).toBe("another");
  });
});
