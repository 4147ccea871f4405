import { tweakCapabilities } from "../../model/container/capability.ts";
import type { Process } from "../../model/container/process.ts";
import type { Container } from "../../model/container.ts";
import { type Fact, firstOpen, isOpen, set, setItems, unresolved } from "../../model/fact.ts";
import { ownProcesses } from "../processes.ts";

/** The container's first process, or the first that could be seen of those that descend from it. */
export function firstProcess(container: Container): Process | undefined {
  const processes = ownProcesses(container);
  return processes.find(({ role }) => role === "init") ?? processes[0];
}

/**
 * What the container's processes can at most hold: from its first process in the kernel, else what Docker computes
 * from `privileged`, `capAdd` and `capDrop`.
 */
export function boundingSet(container: Container): Fact<ReadonlySet<string>> {
  if (container.level === "effective") {
    return firstProcess(container)?.capBounding ?? unresolved("none of its processes could be seen");
  }
  const { privileged, capAdd, capDrop } = container;
  if (isOpen(privileged)) return privileged;
  const open = firstOpen([...capAdd, ...capDrop]);
  if (open) return open;
  const names = (list: typeof capAdd) => setItems(list).map(({ value }) => value);
  const isPrivileged = privileged.state === "set" && privileged.value;
  return set(tweakCapabilities(isPrivileged, names(capAdd), names(capDrop)));
}
