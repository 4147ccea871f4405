import { isIPv6 } from "node:net";
import { ok, type Result } from "../../base/result.ts";
import type { TcpAddress } from "../../engine/host/reach.ts";
import { errnoOf } from "../helper/errno.ts";
import type { Memory, Plan } from "../helper/program.ts";
import type { Before, ProbeRuns, ProbeTarget } from "../probe.ts";
import { type Attempt, judgeAttempts } from "./attempts.ts";
import { textFile } from "./looks.ts";

/** How long a connection may take, and an answer after it, in nanoseconds. */
const connecting = 400_000_000;
const answering = 200_000_000;

/** The error of a connection that was neither made nor refused in time. */
const noAnswer = "no answer";

/** MSG_NOSIGNAL: what is sent to nobody must not end the helper (send(2)). */
export const noSignal = 0x4000;

/** An address that was tried, with the beginning of what was said there. */
export interface Called extends Attempt {
  readonly answer: string;
}

/**
 * Connects to TCP addresses, all at once, and says `question` where one takes the connection. Nothing is sent without a
 * question.
 *
 * @see https://man7.org/linux/man-pages/man2/connect.2.html
 */
export function call(addresses: readonly TcpAddress[], question = ""): Plan<readonly Called[]> {
  return (builder) => {
    const words = Buffer.from(question);
    const begun = addresses.map((address) => {
      const bytes = socketAddress(address);
      // SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, in AF_INET or AF_INET6
      const socket = builder.call("socket", isIPv6(address.ip) ? 10 : 2, 1 | 0o4000 | 0o2000000, 0);
      const memory = builder.bytes(bytes);
      return { socket, memory, first: builder.call("connect", socket, memory, bytes.length) };
    });
    builder.call("nanosleep", builder.words(0, connecting), 0);
    const tried = begun.map(({ socket, memory, first }) => {
      // Asked again, the kernel tells what came of it.
      const second = builder.call("connect", socket, memory, memory.size);
      if (words.length > 0)
        builder.call("sendto", socket, builder.bytes(words), words.length, noSignal, 0, 0);
      return { socket, first, second };
    });
    if (words.length > 0) builder.call("nanosleep", builder.words(0, answering), 0);
    const ended = tried.map((each) => {
      const answer: Memory = builder.space(256);
      const count = words.length > 0 ? builder.call("read", each.socket, answer, 256) : undefined;
      builder.call("close", each.socket);
      return { ...each, answer, count };
    });
    return (ran) =>
      ended.map(({ first, second, answer, count }, index) => {
        const { ip = "", port = 0 } = addresses[index] ?? {};
        const length = Math.max((count && ran.result(count)) ?? 0, 0);
        return {
          what: `${isIPv6(ip) ? `[${ip}]` : ip}:${port}`,
          error: outcome(errnoOf(ran.result(first) ?? -1), errnoOf(ran.result(second) ?? -1)),
          answer: ran.data(answer).toString("latin1", 0, length),
        };
      });
  };
}

function outcome(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === "EISCONN") return undefined;
  if (first !== "EINPROGRESS") return first;
  return second === "EALREADY" ? noAnswer : second;
}

/** struct sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)): the family, the port in network order, the address. */
function socketAddress({ ip, port }: TcpAddress): Buffer {
  const is6 = isIPv6(ip);
  const bytes = Buffer.alloc(is6 ? 28 : 16);
  bytes.writeUInt16LE(is6 ? 10 : 2, 0);
  bytes.writeUInt16BE(port, 2);
  if (!is6) bytes.set(ip.split(".").map(Number), 4);
  else bytes.set(bytesOf6(ip), 8);
  return bytes;
}

function bytesOf6(ip: string): readonly number[] {
  const [head = "", tail] = ip.split("::");
  const groups = (text: string) => text.split(":").filter(Boolean);
  const before = groups(head);
  const after = groups(tail ?? "");
  const middle = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...middle, ...after].flatMap((group) => {
    const word = Number.parseInt(group, 16);
    return [word >> 8, word & 0xff];
  });
}

/** Connections that one program makes: each is an open file. */
const atOnce = 200;

/** Calls the addresses that are reached from a container: `addressesOf` gets the gateways of its routes. */
export async function callAround(
  target: ProbeTarget,
  addressesOf: (gateways: readonly string[]) => readonly TcpAddress[],
  question = "",
): Promise<Result<readonly Called[]>> {
  const routes = await textFile(target, "/proc/net/route");
  if (!routes.ok) return routes;
  const gateways = routes.value.ok ? gatewaysIn(routes.value.value) : [];
  const addresses = addressesOf(gateways);
  const all: Called[] = [];
  for (let at = 0; at < addresses.length; at += atOnce) {
    const called = await target.run(call(addresses.slice(at, at + atOnce), question));
    if (!called.ok) return called;
    all.push(...called.value);
  }
  return ok(all);
}

/** Errors of an address that lets nobody in, or that there is no way to. */
export const closed: readonly string[] = [
  ...["ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "EADDRNOTAVAIL", noAnswer],
];

/**
 * What it means that no address was reached: a container on the host's network must reach one. `listens`: something is known to
 * listen there, so that no answer shows only that the time was too short, or that a filter drops what is sent.
 */
export function judgeUnreached(
  { subject, control }: Pick<ProbeRuns<readonly Attempt[]>, "subject" | "control">,
  {
    what,
    nowhere,
    as = closed,
    listens = false,
  }: {
    readonly what: string;
    readonly nowhere: string;
    readonly as?: readonly string[];
    readonly listens?: boolean;
  },
): Before {
  if (control.ok && control.value.every(({ error }) => error !== undefined)) {
    const silent = control.value.find(({ error }) => error === noAnswer);
    if (!listens || !silent) return { outcome: "notApplicable", evidence: nowhere };
    return {
      outcome: "inconclusive",
      evidence: `${silent.what} did not answer a container with --network=host in time`,
    };
  }
  const errors = subject.flatMap(({ error }) => error ?? []);
  const error = errors.find((each) => !as.includes(each)) ?? errors[0];
  return judgeAttempts(
    {
      subject: [{ what: `${subject.length} ${what}`, error }],
      control: control.ok ? ok(control.value.filter((each) => each.error === undefined)) : control,
    },
    as,
    { looser: "a container with --network=host" },
  );
}

/** The gateways of a container's routes, out of /proc/net/route (proc(5)): hexadecimal, in the machine's byte order. */
function gatewaysIn(table: string): readonly string[] {
  const found = table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const gateway = line.split(/\s+/)[2] ?? "";
      if (!/^[0-9A-F]{8}$/.test(gateway) || gateway === "00000000") return [];
      return (gateway.match(/../g) ?? [])
        .toReversed()
        .map((byte) => Number.parseInt(byte, 16))
        .join(".");
    });
  return [...new Set(found)];
}

/** Asks an Engine for a sign of life, which it gives with its version. */
export const ping = "GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";

/** The API version in an Engine's answer; undefined if no Engine answered. */
export function versionIn(answer: string): string | undefined {
  return /^Api-Version: *([\d.]+)/im.exec(answer)?.[1];
}
