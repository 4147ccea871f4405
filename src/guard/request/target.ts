import { quote } from "../json/quote.ts";
import type { Route } from "../routes/route.ts";
import { routes } from "../routes/table.ts";
import { type Refusal, refused } from "./refusal.ts";
import { type ApiVersion, newestVersion, oldestReadable, parseVersion, printVersion } from "./version.ts";

/** The route that a request-line names; its query is still as it was written. */
export interface FoundRoute {
  readonly ok: true;
  readonly route: Route;
  readonly version: ApiVersion | undefined;
  readonly params: Readonly<Record<string, string>>;
  /** After the question mark; empty without one. */
  readonly query: string;
}

/**
 * Finds the one route of the Engine API that a method and a request-target mean. Only the origin-form is taken, and only
 * a path that no server would clean, decode or fold into another: the Engine's own router must take what is rebuilt from
 * it to the very same route.
 *
 * A transport asks this before it reads a body: the route says whether JSON, an archive or a hijacked stream follows.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-request-target
 */
export function findRoute(method: string, target: string): FoundRoute | Refusal {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  const wrong = wrongPath(path);
  if (wrong !== undefined) return refused("guard-path", wrong);
  if (/^\/(?:v[0-9.]+\/)?libpod(?:\/|$)/.test(path))
    return refused(
      "guard-route",
      "/libpod is Podman's own API, which the guard does not judge: use the Docker API, as docker and docker compose do",
    );
  const split = splitVersion(path);
  if (!split.ok) return split;
  const found = match(method, split.path);
  if (found === undefined) return unknownRoute(method, split.path);
  const { route } = found;
  const minor = split.version?.minor;
  if (minor !== undefined && (minor < (route.since ?? 0) || minor > (route.until ?? minor)))
    return refused("guard-version", `${route.id} is not part of API 1.${minor}`, route);
  return { ok: true, route, version: split.version, params: found.params, query };
}

function wrongPath(path: string): string | undefined {
  if (!path.startsWith("/"))
    return "the request-target is not a path: the absolute form, the authority form and * are not taken";
  if (!/^[\x21-\x7e]*$/.test(path)) return "the path has a space, a control character or one beyond ASCII";
  if (/[#\\;]/.test(path)) return "the path has a #, a ; or a backslash, which the Engine may read otherwise";
  if (path.includes("//")) return "the path has two slashes in a row, which the Engine makes one";
  if (/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path))
    return "the path has a . or .. segment, which the Engine resolves";
  return undefined;
}

type Split = { readonly ok: true; readonly path: string; readonly version: ApiVersion | undefined } | Refusal;

function splitVersion(path: string): Split {
  const segment = /^\/(v[0-9.][^/]*)/.exec(path)?.[1];
  if (segment === undefined) return { ok: true, path, version: undefined };
  const version = parseVersion(segment);
  if (version === undefined)
    return refused("guard-version", `${quote(segment)} is no API version in the form v1.45`);
  if (version.minor < oldestReadable.minor)
    return refused(
      "guard-version",
      `API ${printVersion(version).slice(1)} is older than ${printVersion(oldestReadable).slice(1)}, the oldest that the guard knows`,
    );
  if (version.minor > newestVersion.minor)
    return refused(
      "guard-version",
      `API ${printVersion(version).slice(1)} is newer than ${printVersion(newestVersion).slice(1)}, the newest that the guard knows`,
    );
  return { ok: true, path: path.slice(segment.length + 1), version };
}

interface Pattern {
  readonly route: Route;
  readonly names: readonly string[];
  readonly expression: RegExp;
}

/** By method and the first word of the path. */
const patterns: ReadonlyMap<string, readonly Pattern[]> = index();

function index(): ReadonlyMap<string, readonly Pattern[]> {
  const byStart = new Map<string, Pattern[]>();
  for (const route of routes) {
    const key = startOf(route.method, route.path);
    byStart.set(key, [...(byStart.get(key) ?? []), compile(route)]);
  }
  return byStart;
}

function startOf(method: string, path: string): string {
  const end = path.indexOf("/", 1);
  return `${method} ${end < 0 ? path : path.slice(0, end)}`;
}

function compile(route: Route): Pattern {
  const names: string[] = [];
  const source = route.path.replace(/\{([a-z]+)\}/g, (_, name: string) => {
    names.push(name);
    return formOf(name) === "reference" ? "(.+)" : "([^/]+)";
  });
  return { route, names, expression: new RegExp(`^${source}$`) };
}

interface Matched {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function match(method: string, path: string): Matched | undefined {
  for (const pattern of patterns.get(startOf(method, path)) ?? []) {
    const values = pattern.expression.exec(path);
    if (values === null) continue;
    const params = readParams(pattern.names, values.slice(1));
    if (params !== undefined) return { route: pattern.route, params };
  }
  return undefined;
}

function readParams(
  names: readonly string[],
  values: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const value = decode(name, values[index] ?? "");
    if (!fitsPlaceholder(name, value)) return undefined;
    params[name] = value;
  }
  return params;
}

/** Clients escape the slash, colon and at sign of a reference, or leave them; nothing else needs an escape anywhere. */
function decode(placeholder: string, value: string): string {
  if (formOf(placeholder) !== "reference" || !value.includes("%")) return value;
  return value.replace(/%2f/gi, "/").replace(/%3a/gi, ":").replaceAll("%40", "@");
}

function unknownRoute(method: string, path: string): Refusal {
  if (path.includes("%"))
    return refused(
      "guard-path",
      "the path has a percent-escape where no route needs one: names are written as they are",
    );
  if (path.length > 1 && path.endsWith("/"))
    return refused("guard-path", "the path ends with a slash, which no route has");
  return refused(
    "guard-route",
    `${quote(method, 20)} ${quote(path)} is not a route of the Engine API 1.41 to 1.54, or contains something that is not a name, id or reference`,
  );
}

/**
 * What a placeholder of a path may stand for. Everything that the Engine itself makes fits: names by its own pattern,
 * ids, references. None but a reference can hold a slash, so none can reach into the rest of the path, as the Engine's
 * own `{name:.*}` would let it.
 *
 * @see https://github.com/moby/moby/blob/v28.5.2/daemon/names/names.go
 * @see https://github.com/distribution/reference/blob/main/regexp.go
 */
type PlaceholderForm = "name" | "execId" | "reference";

/** No name, reference or id of the Engine is longer. */
const longest = 512;

const name = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const execId = /^[a-f0-9]{1,64}$/;

const pathPart = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const hostPart = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const host = `${hostPart}(?:\\.${hostPart})*(?::[0-9]{1,5})?`;
const tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}";
const digest = "[a-z][a-z0-9]*(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,128}";
const reference = new RegExp(`^(?:${host}/)?${pathPart}(?:/${pathPart})*(?::${tag})?(?:@${digest})?$`);

const forms: Readonly<Record<PlaceholderForm, RegExp>> = { name, execId, reference };

function formOf(placeholder: string): PlaceholderForm {
  if (placeholder === "image" || placeholder === "plugin") return "reference";
  return placeholder === "exec" ? "execId" : "name";
}

function fitsPlaceholder(placeholder: string, value: string): boolean {
  return value.length <= longest && forms[formOf(placeholder)].test(value);
}
