import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { defaultPolicy } from "../../src/guard/policy/defaults.ts";
import { socketProxy } from "../../src/guard/policy/socket-proxy.ts";
import { routes } from "../../src/guard/routes/table.ts";
import { hasProgram } from "../support/has-program.ts";

const sections = (
  "AUTH BUILD COMMIT CONFIGS CONTAINERS DISTRIBUTION EVENTS EXEC GRPC IMAGES INFO NETWORKS NODES PING PLUGINS " +
  "SECRETS SERVICES SESSION SWARM SYSTEM TASKS VERSION VOLUMES"
).split(" ");

/** By the image's own ENV. */
const defaults: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [...sections, "POST", "ALLOW_RESTARTS", "ALLOW_START", "ALLOW_STOP"].map((name) => [name, "0"]),
  ),
  EVENTS: "1",
  PING: "1",
  VERSION: "1",
};

/**
 * The decisions of docker-socket-proxy, rule by rule in its order; what it would hand on is answered 200.
 *
 * @see https://github.com/Tecnativa/docker-socket-proxy/blob/master/haproxy.cfg
 */
function configuration(socket: string): string {
  const container = "containers/[a-zA-Z0-9_.-]+";
  const rules = [
    [`${container}/((stop)|(restart)|(kill))`, "ALLOW_RESTARTS"],
    [`${container}/start`, "ALLOW_START"],
    [`${container}/stop`, "ALLOW_STOP"],
    ...sections.map((name) => [name === "PING" ? "_ping" : name.toLowerCase(), name]),
  ].map(
    ([path, name]) =>
      `  http-request allow if { path,url_dec -m reg -i ^(/v[\\d\\.]+)?/${path} } { env(${name}) -m bool }`,
  );
  return `defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
frontend proxy
  bind unix@${socket}
  http-request deny unless METH_GET || { env(POST) -m bool }
${rules.join("\n")}
  http-request deny
  default_backend engine
backend engine
  http-request return status 200
`;
}

const hasHaproxy = hasProgram("haproxy", "-v");

describe("the variables of docker-socket-proxy, as haproxy reads them with its rules", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-haproxy-"));
  const running = new Set<ChildProcess>();
  afterAll(() => {
    for (const child of running) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  /** The ids of the routes that haproxy hands on. */
  async function handedOn(environment: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const socket = join(folder, `${running.size}.sock`);
    writeFileSync(`${socket}.cfg`, configuration(socket));
    const child = spawn("haproxy", ["-db", "-q", "-f", `${socket}.cfg`], {
      env: { PATH: process.env.PATH ?? "", ...defaults, ...environment },
      stdio: "ignore",
    });
    running.add(child);
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    // The socket is there a moment before somebody listens.
    while (!(await statusOf(socket, "GET", "/", agent).catch(() => 0))) {
      if (child.exitCode !== null) throw new Error("haproxy did not start");
      await pause(10);
    }
    const answers = await Promise.all(
      routes.map(async ({ id, method, path }) => {
        const target = `/v1.45${path.replace(/\{[^{}]*\}/g, "web")}`;
        return [id, await statusOf(socket, method, target, agent)] as const;
      }),
    );
    agent.destroy();
    child.kill("SIGKILL");
    expect(new Set(answers.map(([, status]) => status)).size).toBeLessThanOrEqual(2);
    return answers.filter(([, status]) => status === 200).map(([id]) => id);
  }

  function statusOf(socketPath: string, method: string, path: string, agent: Agent): Promise<number> {
    return new Promise((resolve, reject) => {
      const call = request(
        { socketPath, method, path, agent, headers: { "Content-Length": "0" } },
        (answer) => {
          answer.resume();
          answer.on("end", () => resolve(answer.statusCode ?? 0));
        },
      );
      call.on("error", reject);
      call.end();
    });
  }

  const environments = [
    {},
    { POST: "1" },
    ...[...sections, "ALLOW_RESTARTS", "ALLOW_START", "ALLOW_STOP"].flatMap((name) => [
      { [name]: "1" },
      { [name]: "1", POST: "1" },
    ]),
    { EVENTS: "0", PING: "", VERSION: "true" },
    { CONTAINERS: "2", IMAGES: "-1", INFO: "yes", POST: "01" },
  ];

  it.skipIf(!hasHaproxy && process.env.CI !== "true").each(environments)(
    hasHaproxy ? "%j opens the same" : "%j (skipped: there is no haproxy here)",
    async (environment) => {
      const { policy } = socketProxy(defaultPolicy, environment, routes);
      expect(Object.keys(policy.routes).sort()).toEqual([...(await handedOn(environment))].sort());
    },
    60_000,
  );
});
