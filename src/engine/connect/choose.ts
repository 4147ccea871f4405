import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { readAddress } from "./address.ts";
import { configFolder, currentContext, readJson } from "./cli-config.ts";
import type { ConnectOptions, Endpoint } from "./endpoint.ts";
import { environmentTls, folderTls } from "./tls.ts";

export const defaultSocket = "/var/run/docker.sock";

/**
 * Chooses the Engine in the docker CLI's order: `--context`, `--host`, DOCKER_HOST, DOCKER_CONTEXT, the current context,
 * and then the default socket (docker/cli: cli/command/cli.go, resolveContextName). Where that is not there and a
 * rootless Engine's is, that one.
 */
export function chooseEndpoint(options: ConnectOptions): Result<Endpoint> {
  const { host, context, environment } = options;
  if (host && context) return failed("--host and --context exclude each other: give one of them");
  const name = context || (!host && !environment.DOCKER_HOST && otherContext(options)) || "default";
  if (name !== "default") {
    const endpoint = contextEndpoint(name, options);
    if (!endpoint.ok) return endpoint;
    return ok(endpoint.value ?? defaultEndpoint(environment));
  }
  const tls = environmentTls(options);
  if (!tls.ok) return tls;
  const address = host || environment.DOCKER_HOST;
  if (address) return readAddress(address, tls.value);
  return tls.value ? readAddress("tcp://localhost:2376", tls.value) : ok(defaultEndpoint(environment));
}

function otherContext(options: ConnectOptions): string | undefined {
  return options.environment.DOCKER_CONTEXT || currentContext(options);
}

function defaultEndpoint({ XDG_RUNTIME_DIR }: ConnectOptions["environment"]): Endpoint {
  const rootless = XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, "docker.sock") : undefined;
  const path = rootless && !existsSync(defaultSocket) && existsSync(rootless) ? rootless : defaultSocket;
  return { kind: "unix", address: `unix://${path}`, path };
}

/**
 * The Engine of a docker context: contexts/meta/ID/meta.json in the docker CLI's folder, ID being the SHA-256 of its
 * name, and its TLS files in contexts/tls/ID/docker. Undefined where it names no host: the default one is meant.
 *
 * @see https://docs.docker.com/engine/manage-resources/contexts/
 */
function contextEndpoint(name: string, options: ConnectOptions): Result<Endpoint | undefined> {
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
