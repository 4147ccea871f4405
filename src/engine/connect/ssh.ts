import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { firstLine } from "../../base/error-words.ts";
import type { ConnectOptions, Endpoint } from "./endpoint.ts";

type SshEndpoint = Extract<Endpoint, { readonly kind: "ssh" }>;

export interface SshDialler {
  /** A new connection: one `ssh … docker system dial-stdio` (docker/cli: cli/connhelper). */
  dial(): Socket;
  /** What the last ssh that failed said; waits a moment for one that is just ending. */
  complaint(): Promise<string | undefined>;
}

export function sshDialler(endpoint: SshEndpoint, environment: ConnectOptions["environment"]): SshDialler {
  let last: Promise<string | undefined> = Promise.resolve(undefined);
  return {
    dial() {
      const child = spawn("ssh", sshArguments(endpoint), { stdio: "pipe", env: { ...environment } });
      last = complaintOf(child);
      const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
      stream.once("close", () => child.kill());
      // Of what a socket has over a stream, the HTTP client uses no more than these two.
      return Object.assign(stream, { ref: () => stream, unref: () => stream }) as Duplex as Socket;
    },
    complaint: () =>
      Promise.race([last, new Promise<undefined>((resolve) => setTimeout(resolve, 1_000, undefined))]),
  };
}

/** `--` keeps a host that starts with a dash from being an option of ssh. */
function sshArguments({ user, port, destination, socketPath }: SshEndpoint): readonly string[] {
  return [
    ...["-o", "ConnectTimeout=10", "-T"],
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", port]),
    ...["--", destination, "docker"],
    ...(socketPath === undefined ? [] : [`--host=unix://${socketPath}`]),
    ...["system", "dial-stdio"],
  ];
}

function complaintOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4_000);
    });
    child.once("error", () => resolve("ssh cannot be started: is it installed?"));
    child.once("close", (status) => {
      const line = firstLine(said.trim().split("\n").at(-1) ?? "");
      if (line === "") resolve(status === 0 ? undefined : `ssh ended with status ${status}`);
      else resolve(line.startsWith("ssh") ? line : `ssh: ${line}`);
    });
  });
}
