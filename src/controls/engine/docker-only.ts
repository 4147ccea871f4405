import type { NameValue } from "../../model/container-values.ts";
import type { Engine } from "../../model/engine.ts";
import { firstOpen, type SetFact, setItems } from "../../model/fact.ts";
import { combine, notApplicable, pass, unknownFact, type Verdict } from "../../model/verdict.ts";

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

/** The program that changes what runs on the Engine. */
export function clientOf(engine: Engine | undefined): "docker" | "podman" {
  return isPodman(engine) ? "podman" : "docker";
}

/** What a sentence adds where only a configuration file or a command line was seen. */
export function declaredNote({ level }: Engine, note: string): string {
  return level === "declared" ? ` (${note})` : "";
}

/** What is given for an option that has no fact of its own. */
export function optionsOf({ furtherOptions }: Engine, name: string): readonly SetFact<NameValue>[] {
  return setItems(furtherOptions).filter(({ value }) => value.name === name);
}

/** Judges options that have no fact of their own by name: those that are not given are fine. */
export function judgeOptions(
  engine: Engine,
  judges: Readonly<Record<string, (value: string, origins: SetFact<NameValue>["origins"]) => Verdict>>,
): Verdict {
  const open = firstOpen(engine.furtherOptions);
  return combine([
    ...Object.entries(judges).flatMap(([name, judge]) =>
      optionsOf(engine, name).map(({ value, origins }) => judge(value.value, origins)),
    ),
    open ? unknownFact(open) : pass("no such option"),
  ]);
}
