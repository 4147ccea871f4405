import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeWithEngine } from "../engine/describe.ts";
import { busybox } from "../engine/images.ts";
import { dockerEnvironment } from "../support/guard/guard-process.ts";
import { bothWays, clientStage } from "./stage.ts";

interface Said {
  readonly status: number;
  readonly out: string;
}

describeWithEngine("the docker CLI", () => {
  const stage = clientStage();

  /** docker at this socket; standard output only, since progress on standard error is never the same twice. */
  function dockerAt(socketPath: string, more: Readonly<Record<string, string>> = {}) {
    return (args: readonly string[], input = ""): Promise<Said> =>
      new Promise((resolve) => {
        const env = dockerEnvironment(`unix://${socketPath}`, stage().guard.folder, more);
        const child = execFile("docker", args, { env, timeout: 60_000 }, (error, out, err) => {
          const status = error ? Number(error.code ?? -1) : 0;
          resolve({ status, out: status === 0 ? out.trim() : `${out}${err}`.trim() });
        });
        child.stdin?.on("error", () => undefined);
        child.stdin?.end(input);
      });
  }

  it("runs, enters, follows, copies, changes and removes a container", async () => {
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const docker = dockerAt(socketPath);
      const local = join(stage().guard.folder, "copied");
      writeFileSync(local, "from outside\n");
      const format = "{{.Name}} {{.Config.Image}} {{.State.Status}} {{.HostConfig.Memory}}";
      try {
        return {
          once: await docker(["run", "--rm", "-i", busybox, "cat"], "through\n"),
          left: await docker(["run", "--rm", busybox, "sh", "-c", "exit 7"]),
          made: (
            await docker([
              ...[
                "run",
                "-d",
                "--name",
                "cli",
                "-e",
                "A=b",
                "-l",
                "c=d",
                "--memory",
                "64m",
                "-p",
                "127.0.0.1::80",
              ],
              ...[
                "-v",
                "cli-data:/data",
                "--tmpfs",
                "/t",
                busybox,
                "sh",
                "-c",
                "echo started; exec sleep 100",
              ],
            ])
          ).status,
          exec: await docker([
            "exec",
            "-e",
            "X=y",
            "-w",
            "/data",
            "cli",
            "sh",
            "-c",
            "echo $A $X; pwd; touch f",
          ]),
          typed: await docker(["exec", "-i", "cli", "cat"], "typed\n"),
          code: (await docker(["exec", "cli", "false"])).status,
          listed: await docker([
            "ps",
            "--filter",
            "label=c=d",
            "--format",
            "{{.Names}} {{.Image}} {{.State}}",
          ]),
          port: (await docker(["port", "cli", "80"])).out.replace(/\d+$/, ""),
          copied: await docker(["cp", local, "cli:/data/in"]),
          back: await docker(["cp", "cli:/data/in", `${local}-back`]),
          text: readFileSync(`${local}-back`, "utf8"),
          changes: (await docker(["diff", "cli"])).out.split("\n").sort(),
          top: (await docker(["top", "cli"])).out.includes("sleep 100"),
          stats: (await docker(["stats", "--no-stream", "--format", "{{.Name}}", "cli"])).out,
          updated: await docker(["update", "--memory", "96m", "--memory-swap", "96m", "cli"]),
          renamed: await docker(["rename", "cli", "cli2"]),
          paused: [await docker(["pause", "cli2"]), await docker(["unpause", "cli2"])],
          inspected: await docker(["inspect", "--format", format, "cli2"]),
          history: (await docker(["history", "-q", busybox])).status,
          restarted: await docker(["restart", "-t", "0", "cli2"]),
          stopped: await docker(["stop", "-t", "0", "cli2"]),
          waited: await docker(["wait", "cli2"]),
          logs: await docker(["logs", "cli2"]),
          exported: (await docker(["export", "-o", `${local}.tar`, "cli2"])).status,
          saved: (await docker(["save", "-o", `${local}.tar`, busybox])).status,
          removed: await docker(["rm", "-v", "cli2"]),
        };
      } finally {
        await docker(["rm", "-f", "cli", "cli2"]);
        await docker(["volume", "rm", "-f", "cli-data"]);
      }
    });
    expect(straight).toMatchObject({
      once: { status: 0, out: "through" },
      left: { status: 7 },
      exec: { out: "b y\n/data" },
      text: "from outside\n",
      inspected: { out: `/cli2 ${busybox} running ${96 * 1024 ** 2}` },
      logs: { out: "started\nstarted" },
    });
    expect(guarded).toEqual(straight);
  });

  it("deals with networks, volumes, images and the system", async () => {
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const docker = dockerAt(socketPath);
      const started = String(Math.floor(Date.now() / 1_000) - 1);
      try {
        return {
          network: (await docker(["network", "create", "--label", "a=b", "--subnet", "10.99.0.0/24", "net"]))
            .status,
          alias: (
            await docker([
              "run",
              "-d",
              "--name",
              "first",
              "--network",
              "net",
              "--network-alias",
              "www",
              busybox,
              "sleep",
              "100",
            ])
          ).status,
          found: await docker([
            "run",
            "--rm",
            "--network",
            "net",
            busybox,
            "ping",
            "-q",
            "-c1",
            "-W2",
            "www",
          ]).then(({ status }) => status),
          left: await docker(["network", "disconnect", "net", "first"]),
          joined: await docker(["network", "connect", "--ip", "10.99.0.9", "--alias", "b", "net", "first"]),
          address: await docker([
            "network",
            "inspect",
            "--format",
            "{{range .Containers}}{{.IPv4Address}}{{end}}",
            "net",
          ]),
          networks: (await docker(["network", "ls", "--filter", "label=a=b", "--format", "{{.Name}}"])).out,
          volume: await docker(["volume", "create", "--label", "a=b", "vol"]),
          volumes: await docker(["volume", "ls", "-q", "--filter", "label=a"]),
          volumeLabels: await docker(["volume", "inspect", "--format", "{{.Labels}}", "vol"]),
          tagged: await docker(["tag", busybox, "tagged:2"]),
          images: (await docker(["images", "--format", "{{.Repository}}:{{.Tag}}"])).out.split("\n").sort(),
          imageUser: await docker(["image", "inspect", "--format", "{{.Config.Cmd}}", "tagged:2"]),
          untagged: await docker(["rmi", "tagged:2"]),
          disk: (await docker(["system", "df", "--format", "{{.Type}}"])).out,
          info: await docker(["info", "--format", "{{.Driver}} {{.Name}}"]),
          version: await docker(["version", "--format", "{{.Server.APIVersion}} {{.Client.APIVersion}}"]),
          events: (
            await docker([
              ...["events", "--since", started, "--until", String(Math.floor(Date.now() / 1_000) + 1)],
              ...["--filter", "type=volume", "--format", "{{.Action}} {{.Actor.ID}}"],
            ])
          ).out.includes("create vol"),
          pruned: (await docker(["container", "prune", "-f"])).status,
          dangling: (await docker(["image", "prune", "-f"])).status,
          search: (
            await docker([
              "ps",
              "-a",
              "--no-trunc",
              "--format",
              "{{json .Names}}",
              "--filter",
              "status=exited",
            ])
          ).out,
        };
      } finally {
        await docker(["rm", "-f", "first"]);
        await docker(["network", "rm", "net"]);
        await docker(["volume", "rm", "vol"]);
      }
    });
    expect(straight).toMatchObject({
      found: 0,
      address: { out: "10.99.0.9/24" },
      volumeLabels: { out: "map[a:b]" },
    });
    expect(guarded).toEqual(straight);
  });

  it("builds an image with the classic builder", async () => {
    const { straight, guarded } = await bothWays(stage(), async (socketPath) => {
      const docker = dockerAt(socketPath, { DOCKER_BUILDKIT: "0" });
      const context = join(stage().guard.folder, "context");
      mkdirSync(context, { recursive: true });
      writeFileSync(join(context, "file"), "of the context\n");
      writeFileSync(
        join(context, "Dockerfile"),
        `FROM ${busybox}\nARG A\nCOPY file /file\nRUN echo $A >> /file\n`,
      );
      try {
        return {
          built: (
            await docker(["build", "-q", "--build-arg", "A=b", "--label", "l=m", "-t", "built", context])
          ).status,
          ran: await docker(["run", "--rm", "built", "cat", "/file"]),
        };
      } finally {
        await docker(["rmi", "-f", "built"]);
      }
    });
    expect(straight).toEqual({ built: 0, ran: { status: 0, out: "of the context\nb" } });
    expect(guarded).toEqual(straight);
  });
});
