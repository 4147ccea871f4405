import { execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { filesOf, serverPackages } from "../engine/servers/packages.ts";
import { freePort } from "../support/free-port.ts";
import { clientStage } from "./stage.ts";

const run = promisify(execFile);
const packages = await serverPackages();

describeWithEngine("CrowdSec, with Debian's package", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-crowdsec-"));
  const log = join(folder, "guard.log");
  const stage = clientStage(["--no-config", "--preset", "crowdsec", "--log", log]);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Unpacks the program and configures it to read a container's log. Gives its command line and where its metrics are. */
  async function installed(container: string) {
    const [file] = (await filesOf(["crowdsec"])).filter((each) => each.includes("/crowdsec_"));
    if (!file) throw new Error("the package is not there");
    await run("dpkg-deb", ["-x", file, folder]);
    const etc = join(folder, "etc/crowdsec");
    const data = join(folder, "data");
    mkdirSync(data, { recursive: true });
    cpSync(join(folder, "usr/share/crowdsec/hub"), join(folder, "hub"), { recursive: true });
    const port = await freePort();
    const metrics = await freePort();
    const credentials = join(etc, "local_api_credentials.yaml");
    writeFileSync(
      credentials,
      JSON.stringify({ url: `http://127.0.0.1:${port}`, login: "a", password: "b" }),
    );
    writeFileSync(join(etc, "acquis.yaml"), dockerSource(container));
    const config = join(etc, "config.yaml");
    writeFileSync(config, JSON.stringify(configuration({ etc, data, folder, credentials, port, metrics })));
    const cscli = ["-c", config, "machines", "add", "test", "--password", "test-only", "-f", credentials];
    await run(join(folder, "usr/bin/cscli"), cscli);
    return { program: join(folder, "usr/bin/crowdsec"), args: ["-c", config], metrics };
  }

  it("follows the log of a container", async ({ skip }) => {
    if (!packages.ok) return skip(packages.reason);
    const { engine, guard } = stage();
    const line = `10.0.0.1 - - [27/Nov/2026:21:00:00 +0000] "GET / HTTP/1.1" 404 10 "-" "curl"`;
    const script = `while :; do echo '${line}'; sleep 0.2; done`;
    await engine.docker(["run", "-d", "--name", "web", busybox, "sh", "-c", script]);
    const { program, args, metrics } = await installed("web");
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH ?? "", HOME: folder, DOCKER_HOST: guard.host },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    const ended = new Promise((resolve) => child.once("exit", resolve));
    try {
      const linesRead = async () => {
        const answer = await fetch(`http://127.0.0.1:${metrics}/metrics`).catch(() => undefined);
        const text = (await answer?.text()) ?? "";
        return Number(/^cs_dockersource_hits_total\{source="web"\} (\d+)/m.exec(text)?.[1] ?? 0);
      };
      await expect.poll(linesRead, { timeout: 60_000, message: said }).toBeGreaterThan(2);
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
    const decisions = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((each) => JSON.parse(each));
    expect(decisions.filter(({ verdict }) => verdict === "deny")).toEqual([]);
    expect(decisions.map(({ route }) => route)).toContain("container-logs");
  });
});

/** Its address is taken from DOCKER_HOST: `docker_host` fails in Debian's 1.4.6. */
function dockerSource(container: string): string {
  return JSON.stringify({
    source: "docker",
    container_name: [container],
    check_interval: "1s",
    labels: { type: "nginx" },
  });
}

interface Paths {
  readonly etc: string;
  readonly data: string;
  readonly folder: string;
  readonly credentials: string;
  readonly port: number;
  readonly metrics: number;
}

/** Its own configuration, but for the paths, the ports and the services of its makers. */
function configuration({ etc, data, folder, credentials, port, metrics }: Paths) {
  return {
    common: { daemonize: false, log_media: "stdout", log_level: "info" },
    config_paths: {
      config_dir: etc,
      data_dir: data,
      simulation_path: join(etc, "simulation.yaml"),
      hub_dir: join(folder, "hub"),
      index_path: join(folder, "hub/.index.json"),
      notification_dir: join(folder, "notifications"),
      plugin_dir: join(folder, "usr/lib/crowdsec/plugins"),
    },
    crowdsec_service: { acquisition_path: join(etc, "acquis.yaml"), parser_routines: 1 },
    db_config: { type: "sqlite", db_path: join(data, "crowdsec.db"), use_wal: true },
    plugin_config: { user: "nobody", group: "nogroup" },
    api: {
      client: { credentials_path: credentials },
      server: { listen_uri: `127.0.0.1:${port}`, profiles_path: join(etc, "profiles.yaml") },
    },
    prometheus: { enabled: true, level: "full", listen_addr: "127.0.0.1", listen_port: metrics },
  };
}
