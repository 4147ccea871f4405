import { describe, expect, test } from "vitest";
import { bareContext } from "../controls/control.ts";
import { allControls } from "../controls/registry.ts";
import { type Engine, engine } from "../model/engine.ts";
import { unseen } from "../model/fact.ts";
import { type Image, image } from "../model/image.ts";
import type { Level } from "../model/level.ts";
import { appliesAt } from "./views.ts";

const levels: readonly Level[] = ["declared", "configured", "effective"];

/** The same with every fact unseen: a list is one unseen item. */
function blind<T extends Engine | Image>(view: T): T {
  const facts = Object.entries(view).map(([name, fact]) => {
    if (name === "kind" || name === "level") return [name, fact];
    return [name, Array.isArray(fact) ? [unseen("nobody looked")] : unseen("nobody looked")];
  });
  return { ...view, ...Object.fromEntries(facts) };
}

describe("what nobody read of an engine or an image is neither a pass nor a fail", () => {
  test.each(levels)("engine, %s", (level) => {
    const view = blind(engine(level));
    const judged = allControls
      .filter((control) => appliesAt(control, "engine", level))
      .map((control) => `${control.id}: ${control.check.engine?.(view, bareContext("engine-api")).verdict}`);
    expect(judged.length).toBeGreaterThan(0);
    expect(judged.filter((each) => /: (?:pass|fail)$/.test(each))).toEqual([]);
  });

  test.each(["declared", "configured"] as const)("image, %s", (level) => {
    const view = blind(image(level));
    const judged = allControls
      .filter((control) => appliesAt(control, "image", level))
      .map((control) => `${control.id}: ${control.check.image?.(view, bareContext("engine-api")).verdict}`);
    expect(judged.length).toBeGreaterThan(0);
    expect(judged.filter((each) => /: (?:pass|fail)$/.test(each))).toEqual([]);
  });
});
