import type { Process } from "./container/process.ts";
import type { Container } from "./container.ts";
import type { WrittenCredential } from "./credentials/find.ts";
import type { Fact, FactList } from "./fact.ts";
import { unset } from "./fact.ts";
import type { Level } from "./level.ts";

/** What runs on the host: a provider's program, or the server of a model with these flags. */
export interface HostProgram {
  readonly kind: "provider" | "model";
  /** The provider's type, or the model's name in the file. */
  readonly name: string;
  /** Flags of the model's server. */
  readonly flags: readonly string[];
}

/** A process started in a running container by `docker exec`, as the Engine's /exec/ID/json shows it. */
export interface Exec {
  readonly kind: "exec";
  readonly level: Level;
  readonly privileged: Fact<boolean>;
  /** As written; "" is the container's own user. */
  readonly user: Fact<string>;
  /** The container it runs in, at its configured level. */
  readonly container: Container;
  /** The program of the host that docker compose runs in a container's place, with its options. Only a Compose file says it. */
  readonly hostProgram: Fact<HostProgram>;
  /** What the script that starts it has written out besides. Empty on every level but `declared`. */
  readonly credentials: FactList<WrittenCredential>;
  /** What the kernel shows of it. Empty on every level but `effective`. */
  readonly processes: readonly Process[];
}

export function exec(level: Level, container: Container, facts: Partial<Exec> = {}): Exec {
  return {
    kind: "exec",
    privileged: unset,
    user: unset,
    hostProgram: unset,
    credentials: [],
    processes: [],
    ...facts,
    level,
    container,
  };
}
