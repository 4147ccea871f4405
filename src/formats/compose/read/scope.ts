import type { Files } from "../../../model/reading.ts";
import type { Issue } from "../check/issue.ts";
import type { Folder } from "../load/file-path.ts";
import type { Lookup } from "../load/template.ts";
import type { Node } from "../yaml/node.ts";

/** What reading one service may know beside the service. */
export interface Scope {
  /** The merged project: `volumes`, `secrets`, `configs`, `services`. */
  readonly project: Node;
  readonly io: Files;
  readonly lookup: Lookup;
  /** The folder of the project, or of the included one, that the service belongs to. */
  readonly base: Folder;
  /** A stack for a Swarm, whose secrets and configs are not mounts of the host. */
  readonly swarm: boolean;
  /** The services of the project by their `container_name`. */
  readonly containerNames: ReadonlyMap<string, string>;
  /** Notes what docker compose would refuse, or what could not be read. */
  readonly report: (issue: Issue) => void;
}
