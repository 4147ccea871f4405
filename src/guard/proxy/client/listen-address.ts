import { readFileSync } from "node:fs";
import { whyUnread } from "../../../base/error-words.ts";
import { failed, ok, type Result } from "../../../base/result.ts";

/** Where the guard listens, and who comes in there. */
export type ListenAddress =
  | {
      readonly kind: "unix";
      /** As it was given, without its options: `unix:///run/bulkhead.sock`. */
      readonly address: string;
      readonly client: string | undefined;
      readonly path: string;
      /** Permission bits. */
      readonly mode: number;
      readonly uid: number | undefined;
      readonly gid: number | undefined;
    }
  | {
      readonly kind: "tcp";
      readonly address: string;
      readonly client: string | undefined;
      readonly host: string;
      readonly port: number;
      /** Paths of PEM files; undefined for a plain one. */
      readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
    };

export const listenForms =
  "unix:///PATH[,mode=0660][,owner=USER[:GROUP]] or tcp://HOST:PORT,ca=PATH,cert=PATH,key=PATH or tcp://127.0.0.1:PORT,plain";

const usualMode = 0o660;

/**
 * Reads `--listen`: an address and options behind commas. TCP wants mutual TLS; `plain` does without on loopback, and
 * `plain=network` anywhere, for a network that is nobody else's (of containers, as with docker-socket-proxy).
 */
export function readListenAddress(text: string): Result<ListenAddress> {
  const [address = "", ...words] = text.split(",").map((part) => part.trim());
  const options = new Map<string, string>();
  for (const word of words) {
    const [name = "", ...value] = word.split("=");
    if (options.has(name)) return failed(`${text}: ${name} stands twice`);
    options.set(name, value.join("="));
  }
  const read = address.startsWith("tcp://")
    ? readTcp(address, options)
    : address.startsWith("unix://")
      ? readUnix(address, options)
      : failed(`${text} is not an address to listen on: ${listenForms} is expected`);
  if (!read.ok) return read;
  const [unknown] = options.keys();
  return unknown === undefined ? read : failed(`${text}: ${unknown} is not an option of such an address`);
}

/** Takes the option out, so that what is left is unknown. */
function taken(options: Map<string, string>, name: string): string | undefined {
  const value = options.get(name);
  options.delete(name);
  return value;
}

function readUnix(address: string, options: Map<string, string>): Result<ListenAddress> {
  const path = address.slice("unix://".length);
  if (!path.startsWith("/"))
    return failed(`${address}: the socket's path begins with a slash: unix:///run/bulkhead.sock`);
  const mode = taken(options, "mode");
  if (mode !== undefined && !/^0?[0-7]{3}$/.test(mode))
    return failed(`${address}: mode=${mode} is not a mode such as 0660`);
  const owner = taken(options, "owner");
  const ids = owner === undefined ? ok({ uid: undefined, gid: undefined }) : readOwner(address, owner);
  if (!ids.ok) return ids;
  return ok({
    kind: "unix",
    address,
    client: taken(options, "client"),
    path,
    mode: mode === undefined ? usualMode : Number.parseInt(mode, 8),
    ...ids.value,
  });
}

function readOwner(
  address: string,
  owner: string,
): Result<{ readonly uid: number | undefined; readonly gid: number | undefined }> {
  const [user = "", group] = owner.split(":");
  const uid = user === "" ? ok(undefined) : idOf(user, "/etc/passwd");
  if (!uid.ok) return failed(`${address}: ${uid.reason}`);
  const gid = group === undefined || group === "" ? ok(undefined) : idOf(group, "/etc/group");
  return gid.ok ? ok({ uid: uid.value, gid: gid.value }) : failed(`${address}: ${gid.reason}`);
}

/** The number of a user or a group, by its name or as it is (passwd(5), group(5)). */
function idOf(name: string, file: string): Result<number> {
  if (/^\d+$/.test(name)) return ok(Number(name));
  try {
    const line = readFileSync(file, "utf8")
      .split("\n")
      .find((each) => each.startsWith(`${name}:`));
    const id = line?.split(":")[2];
    return id !== undefined && /^\d+$/.test(id) ? ok(Number(id)) : failed(`${file} has no ${name}`);
  } catch (error) {
    return failed(`${file} cannot be read: ${whyUnread(error)}`);
  }
}

function readTcp(address: string, options: Map<string, string>): Result<ListenAddress> {
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]*):(\d{1,5})$/.exec(address);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) return failed(`${address} is no tcp://HOST:PORT`);
  const host = (match[1] ?? "").replace(/^\[|\]$/g, "");
  const client = taken(options, "client");
  const ca = taken(options, "ca");
  const cert = taken(options, "cert");
  const key = taken(options, "key");
  const plain = taken(options, "plain");
  if (plain !== undefined) {
    if (ca ?? cert ?? key) return failed(`${address}: plain and certificates exclude each other`);
    if (plain !== "" && plain !== "network")
      return failed(`${address}: plain=${plain} is not known, only plain=network`);
    if (plain === "" && !isLoopback(host)) {
      return failed(
        `${address}: plain is for loopback alone, since anyone who reaches another address could use it: give ca=, cert= and key=, or plain=network if only your containers are on that network`,
      );
    }
    return ok({ kind: "tcp", address, client, host, port, tls: undefined });
  }
  if (!ca || !cert || !key) {
    return failed(
      `${address}: TCP needs certificates of both sides: ca=PATH (of the clients), cert=PATH and key=PATH; on loopback plain does without`,
    );
  }
  return ok({ kind: "tcp", address, client, host, port, tls: { ca, cert, key } });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
