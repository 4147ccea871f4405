import { rmSync, utimesSync } from "node:fs";
import { putInPlace } from "../../fix/apply.ts";
import type { Client, Policies } from "../policy/policies.ts";
import { policiesYaml } from "../policy/print.ts";

/**
 * Says beside the audit log what this guard enforces, for who reads the log: a policy file alone does not say whether it was
 * read, nor what options were laid over it. Holds no secret.
 */
export interface InForce {
  /** What holds from now on. */
  tell(policies: Pick<Policies, "default" | "clients">, listens: readonly string[]): void;
  /** The guard ends: nothing holds any more. */
  close(): void;
}

export interface InForceOptions {
  /** The audit log's path; `-` has no file beside it. */
  readonly log: string;
  readonly kind: "proxy" | "authz";
  readonly version: string;
  /** A line for the operator. */
  readonly tell: (message: string) => void;
}

/** Milliseconds between two signs that the guard still runs: a guard that was killed cannot take its file away. */
const beat = 60_000;

export function inForcePath(log: string): string {
  return `${log}.policy.json`;
}

export function openInForce({ log, kind, version, tell }: InForceOptions): InForce {
  if (log === "-") return { tell() {}, close() {} };
  const path = inForcePath(log);
  const timer = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(path, now, now);
    } catch {
      // It could not be written, which was said, or somebody took it away.
    }
  }, beat).unref();
  return {
    tell(policies, listens) {
      const written = putInPlace(path, `${JSON.stringify(document(policies, listens))}\n`, {
        mode: 0o640,
        anyOwner: true,
      });
      if (!written.ok) tell(`what this guard enforces cannot be written to ${path}: ${written.reason}`);
    },
    close() {
      clearInterval(timer);
      rmSync(path, { force: true });
    },
  };

  function document({ default: own, clients }: Pick<Policies, "default" | "clients">, at: readonly string[]) {
    const of = (text: string) => /,client=([^,]*)/.exec(text)?.[1] ?? "default";
    const others: Client = { name: "default", policy: own, listen: [], certificates: [], callers: {} };
    return {
      kind,
      version,
      since: new Date().toISOString(),
      clients: [others, ...clients].map(({ name, policy, listen, certificates, callers }) => ({
        name,
        policy: policy.name,
        mode: policy.mode,
        listen: [...listen, ...at.filter((text) => of(text) === name)].map((text) => text.split(",", 1)[0]),
        certificates,
        from: [...(callers?.from ?? []), ...(callers?.fromLabels ?? [])],
        yaml: policiesYaml({ default: policy, clients: [] }),
      })),
    };
  }
}
