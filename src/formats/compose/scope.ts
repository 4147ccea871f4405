import type { Files } from "../../model/reading.ts";
import type { Issue } from "./issue.ts";
import type { Node } from "./node.ts";
import type { Lookup } from "./template.ts";

/** What reading one service may know beside the service. */
export interface Scope {
  /** The merged project: `volumes`, `secrets`, `configs`, `services`. */
  readonly project: Node;
  readonly io: Files;
  readonly lookup: Lookup;
  /** A stack for a Swarm, whose secrets and configs are not mounts of the host. */
  readonly swarm: boolean;
  /** Notes what docker compose would refuse, or what could not be read. */
  readonly report: (issue: Issue) => void;
}
