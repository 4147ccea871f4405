import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { dockerEnvironment } from "../support/guard/guard-process.ts";
import { bothWays, clientStage } from "./stage.ts";

const project = `
name: shop
services:
  web:
    build: .
    command: httpd -f -p 8080 -h /www
    environment: { MODE: test }
    depends_on:
      db: { condition: service_healthy }
    networks: [front, back]
    ports: ["127.0.0.1::8080"]
    secrets: [token]
    configs: [{ source: motd, target: /etc/motd }]
  db:
    image: ${busybox}
    command: sh -c "echo db is up; exec sleep 1000"
    volumes: [data:/data]
    networks: { back: { aliases: [database] } }
    healthcheck: { test: "true", interval: 1s, retries: 3 }
    deploy: { resources: { limits: { memory: 64M, cpus: "0.5" } } }
networks:
  front:
  back: { internal: true }
volumes:
  data:
secrets:
  token: { file: ./token }
configs:
  motd: { file: ./motd }
`;

const shop = mkdtempSync(join(tmpdir(), "bulkhead-shop-"));
const config = join(shop, "bulkhead.yaml");
// Its secrets and configs are files of the host.
writeFileSync(
  config,
  JSON.stringify({ guard: { allow: { mounts: [{ source: `${shop}/*`, readOnly: true }] } } }),
);

describeWithEngine("docker compose", () => {
  const folder = () => shop;
  const stage = clientStage(["--config", config]);
  afterAll(() => rmSync(shop, { recursive: true, force: true }));

  it("builds, starts, scales, enters, reads and takes away a project", async () => {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), "compose.yaml"), project);
    writeFileSync(
      join(folder(), "Dockerfile"),
      `FROM ${busybox}\nRUN mkdir /www && echo page > /www/index.html\n`,
    );
    writeFileSync(join(folder(), "token"), "sesame\n");
    writeFileSync(join(folder(), "motd"), "welcome\n");
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const compose = (args: readonly string[]) =>
        new Promise<{ readonly status: number; readonly out: string }>((resolve) => {
          const env = dockerEnvironment(`unix://${socketPath}`, stage().guard.folder, {
            DOCKER_BUILDKIT: "0",
          });
          execFile(
            "docker",
            ["compose", "--progress", "quiet", ...args],
            { env, cwd: folder(), timeout: 100_000 },
            (error, out, err) => {
              const status = error ? Number(error.code ?? -1) : 0;
              resolve({ status, out: status === 0 ? out.trim() : `${out}${err}`.trim() });
            },
          );
        });
      try {
        return {
          built: (await compose(["build"])).status,
          up: await compose(["up", "-d", "--wait", "--scale", "db=1"]),
          listed: (await compose(["ps", "--format", "{{.Service}} {{.State}}"])).out.split("\n").sort(),
          page: await compose(["exec", "-T", "db", "wget", "-qO-", "http://web:8080"]),
          mounted: await compose(["exec", "-T", "web", "cat", "/run/secrets/token", "/etc/motd"]),
          once: await compose(["run", "--rm", "-T", "web", "echo", "once"]),
          logs: (await compose(["logs", "--no-log-prefix", "db"])).out.replaceAll("\u001b[2K", ""),
          top: (await compose(["top", "db"])).status,
          restarted: (await compose(["restart", "-t", "0", "db"])).status,
          copied: (await compose(["cp", "web:/www/index.html", "page"])).status,
          images: (await compose(["images", "-q"])).status,
          again: await compose(["up", "-d", "--force-recreate", "-t", "0", "web"]),
          scaled: (await compose(["up", "-d", "-t", "0", "--scale", "db=2"])).status,
          stopped: (await compose(["stop", "-t", "0"])).status,
        };
      } finally {
        await compose(["down", "-v", "-t", "0", "--rmi", "local"]);
      }
    });
    expect(straight).toMatchObject({
      built: 0,
      up: { status: 0 },
      listed: ["db running", "web running"],
      page: { status: 0, out: "page" },
      mounted: { out: "sesame\nwelcome" },
      once: { out: "once" },
      logs: "db is up",
      scaled: 0,
    });
    expect(guarded).toEqual(straight);
  });
});
