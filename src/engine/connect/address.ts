import { failed, ok, type Result } from "../../base/result.ts";
import type { Endpoint, TlsMaterial } from "./endpoint.ts";

/**
 * Reads an address as the docker CLI does (docker/cli: opts/hosts.go): without a scheme it is TCP, without a port 2375,
 * or 2376 with TLS.
 */
export function readAddress(text: string, tls: TlsMaterial | undefined): Result<Endpoint> {
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
  if (url.username !== "" || url.password !== "")
    return failed("a tcp:// address takes no user and no password");
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
  if (url.password !== "") return failed("an ssh:// address takes no password: use a key, or an agent");
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
