import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";

/** Where the container has a tmpfs that somebody asked for; /dev and /dev/shm are the runtime's own. */
export function tmpfsTargets({ mounts }: Container): readonly string[] {
  return setItems(mounts).flatMap(({ value }) => (value.type === "tmpfs" ? [value.target] : []));
}
