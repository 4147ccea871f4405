import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { valueOr } from "../../model/fact.ts";
import { isRootlessOwner, ownerOfContainer, type RootOwner } from "../../model/root-owner.ts";

/** Whose root a container's uid 0 is on the host, as far as its kernel and its Engine show it. */
function rootOf({ root, usernsMode }: Container, engine: Engine): RootOwner | undefined {
  const isRemapped = valueOr(engine.usernsRemap, "") !== "";
  const byOption = isRemapped ? ({ kind: "userns-remap" } as const) : undefined;
  const owner = valueOr(engine.rootOwner, undefined) ?? byOption;
  return ownerOfContainer(root, owner, usernsMode.state === "set" && usernsMode.value.mode === "host");
}

/** Whether a container's uid 0 is another one on the host. */
export function isOtherRoot(container: Container, engine: Engine | undefined): boolean {
  const owner = engine && rootOf(container, engine);
  return owner?.kind === "userns-remap" || isRootlessOwner(owner);
}
