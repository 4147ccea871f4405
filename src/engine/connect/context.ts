import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { readAddress } from "./address.ts";
import { configFolder, readJson } from "./cli-config.ts";
import type { ConnectOptions, Endpoint } from "./endpoint.ts";
import { folderTls } from "./tls.ts";

/**
 * The Engine of a docker context: contexts/meta/ID/meta.json in the docker CLI's folder, ID being the SHA-256 of its
 * name, and its TLS files in contexts/tls/ID/docker. Undefined where it names no host: the default one is meant.
 *
 * @see https://docs.docker.com/engine/manage-resources/contexts/
 */
export function contextEndpoint(name: string, options: ConnectOptions): Result<Endpoint | undefined> {
  const folder = join(configFolder(options), "contexts");
  const id = createHash("sha256").update(name).digest("hex");
  const path = join(folder, "meta", id, "meta.json");
  if (!existsSync(path)) {
    return failed(`there is no docker context “${name}”: docker context ls lists them`);
  }
  const meta = readJson(path);
  const endpoints = isRecord(meta) ? meta.Endpoints : undefined;
  const docker = isRecord(endpoints) ? endpoints.docker : undefined;
  if (!isRecord(docker)) return failed(`the docker context “${name}” has no Engine: ${path} is broken`);
  const { Host: host, SkipTLSVerify: skip } = docker;
  if (typeof host !== "string" || host === "") return ok(undefined);
  const tls = folderTls(join(folder, "tls", id, "docker"), skip !== true);
  return tls.ok ? readAddress(host, tls.value) : tls;
}
