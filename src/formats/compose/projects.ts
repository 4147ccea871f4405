import { posix } from "node:path";
import { parse } from "yaml";
import type { Files } from "../../model/reading.ts";
import type { InputFiles } from "../format.ts";
import { processLookup, readEnvFiles } from "./load/dotenv.ts";

const overrides = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

const defaults = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/**
 * The Compose files of a walk in the groups that are read together: what `docker compose` loads without `-f`, a file that only
 * changes a default one behind it, every other file by itself.
 */
export function composeProjects(paths: readonly string[], io: Files): readonly InputFiles[] {
  const groups = paths.map((path) => composeProjectOf(path, io));
  return [...new Map(groups.map((group) => [JSON.stringify(group.files), group])).values()];
}

/**
 * The files that docker compose loads in the folder of a Compose file, where it is one of them: those of COMPOSE_FILE in the
 * folder's `.env`, else the default file with its override. Any other file by itself, or behind the default file that it only
 * changes.
 *
 * @see https://docs.docker.com/compose/how-tos/environment-variables/envvars/
 */
export function composeProjectOf(path: string, io: Files): InputFiles {
  const asked = composeFilesOf(posix.dirname(path), io);
  if (asked.includes(path)) return { files: asked };
  if (asked.length > 0 && overrides.includes(posix.basename(path))) return { files: [path] };
  const override = asked.length > 0 ? undefined : composeOverrideOf(path, io);
  if (override !== undefined) return { files: [path, override] };
  const base = composeBaseOf(path, io);
  if (base === undefined) return { files: [path] };
  return composeOverrideOf(base, io) === path
    ? { files: [base, path] }
    : { files: [base, path], overlay: true };
}

/** The files of COMPOSE_FILE in the folder's `.env`; none where it is not set there. */
function composeFilesOf(folder: string, io: Files): readonly string[] {
  const env = posix.join(folder, ".env");
  if (!io.exists(env)) return [];
  const lookup = readEnvFiles([env], io, processLookup(io), () => {});
  const files = lookup("COMPOSE_FILE");
  if (!files) return [];
  const separator = lookup("COMPOSE_PATH_SEPARATOR") || ":";
  return files
    .split(separator)
    .filter((file) => file !== "")
    .map((file) => (posix.isAbsolute(file) ? file : posix.join(folder, file)));
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
