import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestEngine } from "./engine.ts";
import { nodeRootfs } from "./node-rootfs.ts";

export interface PackagedImage {
  readonly tag: string;
  /** A target of packaging/Dockerfile on a base that needs no registry: `node:local`, this machine's Node. */
  readonly dockerfile: string;
  /** The built command: what stands beside it is in the context as `dist`. */
  readonly program: string;
  /** Puts into the context what else the first stage builds, and sets its modes. */
  readonly fill: (context: string) => void;
  /** Whether this Engine has `node:local` already, from an image that was built before. */
  readonly isNext?: boolean;
}

/**
 * A target of packaging/Dockerfile with the stage that it begins from, on `node:local`. Copies from the first stage become
 * copies from the context.
 */
export function packagedStage(target: string): string {
  const stages = new Map<string, string>();
  for (const stage of readFileSync("packaging/Dockerfile", "utf8").split(/^(?=FROM )/m)) {
    const [, name] = /^FROM \S+ AS (\S+)/.exec(stage) ?? [];
    if (name !== undefined) stages.set(name, stage.slice(stage.indexOf("\n") + 1));
  }
  const [base, own] = [stages.get("base"), stages.get(target)];
  if (base === undefined || own === undefined)
    throw new Error(`packaging/Dockerfile has no target ${target}`);
  return `FROM node:local\n${base}${own}`.replaceAll(
    /--from=build (--chown=\S+ )?\/build\/(?:driver\/)?/g,
    "$1",
  );
}

/** Builds an image of packaging/ on the Engine, by way of a folder of the test's. */
export async function buildPackaged(
  engine: TestEngine,
  folder: string,
  { tag, dockerfile, program, fill, isNext = false }: PackagedImage,
): Promise<void> {
  if (!isNext) await engine.docker(["import", "-", "node:local"], nodeRootfs(folder));
  const context = join(folder, "context");
  mkdirSync(context);
  cpSync(dirname(program), join(context, "dist"), { recursive: true });
  fill(context);
  writeFileSync(join(context, "Dockerfile"), dockerfile);
  // The classic builder: the test's docker has no other.
  execFileSync("docker", ["build", "-q", "-t", tag, context], {
    env: { PATH: process.env.PATH ?? "", ...engine.environment, DOCKER_BUILDKIT: "0" },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** What the first stage of packaging/Dockerfile copies from the repository, as far as its .dockerignore lets it. */
export function buildContext(): readonly string[] {
  const text = readFileSync("packaging/Dockerfile", "utf8");
  const [first = ""] = text.slice(text.indexOf("\nFROM ")).split(/\n(?=FROM \S+ AS base)/);
  const sources = [...first.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, paths = ""]) => paths.split(" "));
  const kept = readFileSync("packaging/Dockerfile.dockerignore", "utf8").split("\n");
  return sources.filter((path) => kept.includes(`!${path}`));
}

/** As the health check of the Dockerfile asks: `healthy`, or why not. */
export async function healthBy(engine: TestEngine, dockerfile: string, name: string): Promise<string> {
  const probe = /"-e", "(.*)"\]/.exec(dockerfile)?.[1] ?? "";
  return await engine.docker(["exec", name, "/nodejs/bin/node", "-e", probe]).then(
    () => "healthy",
    (error: Error) => error.message,
  );
}
