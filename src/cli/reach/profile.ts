import { architectures, dockersProfile, isArchitecture } from "../../formats/values/docker-profile.ts";
import { complain } from "../common/complain.ts";
import { deliver } from "../common/outputs.ts";
import type { ProfileOptions } from "./options.ts";

/** `bulkhead profile`. Answers the exit status. */
export function writeProfile({ arch, output }: ProfileOptions): number {
  const chosen = arch === undefined ? Object.keys(architectures) : [arch];
  const written = deliver(output, dockersProfile(chosen.filter(isArchitecture)));
  return written.ok ? 0 : complain(written.reason);
}
