import { readFileSync } from "node:fs";
import { join } from "node:path";
import { textAt } from "../../base/json.ts";
import type { ConnectOptions } from "./endpoint.ts";

/** The docker CLI's folder: DOCKER_CONFIG, else ~/.docker. */
export function configFolder({ environment, home }: ConnectOptions): string {
  return environment.DOCKER_CONFIG || join(home, ".docker");
}

/**
 * `currentContext` of the docker CLI's config.json. The CLI goes on without a file that is missing or broken, so
 * this does, too.
 */
export function currentContext(options: ConnectOptions): string | undefined {
  return textAt(readJson(join(configFolder(options), "config.json")), "currentContext") || undefined;
}

/** Undefined where there is no such file, or no JSON in it. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
