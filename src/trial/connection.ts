import { spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { Duplex, type Readable } from "node:stream";
import { statFields } from "../base/stat-fields.ts";
import type { ContainerState } from "./state.ts";

export interface Connection {
  readonly stream: Duplex;
  /** The port at this end. */
  readonly localPort: number;
}

/**
 * A TCP connection to a container's address, from where that address is: the Engine's network namespace. A rootless Engine has one of
 * its own (rootlesskit's), and so may any other. Rejects where nothing answers.
 */
export async function connectTo(
  { pid, address = "" }: ContainerState,
  port: number,
  signal: AbortSignal,
): Promise<Connection> {
  const engine = engineSide(pid);
  return engine === undefined
    ? await direct(address, port, signal)
    : await through(engine, address, port, signal);
}

interface Namespaces {
  readonly network: string;
  /** Undefined where it is ours. */
  readonly user: string | undefined;
}

/** The namespaces of the container's parent, the shim that the Engine started; undefined where its network is ours. */
function engineSide(pid: number): Namespaces | undefined {
  try {
    const parent = statFields(readFileSync(`/proc/${pid}/stat`, "utf8"))[4] ?? "";
    const isOurs = (name: string) =>
      readlinkSync(`/proc/${parent}/ns/${name}`) === readlinkSync(`/proc/self/ns/${name}`);
    if (isOurs("net")) return undefined;
    const folder = `/proc/${parent}/ns`;
    return { network: `${folder}/net`, user: isOurs("user") ? undefined : `${folder}/user` };
  } catch {
    return undefined;
  }
}

function direct(host: string, port: number, signal: AbortSignal): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve({ stream: socket, localPort: socket.localPort ?? 0 });
    });
  });
}

/** Hands on bytes between its standard streams and a connection, whose port it writes to descriptor 3. */
const relay = `const [host, port] = process.argv.slice(1);
const socket = require("node:net").connect({ host, port: Number(port), allowHalfOpen: true }, () => {
  require("node:fs").writeSync(3, socket.localPort + "\\n");
  process.stdin.pipe(socket).pipe(process.stdout);
});
socket.on("error", () => process.exit(1));
process.stdout.on("error", () => process.exit(1));`;

/** nsenter(1): who enters a user namespace that he owns has every right in it, and so may enter its network. */
function through(
  { network, user }: Namespaces,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const entered = [
      ...(user === undefined ? [] : [`--user=${user}`, "--preserve-credentials"]),
      `--net=${network}`,
    ];
    const child = spawn("nsenter", [...entered, process.execPath, "-e", relay, host, String(port)], {
      stdio: ["pipe", "pipe", "ignore", "pipe"],
      signal,
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the connection ended")));
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    stream.once("close", () => child.kill());
    (child.stdio[3] as Readable).once("data", (line: Buffer) =>
      resolve({ stream, localPort: Number(line.toString()) }),
    );
  });
}
