import { newestVersion } from "../../request/version.ts";
import type { Header, ResponseHead } from "../http/head.ts";

/**
 * The headers of the Engine's answers, by their names in lower case. Others are left out: what a later Engine adds is not
 * known to be harmless. How the answer is framed and whether the connection stays is the guard's own to say.
 */
const names = [
  "api-version",
  "builder-version",
  "cache-control",
  "content-disposition",
  "content-type",
  "date",
  "docker-experimental",
  "docker-distribution-api-version",
  "expires",
  "last-modified",
  "location",
  "ostype",
  "pragma",
  "retry-after",
  "server",
  "swarm",
  "x-docker-container-path-stat",
];

/** As Go's servers write them, too: `Api-Version`. */
const known: ReadonlyMap<string, string> = new Map([
  ...names.map((name) => [name, name] as const),
  ...names.map((name) => [name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()), name] as const),
]);

/** The headers that the client gets. An Engine that is newer than the guard's table is announced as the newest in it. */
export function responseHeaders({ headers }: ResponseHead): Header[] {
  const kept: Header[] = [];
  for (const header of headers) {
    const name = known.get(header[0]) ?? known.get(header[0].toLowerCase());
    if (name === undefined) continue;
    kept.push(name === "api-version" ? [header[0], atMost(header[1])] : header);
  }
  return kept;
}

const newest = `${newestVersion.major}.${newestVersion.minor}`;

function atMost(version: string): string {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(version) ?? [];
  if (Number(major) !== newestVersion.major || Number(minor) > newestVersion.minor) return newest;
  return version;
}
