import type { Container } from "../../model/container.ts";
import type { Gap } from "../../model/gap.ts";
import type { ContainerSubject, EngineSubject, ExecSubject, ImageSubject } from "../../model/subject.ts";
import type { HostSight } from "../host/host.ts";

/** What is wanted of an Engine. The engine itself is always read: it is the context of all the rest. */
export interface Selection {
  /** Every container (stopped ones, too), or those of these names or ids. */
  readonly containers: "all" | readonly string[];
  /** Images by reference, beside those of the containers that are read. */
  readonly images: readonly string[];
}

/** What an Engine and, where it runs on this machine, its host said. */
export interface LiveReading {
  /** Undefined where the Engine did not describe itself; a gap says why then. */
  readonly engine: EngineSubject | undefined;
  /** What was selected, in the Engine's order; what vanished while it was read is left out. */
  readonly containers: readonly LiveContainer[];
  /** The images of these containers, each once, and those that were asked for. */
  readonly images: readonly ImageSubject[];
  /** The processes that `docker exec` started in these containers and that still run. */
  readonly execs: readonly LiveExec[];
  /** Every container that was read, by name and by full id: also those that a selected one refers to. */
  readonly peers: ReadonlyMap<string, Container>;
  readonly gaps: readonly Gap[];
  /** Why the Engine stopped answering before all was read; left out where it did not. */
  readonly lost?: string;
  /** The daemon's process and configuration, where this machine shows them. */
  readonly host: HostSight | undefined;
}

/** A container as configured: its subject has that one view. */
export interface LiveContainer {
  readonly subject: ContainerSubject;
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
  /** Its first process, as the Engine's pid namespace numbers it; undefined where it does not run. */
  readonly pid: number | undefined;
}

export interface LiveExec {
  readonly subject: ExecSubject;
  readonly id: string;
  readonly containerId: string;
  /** As the Engine's pid namespace numbers it. */
  readonly pid: number;
  /** The program's name without its folder and its arguments; undefined where it is not told. */
  readonly process: string | undefined;
}
