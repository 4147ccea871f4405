import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { isRecord } from "../../src/base/json.ts";
import { failed, ok } from "../../src/base/result.ts";
import { readCompose } from "../../src/formats/compose/read.ts";
import type { Files } from "../../src/model/reading.ts";
import { differences, factsOf, factsOfConfig, literalEnvironment } from "./compose-facts.ts";

/** docker compose is the judge of what a Compose file says. Each folder of fixtures is one project. */
const fixtures = resolve("src/formats/compose/fixtures");

interface Case {
  readonly files?: readonly string[];
  readonly envFiles?: readonly string[];
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const cases: Readonly<Record<string, Case>> = {
  reset: { files: ["compose.yaml", "over.yaml"] },
  "merge-files": { files: ["compose.yaml", "second.yaml"] },
  "logging-driver": { files: ["compose.yaml", "second.yaml"] },
  interpolation: { environment: { NAME: "from-the-process", lower_case: "x" } },
  "env-file-order": { envFiles: ["one.env", "two.env"], environment: { C: "process" } },
  profiles: { profiles: ["debug", "third"] },
  "reset-and-merge": { files: ["compose.yaml", "second.yaml"] },
  "reset-and-extends": { files: ["compose.yaml", "second.yaml"] },
  "null-values": { files: ["compose.yaml", "second.yaml", "third.yaml"] },
  stack: { files: ["docker-stack.yml"] },
};

const compose = findCompose();
const home = "/home/somebody";

describe.skipIf(!compose)(
  `docker compose agrees${compose ? "" : " (skipped: docker compose is not installed)"}`,
  () => {
    for (const name of readdirSync(fixtures)) {
      test(name, () => {
        const folder = join(fixtures, name);
        const { files = ["compose.yaml"], envFiles, profiles = ["*"], environment = {} } = cases[name] ?? {};
        const paths = files.map((file) => join(folder, file));
        const reading = readCompose({
          files: paths,
          io: diskFiles(environment),
          profiles,
          ...(envFiles && { envFiles: envFiles.map((file) => join(folder, file)) }),
        });
        const config = dockerCompose(
          [
            ...profiles.flatMap((profile) => ["--profile", profile]),
            ...(envFiles ?? []).flatMap((file) => ["--env-file", join(folder, file)]),
            ...paths.flatMap((path) => ["-f", path]),
          ],
          environment,
        );
        if (!config.ok && /required variable \w+ is missing a value/.test(config.reason)) {
          // It may be set where the file is started: what it says is open, and nothing is wrong with the file.
          expect(reading.gaps).toEqual([]);
          const [view] = reading.subjects.flatMap((each) => (each.kind === "container" ? each.views : []));
          expect(Object.values(view ?? {}).filter(isUnresolved)).not.toEqual([]);
          return;
        }
        if (!config.ok) {
          expect(reading.gaps, `docker compose refuses it: ${config.reason}`).not.toEqual([]);
          return;
        }
        expect(reading.gaps).toEqual([]);
        const services: Record<string, Parameters<typeof factsOfConfig>[0]> = config.value.services ?? {};
        expect(reading.subjects.map((subject) => subject.name).toSorted()).toEqual(
          Object.keys(services).toSorted(),
        );
        for (const subject of reading.subjects) {
          const view = subject.kind === "container" ? subject.views[0] : undefined;
          const service = services[subject.name];
          if (!view) throw new Error("a service without a view");
          const theirs = factsOfConfig(service, config.value);
          const swarm = subject.source === "swarm" ? { mounts: [] } : {};
          expect(differences(factsOf(view), { ...theirs, ...swarm }), subject.name).toEqual([]);
          const values = (service as { environment?: Record<string, string> }).environment ?? {};
          for (const [variable, value] of Object.entries(literalEnvironment(view))) {
            expect(values[variable]?.replaceAll("$$", "$"), variable).toBe(value);
          }
        }
      });
    }
  },
);

function isUnresolved(fact: unknown): boolean {
  return isRecord(fact) && fact.state === "unresolved";
}

function findCompose(): readonly string[] | undefined {
  const found = [["docker-compose"], ["docker", "compose"]].find(
    ([command = "", ...words]) => spawnSync(command, [...words, "version"]).status === 0,
  );
  return found;
}

type Config = Parameters<typeof factsOfConfig>[1] & {
  services?: Record<string, Parameters<typeof factsOfConfig>[0]>;
};

function dockerCompose(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): { readonly ok: true; readonly value: Config } | { readonly ok: false; readonly reason: string } {
  const [command = "", ...first] = compose ?? [];
  const run = spawnSync(command, [...first, ...words, "config", "--format", "json"], {
    encoding: "utf8",
    env: { ...environment, PATH: process.env.PATH, HOME: home },
  });
  if (run.status !== 0) return { ok: false, reason: run.stderr.trim().split("\n").at(-1) ?? "" };
  return { ok: true, value: JSON.parse(run.stdout) };
}

function diskFiles(environment: Readonly<Record<string, string>>): Files {
  return {
    read: (path) => (existsSync(path) ? ok(readFileSync(path, "utf8")) : failed("it does not exist")),
    exists: existsSync,
    environment: { ...environment, HOME: home },
    home,
  };
}
