import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { buildContext } from "../engine/packaged-image.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { hasProgram } from "../support/has-program.ts";

let program = "";

beforeAll(() => {
  program = builtCommand();
});

test("bulkhead's own audit has nothing against its packaging but the socket and its group, which are accepted with a reason", async () => {
  const ran = await runCli(program, ["audit", "--format", "json", "--fail-on", "info", "."], {
    cwd: "packaging/guard",
  });
  const { findings, gaps, summary } = JSON.parse(ran.stdout);
  expect(gaps).toEqual([]);
  expect(summary).toMatchObject({ fail: 0, unknown: 0, suppressed: 2 });
  const suppressed = findings.filter((each: { suppressed: unknown }) => each.suppressed !== null);
  expect(suppressed).toMatchObject([
    {
      control: "docker-socket-mount",
      subject: expect.stringContaining("guard"),
      suppressed: { kind: "config" },
    },
    { control: "supplementary-groups", suppressed: { kind: "config" } },
  ]);
  expect(ran.status).toBe(0);
});

test("the first stage of the images has what it builds from", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-context-"));
  try {
    for (const path of buildContext()) cpSync(path, join(folder, path), { recursive: true });
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: folder, stdio: "pipe" });
    expect(existsSync(join(folder, "dist/web/index.html"))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);

const hasStack = hasProgram("docker", "stack", "config", "--help");

test("bulkhead's own audit has nothing against the fleet's stack but what is accepted, and Swarm's docker takes it", async () => {
  const ran = await runCli(program, ["audit", "--format", "json", "--fail-on", "info", "."], {
    cwd: "packaging/fleet",
  });
  const { findings, gaps, summary } = JSON.parse(ran.stdout);
  expect(gaps).toEqual([]);
  // What Swarm has no setting for stays unknown.
  expect(summary).toMatchObject({ fail: 0, suppressed: 2 });
  const failed = findings.filter((each: { verdict: string }) => each.verdict === "fail");
  expect(failed).toMatchObject([{ control: "docker-socket-mount" }, { control: "published-port" }]);
  if (!hasStack) return;
  const said = execFileSync("docker", ["stack", "config", "-c", "packaging/fleet/stack.yaml"], {
    encoding: "utf8",
  });
  for (const service of ["database", "serve", "guard", "watch"]) expect(said).toContain(`  ${service}:`);
  expect(said).not.toContain("0o");
});

const hasSystemd = hasProgram("systemd-analyze", "--version");
const hasCompose = hasProgram("docker", "compose", "version");

test.skipIf(!hasSystemd)(
  hasSystemd
    ? "a user's systemd takes the unit of a user's own page, which asks for nothing that needs root"
    : "the unit of a user's own page (skipped: there is no systemd-analyze here)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "bulkhead-unit-"));
    try {
      const text = readFileSync("packaging/serve/user/bulkhead-serve.service", "utf8");
      const unit = join(folder, "bulkhead-serve.service");
      writeFileSync(unit, text.replace("/usr/bin/node", process.execPath));
      const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder };
      const said = (command: string) => {
        const args = ["-c", `systemd-analyze ${command} --user "$1" 2>&1`, "sh", unit];
        return execFileSync("sh", args, { encoding: "utf8", env });
      };
      expect(said("verify")).toBe("");
      const [, exposure] = /exposure level for .*: ([\d.]+)/.exec(said("security --offline=yes")) ?? [];
      expect(Number(exposure)).toBeGreaterThan(0);
      expect(Number(exposure)).toBeLessThan(7);

      const settings = text.replaceAll("\\\n", "").split("\n");
      const start = settings.find((line) => line.startsWith("ExecStart=")) ?? "";
      for (const word of [
        "/usr/bin/node /usr/lib/bulkhead/bulkhead.cjs serve ",
        "--listen 127.0.0.1:",
        "--host unix://%t/docker.sock",
        "--store %S/bulkhead/serve.db",
      ])
        expect(start).toContain(word);
      expect(settings).toEqual(
        expect.arrayContaining(["StateDirectory=bulkhead", "StateDirectoryMode=0700", "NoNewPrivileges=yes"]),
      );
      expect(settings).toContain("WantedBy=default.target");
      // What a user's systemd makes a user namespace for, what it refuses, and what only the system's knows.
      const other =
        /^(?:Private\w+|Protect\w+|DynamicUser|User|Group|CapabilityBoundingSet|AmbientCapabilities|RootDirectory|BindPaths|(?:ReadOnly|ReadWrite|Inaccessible)Paths)=|multi-user\.target|\/var\/lib|\/etc\//;
      expect(settings.filter((line) => other.test(line))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test.skipIf(!hasSystemd).each([
  ["guard", "bulkhead-guard-proxy", "guard"],
  ["guard", "bulkhead-guard-authz", "guard"],
  ["serve", "bulkhead-serve", "serve"],
])(
  hasSystemd ? "systemd takes %s/%s.service" : "%s/%s.service (skipped: there is no systemd-analyze here)",
  (place, name, command) => {
    const folder = mkdtempSync(join(tmpdir(), "bulkhead-unit-"));
    try {
      const text = readFileSync(`packaging/${place}/${name}.service`, "utf8");
      expect(text).toContain(`ExecStart=/usr/bin/node /usr/lib/bulkhead/bulkhead.cjs ${command} `);
      const unit = join(folder, `${name}.service`);
      writeFileSync(unit, text.replace("/usr/bin/node", process.execPath));
      // What it has against a unit it says, and some of it without an exit status.
      const said = execFileSync("sh", ["-c", 'systemd-analyze verify "$1" 2>&1', "sh", unit], {
        encoding: "utf8",
      });
      expect(said).toBe("");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test.skipIf(!hasCompose)(
  hasCompose ? "docker compose takes the example" : "the example (skipped: there is no docker compose here)",
  () => {
    const said = execFileSync("docker", [
      "compose",
      "-f",
      "packaging/guard/compose.yaml",
      "config",
      "--format=json",
    ]);
    const { services } = JSON.parse(said.toString());
    expect(services.guard).toMatchObject({
      network_mode: "none",
      read_only: true,
      cap_drop: ["ALL"],
      user: "65532:65532",
      command: ["--preset", "traefik", "--listen", "unix:///run/bulkhead/traefik.sock,mode=0666"],
    });
    expect(JSON.stringify(services.traefik)).not.toContain("docker.sock");
  },
);
