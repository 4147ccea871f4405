import type { Container } from "../../model/container.ts";

/** Whether a file, the Engine or what the kernel shows says `--privileged` outright. */
export function asksPrivileged({ privileged }: Container): boolean {
  return privileged.state === "set" && privileged.value;
}
