import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { textAt } from "../../base/json.ts";

/** Where an Engine is and how to get there, before anything is dialled. */
export type Endpoint =
  | { readonly kind: "unix"; readonly address: string; readonly path: string }
  | {
      readonly kind: "tcp";
      readonly address: string;
      readonly hostname: string;
      readonly port: number;
      /** In front of every path of the API, "" or `/engine`. */
      readonly basePath: string;
      readonly tls: TlsMaterial | undefined;
    }
  | {
      readonly kind: "ssh";
      readonly address: string;
      readonly destination: string;
      readonly user: string | undefined;
      readonly port: string | undefined;
      /** The Engine's socket over there; undefined for the docker CLI's own choice there. */
      readonly socketPath: string | undefined;
    };

/** PEM texts; `verify` false takes any server's certificate (`DOCKER_TLS` without `DOCKER_TLS_VERIFY`). */
export interface TlsMaterial extends Pick<ConnectionOptions, "ca" | "cert" | "key"> {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly verify: boolean;
}

export interface ConnectOptions {
  /** As `docker --host` takes it. */
  readonly host?: string | undefined;
  /** As `docker --context` takes it. */
  readonly context?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The home folder, for ~/.docker. */
  readonly home: string;
  /** Sent with every question, beside what it needs itself. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The docker CLI's folder: DOCKER_CONFIG, else ~/.docker. */
export function configFolder({ environment, home }: ConnectOptions): string {
  return environment.DOCKER_CONFIG || join(home, ".docker");
}

/**
 * `currentContext` of the docker CLI's config.json. The CLI goes on without a file that is missing or broken, so
 * this does, too.
 */
export function currentContext(options: ConnectOptions): string | undefined {
  return textAt(readJson(join(configFolder(options), "config.json")), "currentContext") || undefined;
}

/** Undefined where there is no such file, or no JSON in it. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
