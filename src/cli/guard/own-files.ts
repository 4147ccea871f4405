import { existsSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import { nearestConfig } from "../../config/find.ts";
import type { OwnFile } from "../../guard/engine/own-files.ts";
import { inForcePath } from "../../guard/log/in-force.ts";
import { type Learner, learner } from "../../guard/policy/learn.ts";
import type { Client, Policies } from "../../guard/policy/policies.ts";
import { readListenAddress } from "../../guard/proxy/client/listen-address.ts";
import type { GuardServiceOptions } from "./options.ts";

/** The files and sockets that this guard stands on: no container may have them. */
export function ownFilesOf(
  options: GuardServiceOptions,
  listen: readonly string[],
  { clients, default: own }: Policies,
  io: DiskFiles,
): readonly OwnFile[] {
  const { config, log, learn, metrics, policyKey, policySignature } = options;
  // One that is not there yet would be read at the next signal.
  const policy =
    config === false ? undefined : (config ?? nearestConfig(process.cwd(), io) ?? resolve("bulkhead.yaml"));
  const script = process.argv[1];
  const program = script !== undefined && existsSync(script) ? dirname(realpathSync(script)) : undefined;
  const files: readonly (readonly [string | undefined, OwnFile["what"]])[] = [
    [policy, "policy"],
    [policyKey, "policy"],
    [policySignature ?? (policyKey && policy && `${policy}.sig`), "policy"],
    [log === "-" ? undefined : log, "audit log"],
    [log === "-" ? undefined : inForcePath(log), "audit log"],
    ...(own.bundles?.files ?? []).map((path) => [path, "policy"] as const),
    [learn, "learned policy"],
    [metrics === undefined ? undefined : /^unix:\/\/([^,]+)/.exec(metrics)?.[1], "listener"],
    [program, "program"],
    [process.execPath, "program"],
  ];
  return [
    ...[...listen, ...clients.flatMap((client) => client.listen)].flatMap(filesOfListener),
    ...files.flatMap(([path, what]) => (path === undefined ? [] : [{ path: resolve(path), what }])),
  ];
}

function filesOfListener(text: string): readonly OwnFile[] {
  const read = readListenAddress(text);
  if (!read.ok) return [];
  const at = read.value;
  if (at.kind === "unix") return [{ path: at.path, what: "listener" }];
  if (!at.tls) return [];
  return [
    { path: resolve(at.tls.ca), what: "certificate" },
    { path: resolve(at.tls.cert), what: "certificate" },
    { path: resolve(at.tls.key), what: "private key" },
  ];
}

/** Milliseconds between two looks at what was learnt. */
const every = 30_000;

export interface Learning {
  readonly learner: Learner;
  /** Writes what is new, if anything is. */
  write(): void;
  /** Writes it for the last time. */
  end(): void;
}

/** Gathers what mode `learn` lets through, and writes it to the file now and then. */
export function startLearning(
  path: string,
  clients: () => readonly Client[],
  tell: (message: string) => void,
): Learning {
  const gathered = learner(new Date());
  const write = () => {
    if (!gathered.hasNews) return;
    const written = gathered.write(path, clients(), new Date());
    tell(written.ok ? `what was learnt is in ${path}` : written.reason);
  };
  const timer = setInterval(write, every);
  timer.unref();
  return {
    learner: gathered,
    write,
    end() {
      clearInterval(timer);
      write();
    },
  };
}
