import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { whyUnread } from "../../base/error-words.ts";
import { isRecord } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import {
  type ConnectOptions,
  configFolder,
  currentContext,
  type Endpoint,
  readJson,
  type TlsMaterial,
} from "./endpoint.ts";

export const defaultSocket = "/var/run/docker.sock";

/**
 * Chooses the Engine in the docker CLI's order: `--context`, `--host`, DOCKER_HOST, DOCKER_CONTEXT, the current context,
 * and then the default socket (docker/cli: cli/command/cli.go, resolveContextName). Where this user cannot open that one, the
 * socket of his rootless Engine, or Podman's.
 */
export function chooseEndpoint(options: ConnectOptions): Result<Endpoint> {
  const { host, context, environment } = options;
  if (host && context) return failed("--host and --context exclude each other: give one of them");
  const name = context || (!host && !environment.DOCKER_HOST && otherContext(options)) || "default";
  if (name !== "default") {
    const endpoint = contextEndpoint(name, options);
    if (!endpoint.ok) return endpoint;
    return ok(endpoint.value ?? atSocket(ownSocket(environment)));
  }
  const tls = environmentTls(options);
  if (!tls.ok) return tls;
  const address = host || environment.DOCKER_HOST;
  if (address) return readAddress(address, tls.value);
  if (tls.value) return readAddress("tcp://localhost:2376", tls.value);
  return ok(atSocket(ownSocket(environment)));
}

/**
 * The address of this user's own Engine, where nothing names one and he cannot open the default socket. The docker CLI would not
 * look for it: what bulkhead starts speaks to the Engine that bulkhead chose only if it is given this as DOCKER_HOST.
 */
export function ownEngine(options: ConnectOptions): string | undefined {
  const { environment } = options;
  if (!environment.XDG_RUNTIME_DIR || environment.DOCKER_HOST) return undefined;
  const chosen = chooseEndpoint(options);
  if (!chosen.ok || chosen.value.kind !== "unix") return undefined;
  return chosen.value.path === ownSocket(environment) ? chosen.value.address : undefined;
}

function otherContext(options: ConnectOptions): string | undefined {
  return options.environment.DOCKER_CONTEXT || currentContext(options);
}

function atSocket(own: string | undefined): Endpoint {
  const path = own ?? defaultSocket;
  return { kind: "unix", address: `unix://${path}`, path };
}

function ownSocket({ XDG_RUNTIME_DIR }: ConnectOptions["environment"]): string | undefined {
  if (!XDG_RUNTIME_DIR || canOpen(defaultSocket)) return undefined;
  return ["docker.sock", "podman/podman.sock"].map((name) => join(XDG_RUNTIME_DIR, name)).find(canOpen);
}

