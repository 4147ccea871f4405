import { describe, expect, test } from "vitest";
import { controls } from "../../src/controls/registry.ts";
import type { Shape as ComposeShape } from "../../src/formats/compose/check/shape.ts";
import { serviceShape } from "../../src/formats/compose/check/spec-schema.ts";
import { readCreateRequest } from "../../src/formats/create-request/read.ts";
import { serviceCreateFlags } from "../../src/formats/run-command/dialect.ts";
import { flags } from "../../src/formats/run-command/read/flags.ts";
import { irrelevantFlags, irrelevantKeys } from "../../src/formats/values/irrelevant.ts";
import { containerCreate, containerUpdate } from "../../src/guard/shapes/container.ts";
import type { Shape as BodyShape } from "../../src/guard/shapes/shape.ts";
import { amountOf, keyedIn, keyOf, rowOf, saysZero, scalarFacts } from "../../src/model/facts/table.ts";

/** What others say of the keys in the table of facts: the Compose Specification, moby's types, the flags of docker/cli. */
describe("each key of the table exists where the row says so", () => {
  test.each(keyedIn("compose"))("$field in Compose", ({ key, row: { deploy } }) => {
    expect(hasKey(serviceShape, key.split("."))).toBe(true);
    if (deploy) expect(hasKey(serviceShape, ["deploy", "resources", ...deploy.split(".")])).toBe(true);
  });

  test.each(keyedIn("api"))("$field in the Engine's API", ({ key }) => {
    expect(hasMember(containerCreate, key.split("."))).toBe(true);
  });

  test.each(scalarFacts.filter((field) => rowOf(field).update !== false))("%s in an update", (field) => {
    const member = keyOf(field, "api")?.replace("HostConfig.", "") ?? "";
    expect(hasMember(containerUpdate, [member])).toBe(true);
    expect(controls.map(({ id }) => id)).toContain(rowOf(field).update);
  });

  test("no name is given to two facts of one source", () => {
    for (const source of ["compose", "run", "swarm", "api", "ansible", "terraform"] as const) {
      const keys = keyedIn(source).map(({ key }) => key);
      expect([source, keys]).toEqual([source, [...new Set(keys)]]);
    }
    const names = (table: typeof flags) => table.map(({ name }) => name);
    expect(names(flags)).toEqual([...new Set(names(flags))]);
    expect(names(serviceCreateFlags)).toEqual([...new Set(names(serviceCreateFlags))]);
  });
});

test("a key with a fact is not listed as irrelevant", () => {
  const both = (["ansible", "terraform", "quadlet"] as const).flatMap((source) =>
    keyedIn(source).filter(({ key }) => irrelevantKeys[source].has(key)),
  );
  const own = new Set(keyedIn("run").map(({ key }) => key));
  expect([...both, ...irrelevantFlags.filter(({ name }) => own.has(name))]).toEqual([]);
});

describe("what 0 and a negative number mean is written in the row", () => {
  const amounts = keyedIn("api").filter(({ row }) => "zero" in row);

  test.each(amounts)("$field", ({ field, key, row }) => {
    if (!("zero" in row)) return;
    expect(amountOf(field, 0)).toBe(row.zero === "amount" ? 0 : undefined);
    expect(amountOf(field, -1)).toBe(row.negative === "amount" ? -1 : undefined);
    expect(amountOf(field, 7)).toBe(7);
    const [, member = ""] = key.split(".");
    const view = readCreateRequest({ HostConfig: { [member]: 0 } });
    expect(view[field].state).toBe(row.zero === "unset" ? "unset" : "set");
    const below = readCreateRequest({ HostConfig: { [member]: -1 } });
    expect(below[field].state).toBe(row.negative === "unset" ? "unset" : "set");
    expect(saysZero(member)).toBe(row.zero !== "unset");
  });
});

function hasKey(shape: ComposeShape, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  return shape.some((each) => {
    const inner = each.kind === "map" ? each.keys?.[key] : undefined;
    return inner !== undefined && hasKey(inner, rest);
  });
}

function hasMember(shape: BodyShape | undefined, [key, ...rest]: readonly string[]): boolean {
  if (!shape) return false;
  if (key === undefined) return true;
  return shape.kind === "struct" && hasMember(shape.fields[key], rest);
}
