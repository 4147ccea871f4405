import { posix } from "node:path";
import { parse } from "yaml";
import type { Files } from "../../model/reading.ts";
import type { InputFiles } from "../format.ts";

const overrides = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

const defaults = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/**
 * The Compose files of a walk in the groups that are read together: a folder's default file with its override, as
 * `docker compose` loads them without `-f`, a file that only changes that one behind it, every other file by itself.
 */
export function composeProjects(paths: readonly string[], io: Files): readonly InputFiles[] {
  const overrides = new Map(paths.map((path) => [path, composeOverrideOf(path, io)]));
  const taken = new Set(overrides.values());
  return paths
    .filter((path) => !taken.has(path))
    .map((path) => {
      const override = overrides.get(path);
      return override === undefined ? composeProjectOf(path, io) : { files: [path, override] };
    });
}

/** A Compose file, with the one that it only changes in front of it. */
export function composeProjectOf(path: string, io: Files): InputFiles {
  const base = composeBaseOf(path, io);
  if (base === undefined) return { files: [path] };
  return composeOverrideOf(base, io) === path
    ? { files: [base, path] }
    : { files: [base, path], overlay: true };
}

/**
 * The file that docker compose adds by itself beside a default Compose file in the same folder
 * (compose-go: cli/options.go, DefaultOverrideFileNames). Undefined where there is none, or where the Compose file has
 * a name of its own, which docker compose only reads when it is asked to.
 */
export function composeOverrideOf(path: string, io: Files): string | undefined {
  const folder = posix.dirname(path);
  if (!defaults.includes(posix.basename(path))) return undefined;
  const found = overrides.map((name) => posix.join(folder, name)).find((each) => io.exists(each));
  return found;
}

/**
 * The file that a Compose file only changes, so that docker compose takes them together: for an override file the default
 * file beside it, and for one of another name too, where the default file has the image of a service that has none here.
 */
function composeBaseOf(path: string, io: Files): string | undefined {
  const name = posix.basename(path);
  if (defaults.includes(name)) return undefined;
  const folder = posix.dirname(path);
  const base = defaults.map((each) => posix.join(folder, each)).find((each) => io.exists(each));
  if (base === undefined) return undefined;
  if (overrides.includes(name)) return base;
  const incomplete = Object.entries(servicesOf(path, io)).filter(([, service]) => !isComplete(service));
  if (incomplete.length === 0) return undefined;
  const known = servicesOf(base, io);
  return incomplete.every(([service]) => Object.hasOwn(known, service)) ? base : undefined;
}

function servicesOf(path: string, io: Files): Readonly<Record<string, unknown>> {
  const text = io.read(path);
  if (!text.ok) return {};
  try {
    const services: unknown = parse(text.value, { logLevel: "silent", merge: true })?.services;
    return isRecord(services) ? services : {};
  } catch {
    return {};
  }
}

function isComplete(service: unknown): boolean {
  return isRecord(service) && ["image", "build", "extends", "provider"].some((key) => key in service);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
