import type { Engine } from "../../model/engine.ts";
import { notApplicable, type Verdict } from "../../model/verdict.ts";

/** Limits a check to dockerd: Podman and others speak its API and have no such setting. */
export function dockerOnly(check: (engine: Engine) => Verdict): (engine: Engine) => Verdict {
  return (engine) => {
    const { product } = engine;
    if (product.state !== "set" || product.value.toLowerCase() === "docker") return check(engine);
    return notApplicable(`${product.value} is not dockerd and has no such setting`);
  };
}

/** Whether the Engine is known to be Podman, which has defaults of its own. */
export function isPodman(engine: Engine | undefined): boolean {
  return engine?.product.state === "set" && engine.product.value.toLowerCase() === "podman";
}

/** What a sentence adds where only a configuration file or a command line was seen. */
export function declaredNote({ level }: Engine, note: string): string {
  return level === "declared" ? ` (${note})` : "";
}
