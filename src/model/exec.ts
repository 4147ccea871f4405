import type { Process } from "./container/process.ts";
import type { Container } from "./container.ts";
import type { WrittenCredential } from "./credentials/find.ts";
import type { Fact, FactList } from "./fact.ts";
import { unset } from "./fact.ts";
import type { Level } from "./level.ts";

/** A process started in a running container by `docker exec`, as the Engine's /exec/ID/json shows it. */
export interface Exec {
  readonly kind: "exec";
  readonly level: Level;
  readonly privileged: Fact<boolean>;
  /** As written; "" is the container's own user. */
  readonly user: Fact<string>;
  /** The container it runs in, at its configured level. */
  readonly container: Container;
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
    credentials: [],
    processes: [],
    ...facts,
    level,
    container,
  };
}
