import { isRecord } from "../../base/json.ts";
import type { QueryParam, Route } from "../routes/route.ts";
import { type ApiVersion, oldestVersion, printVersion } from "./version.ts";

/**
 * Why a version is refused that the policy does not open; undefined where it does. `oldest` is a minor version.
 */
export function tooOld(version: ApiVersion | undefined, oldest = oldestVersion.minor): string | undefined {
  if (version === undefined || version.minor >= oldest) return undefined;
  const [asked, least] = [version, { major: 1, minor: oldest } as const].map((each) =>
    printVersion(each).slice(1),
  );
  return `API ${asked} is older than ${least}, the oldest that the policy opens: set DOCKER_API_VERSION=${least} in the client, or versions: { min: "${asked}" } in the policy`;
}

/**
 * What a request means in an old version where the Engine takes it otherwise than today; said in today's words, so that it is
 * judged and sent as what it is. All other members mean the same, or the Engine ignores them.
 *
 * @see https://github.com/moby/moby/blob/v26.1.5/api/server/router/container/container_routes.go
 */
export function inTodaysWords(route: Route, version: ApiVersion | undefined, body: unknown): unknown {
  if (route.id !== "container-create" || version === undefined || !isRecord(body)) return body;
  const { HostConfig } = body;
  const host = isRecord(HostConfig) ? HostConfig : {};
  // Before API 1.40 others may join its IPC namespace, unless it says otherwise.
  if (version.minor >= 40 || (host.IpcMode !== undefined && host.IpcMode !== "" && host.IpcMode !== null))
    return body;
  return { ...body, HostConfig: { ...host, IpcMode: "shareable" } };
}

/** The parameter as the version has it: `filter` of image-list was read until API 1.40. */
export function paramIn(param: QueryParam, version: ApiVersion | undefined): QueryParam {
  if (param.kind !== "ignored" || param.until === undefined) return param;
  return version !== undefined && version.minor <= param.until ? { kind: "string" } : param;
}
