import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BenchmarkResult, RecommendationResult } from "../../src/audit/benchmark/benchmark.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { differences } from "./cis/differences.ts";
import { type BenchResults, runDockerBench } from "./cis/docker-bench.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";

const fixture = new URL("./cis/docker-bench.json", import.meta.url);

/** What docker-bench-security said on the same Engine with the same containers, without and with a swarm. */
interface Recorded {
  readonly source: string;
  readonly commit: string;
  readonly date: string;
  readonly plain: BenchResults;
  readonly swarm: BenchResults;
}

/** A checkout of docker-bench-security: given, the fixture is recorded anew. */
const checkout = process.env.DOCKER_BENCH;

describeWithEngine("the CIS benchmark on a real Engine", () => {
  let engine: TestEngine;
  let program: string;
  let plain: ReadonlyMap<string, RecommendationResult>;
  let swarm: ReadonlyMap<string, RecommendationResult>;
  let recorded: Recorded;

  async function benchmark(): Promise<BenchmarkResult> {
    const ran = await audit("--format", "json");
    return (JSON.parse(ran) as { benchmark: BenchmarkResult }).benchmark;
  }

  async function audit(...flags: readonly string[]): Promise<string> {
    const args = ["audit", "engine", "--benchmark", "cis-1.6", ...flags];
    const ran = await runCli(program, args, { env: engine.environment });
    return ran.stdout;
  }

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    const run = (name: string, flags: string) =>
      engine.docker(["run", "-d", "--name", name, ...flags.split(/\s+/), busybox, "sleep", "600"]);
    await engine.docker(["network", "create", "apart"]);
    await run(
      "careful",
      "--network apart --read-only --cap-drop ALL --security-opt no-new-privileges -m 64m --cpus 0.5 --pids-limit 50 -u 1000:1000 --health-cmd true --ulimit nofile=64:64 --restart on-failure:3 -p 127.0.0.1:8080:80",
    );
    await run(
      "careless",
      `--privileged --pid host --ipc host --uts host --network host --userns host -v /etc:/host/etc -v ${engine.socketPath}:/var/run/docker.sock --device /dev/null --cap-add SYS_ADMIN --restart on-failure:50 --cgroup-parent /careless --security-opt seccomp=unconfined`,
    );
    await run("open", "-p 80:80");
    plain = byNumber(await benchmark());
    const plainBench = checkout && (await runDockerBench(checkout, engine));
    await engine.docker(["swarm", "init", "--advertise-addr", "127.0.0.1"]);
    swarm = byNumber(await benchmark());
    if (checkout && plainBench) {
      const swarmBench = await runDockerBench(checkout, engine);
      const made = {
        source: "https://github.com/docker/docker-bench-security",
        commit: readFileSync(join(checkout, ".git/HEAD"), "utf8").trim(),
        date: new Date().toISOString().slice(0, 10),
        plain: plainBench,
        swarm: swarmBench,
      };
      writeFileSync(fixture, `${JSON.stringify(made, null, 2)}\n`);
    }
    if (existsSync(fixture)) recorded = JSON.parse(readFileSync(fixture, "utf8")) as Recorded;
  }, 300_000);

  afterAll(async () => {
    await engine?.stop();
  });

  test("every recommendation has an outcome, and nothing that the Engine and its host show is unknown", () => {
    expect(plain.size).toBe(117);
    const unknown = [...plain.values()]
      .filter(({ outcome }) => outcome === "unknown")
      .map(({ number }) => number);
    // An imported image has no history.
    expect(unknown.filter((number) => !["4.7", "4.11"].includes(number))).toEqual([]);
  });

  test("each failure has evidence, a place and a remedy", () => {
    for (const { number, outcome, evidence, remedy } of plain.values()) {
      if (outcome !== "fail") continue;
      expect(evidence.length, number).toBeGreaterThan(0);
      expect(evidence[0]?.message.length, number).toBeGreaterThan(10);
      expect(remedy, number).toMatch(/^[A-Z]/);
    }
    expect(plain.get("5.5")?.evidence.map(({ subject }) => subject)).toEqual(["container:careless"]);
    expect(plain.get("5.32")?.evidence.map(({ subject }) => subject)).toEqual(["container:careless"]);
    expect(plain.get("5.15")?.evidence[0]?.message).toContain("50 times");
  });

  test.each([
    ["5.1", "fail"],
    ["7.1", "pass"],
    ["7.2", "fail"],
    ["7.3", "fail"],
    ["7.5", "fail"],
    ["7.6", "notApplicable"],
    ["7.7", "pass"],
    ["7.8", "manual"],
    ["7.9", "manual"],
  ])("a swarm: %s is %s", (number, outcome) => {
    expect(plain.get(number)?.outcome).toBe(number === "5.1" ? "pass" : "notApplicable");
    expect(swarm.get(number)).toMatchObject({ outcome });
  });

  test("as text, CSV and HTML", async () => {
    const text = await audit();
    expect(text).toMatch(/^117 recommendations: .*pass.*fail/m);
    expect(text).toMatch(/^ {2}5\.5 +fail +No container is privileged/m);
    const csv = await audit("--format", "csv");
    expect(csv.split("\r\n").filter((line) => /^\d+\.\d/.test(line))).toHaveLength(117);
    const html = await audit("--format", "html");
    expect(html.match(/<tr id="cis-/g)).toHaveLength(117);
  });

  describe("beside docker-bench-security's own run", () => {
    test.each(["plain", "swarm"] as const)(
      "%s: every difference is documented, and each that is documented is there",
      (which) => {
        const bench = recorded[which];
        const ours = which === "plain" ? plain : swarm;
        expect(Object.keys(bench).length).toBeGreaterThan(100);
        const differ = [...ours.values()].flatMap(({ number, outcome }) => {
          const theirs = bench[number];
          return theirs !== undefined && !agrees(outcome, theirs) ? [number] : [];
        });
        const undocumented = differ.filter((number) => !Object.hasOwn(differences, number));
        expect(
          undocumented.map((number) => `${number}: ${ours.get(number)?.outcome}, ${bench[number]}`),
        ).toEqual([]);
      },
    );

    test("the guide has each difference", () => {
      const guide = readFileSync(new URL("../../docs/cis.md", import.meta.url), "utf8");
      for (const [number, { right, why }] of Object.entries(differences)) {
        expect(guide).toContain(`| ${number} | ${right} | ${why} |`);
      }
    });

    test("every documented difference was seen, or is about the host that the fixture was made on", () => {
      const seen = new Set(
        (["plain", "swarm"] as const).flatMap((which) =>
          [...(which === "plain" ? plain : swarm).values()].flatMap(({ number, outcome }) =>
            agrees(outcome, recorded[which][number] ?? "") ? [] : [number],
          ),
        ),
      );
      const idle = Object.entries(differences).filter(
        ([number, { onSomeHosts }]) => !onSomeHosts && !seen.has(number),
      );
      expect(idle.map(([number]) => number)).toEqual([]);
    });
  });
});

function byNumber({ sections }: BenchmarkResult): ReadonlyMap<string, RecommendationResult> {
  return new Map(sections.flatMap(({ results }) => results.map((each) => [each.number, each] as const)));
}

/** INFO and NOTE are for a person, or say that there is nothing to check. */
function agrees(ours: string, theirs: string): boolean {
  if (theirs === "PASS") return ours === "pass";
  if (theirs === "WARN") return ours === "fail";
  return ours === "manual" || ours === "notApplicable";
}
