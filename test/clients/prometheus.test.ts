import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { freePort } from "../support/free-port.ts";
import { bothWays, clientStage } from "./stage.ts";

interface Targets {
  readonly data: {
    readonly activeTargets: readonly { readonly discoveredLabels: Readonly<Record<string, string>> }[];
  };
}

describeWithEngine("Prometheus' docker_sd", () => {
  const stage = clientStage(["--no-config", "--preset", "prometheus"]);

  /** The targets that Prometheus finds by the Engine, as soon as there are any. */
  async function discovered(socketPath: string): Promise<readonly unknown[]> {
    const { folder } = stage().guard;
    const file = join(folder, "prometheus.yml");
    const port = await freePort();
    writeFileSync(
      file,
      JSON.stringify({
        scrape_configs: [
          {
            job_name: "containers",
            docker_sd_configs: [{ host: `unix://${socketPath}`, refresh_interval: "1s" }],
          },
        ],
      }),
    );
    const program = spawn(
      "prometheus",
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${folder}/tsdb-${port}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    program.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const ended = new Promise((resolve) => program.once("exit", resolve));
    try {
      for (let waited = 0; waited < 30_000; waited += 250) {
        await pause(250);
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/targets`).catch(() => undefined);
        if (answer?.status !== 200) continue;
        const { data } = (await answer.json()) as Targets;
        if (data.activeTargets.length > 0)
          return data.activeTargets.map(({ discoveredLabels }) => discoveredLabels);
      }
      throw new Error(`no target was found: ${said}`);
    } finally {
      program.kill("SIGKILL");
      await ended;
    }
  }

  it("finds the containers, their ports, networks and labels", async () => {
    const { engine } = stage();
    await engine.docker(["network", "create", "monitored"]);
    await engine.docker([
      ...["run", "-d", "--name", "exporter", "--network", "monitored", "--expose", "9100"],
      ...["-l", "team=web", "-e", "PASSWORD=hunter2", busybox, "sleep", "1000"],
    ]);
    const { straight, guarded } = await bothWays(stage(), discovered);
    expect(straight).toHaveLength(1);
    expect(straight[0]).toMatchObject({
      __meta_docker_container_name: "/exporter",
      __meta_docker_container_label_team: "web",
      __meta_docker_network_name: "monitored",
      __meta_docker_port_private: "9100",
    });
    expect(guarded).toEqual(straight);
  });
});
