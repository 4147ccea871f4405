import type { ContainerPatch } from "../../model/patch.ts";
import type { Files } from "../../model/reading.ts";
import type { Writing } from "../../model/writing.ts";
import type { ComposeReading } from "./read.ts";
import { type ServiceChange, writeServices } from "./write/services.ts";

export interface ComposeWriteRequest {
  readonly files: readonly string[];
  readonly io: Files;
  readonly profiles?: readonly string[];
  readonly envFiles?: readonly string[];
  readonly projectDirectory?: string;
  /** What readCompose made of these files, where the caller has that: it is not read again then. */
  readonly reading?: ComposeReading;
}

/**
 * The edits that make patches in one service of a Compose project, in the last of its files that holds the service. They
 * stay inside the service's own block: what it takes from an anchor, a merge key or an `extends` is overridden there. What
 * has been written is read again: a patch that would make docker compose refuse the project, change another service, or not
 * come out as meant is refused with the reason.
 */
export function writeCompose(
  request: ComposeWriteRequest & { readonly service: string; readonly patches: readonly ContainerPatch[] },
): Writing {
  const { service, patches, reading, ...project } = request;
  return writeServices(project, [{ service, patches }], reading);
}

/**
 * The same for several services at once. Where one takes over what another says (`extends`, an anchor) and both are to change
 * alike, it is written once.
 */
export function writeComposeServices(
  request: ComposeWriteRequest & { readonly changes: readonly ServiceChange[] },
): Writing {
  const { changes, reading, ...project } = request;
  return writeServices(project, changes, reading);
}