/** connect(2) to a socket needs the right to write it. */
function canOpen(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
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

/**
 * Reads an address as the docker CLI does (docker/cli: opts/hosts.go): without a scheme it is TCP, without a port 2375,
 * or 2376 with TLS.
 */
function readAddress(text: string, tls: TlsMaterial | undefined): Result<Endpoint> {
  const address = text.trim();
  const [scheme, rest] = address.includes("://") ? split(address) : ["tcp", address];
  if (scheme === "unix") return unix(rest);
  if (scheme === "ssh") return ssh(rest);
  if (scheme === "tcp" || scheme === "http") return tcp(rest, tls);
  if (scheme === "https") return tcp(rest, tls ?? { verify: true });
  return failed(
    `an Engine at ${scheme}:// cannot be reached from here: unix://, tcp:// or ssh:// is expected`,
  );
}

function split(address: string): readonly [string, string] {
  const at = address.indexOf("://");
  return [address.slice(0, at).toLowerCase(), address.slice(at + 3)];
}

function unix(rest: string): Result<Endpoint> {
  const path = rest === "" ? "/var/run/docker.sock" : rest;
  return ok({ kind: "unix", address: `unix://${path}`, path });
}

function tcp(rest: string, tls: TlsMaterial | undefined): Result<Endpoint> {
  const url = parse(`http://${rest === "" || rest.startsWith(":") ? `localhost${rest}` : rest}`);
  if (!url) return failed("the Engine's address is not tcp://HOST:PORT");
  if (url.username !== "" || url.password !== "") return failed("a tcp:// address has no user or password");
  // A URL leaves out 80, the default of http.
  const written = /:(\d+)(?:\/|$)/.exec(rest)?.[1];
  const port = Number(written ?? (tls ? 2376 : 2375));
  const basePath = url.pathname.replace(/\/+$/, "");
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  return ok({
    kind: "tcp",
    address: `tcp://${url.hostname}:${port}${basePath}`,
    hostname,
    port,
    basePath,
    tls,
  });
}

/** `ssh://[user@]host[:port][/path/of/the/socket]` (docker/cli: cli/connhelper/ssh). */
function ssh(rest: string): Result<Endpoint> {
  const url = parse(`ssh://${rest}`);
  if (!url || url.hostname === "") return failed("the Engine's address is not ssh://USER@HOST");
  if (url.password !== "") return failed("an ssh:// address has no password: use a key or an agent");
  if (url.search !== "" || url.hash !== "")
    return failed("an ssh:// address ends with the path of the socket");
  const destination = url.hostname.replace(/^\[|\]$/g, "");
  const user = url.username === "" ? undefined : decodeURIComponent(url.username);
  const port = url.port === "" ? undefined : url.port;
  const socketPath = url.pathname === "" || url.pathname === "/" ? undefined : url.pathname;
  return ok({
    kind: "ssh",
    address: `ssh://${url.host === "" ? "" : withUser(user, url.host)}${socketPath ?? ""}`,
    destination,
    user,
    port,
    socketPath,
  });
}

function withUser(user: string | undefined, host: string): string {
  return user === undefined ? host : `${user}@${host}`;
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/**
 * The TLS material that the environment asks for: with DOCKER_TLS_VERIFY or DOCKER_TLS set at all (to "0", too) it is
 * ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH, else in the docker CLI's folder. Undefined where neither is set.
 *
 * @see https://docs.docker.com/engine/security/protect-access/#secure-by-default
 */
function environmentTls(options: ConnectOptions): Result<TlsMaterial | undefined> {
  const { DOCKER_TLS_VERIFY: verify, DOCKER_TLS: tls, DOCKER_CERT_PATH: path } = options.environment;
  if (!verify && !tls) return ok(undefined);
  const folder = path || configFolder(options);
  const ca = pem(join(folder, "ca.pem"));
  if (!ca.ok) return ca;
  return withClientCertificate(folder, { ca: ca.value, verify: Boolean(verify) });
}

/** The TLS material of a context: whichever of the three files are there; undefined where none is. */
function folderTls(folder: string, verify: boolean): Result<TlsMaterial | undefined> {
  const path = join(folder, "ca.pem");
  const ca = existsSync(path) ? pem(path) : ok(undefined);
  if (!ca.ok) return ca;
  const material = withClientCertificate(folder, { verify, ...(ca.value !== undefined && { ca: ca.value }) });
  if (!material.ok) return material;
  const isEmpty = material.value.ca === undefined && material.value.cert === undefined;
  return isEmpty && verify ? ok(undefined) : material;
}

function withClientCertificate(folder: string, material: TlsMaterial): Result<TlsMaterial> {
  const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  if (!existsSync(paths.cert) && !existsSync(paths.key)) return ok(material);
  const cert = pem(paths.cert);
  const key = pem(paths.key);
  if (!cert.ok) return cert;
  return key.ok ? ok({ ...material, cert: cert.value, key: key.value }) : key;
}

function pem(path: string): Result<string> {
  try {
    return ok(readFileSync(path, "utf8"));
  } catch (error) {
    return failed(`the TLS file ${path} cannot be read: ${whyUnread(error)}`);
  }
}
