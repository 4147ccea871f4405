import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  checkpointCreate,
  containerConfig,
  containerCreate,
  containerUpdate,
  execCreate,
  execStart,
} from "./container.ts";
import { authConfig, buildOutputs, platform } from "./image.ts";
import { networkConnect, networkCreate, networkDisconnect } from "./network.ts";
import { pluginPrivileges } from "./plugin.ts";
import { service } from "./service.ts";
import type { Shape } from "./shape.ts";
import { config, node, secret, swarmInit, swarmJoin, swarmSpec, swarmUnlock } from "./swarm.ts";
import { volumeCreate, volumeUpdate } from "./volume.ts";

/** Path, Go's kind, and the first and last of `engines` that have it so; how it was made stands in it. */
const moby: { engines: string[]; types: [path: string, kind: string, span: string][] } = JSON.parse(
  readFileSync(new URL("./fixtures/moby-types.json", import.meta.url), "utf8"),
);

/** By the name that the fixture has for them. */
const shapes: Readonly<Record<string, Shape>> = {
  auth: authConfig,
  checkpoint: checkpointCreate,
  config: containerConfig,
  config_: config,
  createBody: containerCreate,
  execCreate,
  execStart,
  networkConnect,
  networkCreate,
  networkDisconnect,
  node,
  output: buildOutputs.kind === "list" ? buildOutputs.items : buildOutputs,
  platform,
  privileges: pluginPrivileges,
  secret,
  service,
  swarmInit,
  swarmJoin,
  swarmSpec,
  swarmUnlock,
  update: containerUpdate,
  volumeCreate,
  volumeUpdate,
};

/** The paths of a shape, in the fixture's terms. */
function* paths(shape: Shape, path: string): Generator<[string, string]> {
  yield [path, kindOf(shape)];
  if (shape.kind === "struct")
    for (const [name, field] of Object.entries(shape.fields))
      yield* paths(field, `${path}.${name.replaceAll(".", "·")}`);
  if (shape.kind === "list" || shape.kind === "array") yield* paths(shape.items, `${path}[]`);
  if (shape.kind === "map") yield* paths(shape.values, `${path}{}`);
}

function kindOf(shape: Shape): string {
  if (shape.kind === "array") return `array of ${shape.length}`;
  if (shape.kind !== "int") return shape.kind;
  const sizes: Readonly<Record<number, string>> = { 65535: "uint16", 4294967295: "uint32" };
  return sizes[shape.max] ?? (shape.min === 0 ? "unsigned" : "signed");
}

/** Go's kinds that a shape does not tell apart. */
function alike(go: string): string {
  if (go === "uint64" || go === "uint") return "unsigned";
  return go === "int64" || go === "int" ? "signed" : go;
}

const ours = new Map(Object.entries(shapes).flatMap(([name, shape]) => [...paths(shape, name)]));

/** Engines before 28 take the members of HostConfig at the top of a create request as well: those are not known here. */
function isOldTop(path: string): boolean {
  const top = /^createBody\.([A-Za-z0-9]+)/.exec(path)?.[1];
  if (top === undefined) return false;
  return top === "Cpuset" || (ours.has(`createBody.HostConfig.${top}`) && !ours.has(`config.${top}`));
}

test("every member that an Engine of API 1.41 to 1.54 decodes is known, by what it is decoded into", () => {
  const missing = moby.types.filter(([path, kind]) => {
    const own = ours.get(path);
    if (own === undefined) return !isOldTop(path);
    // a StrSlice became a plain list in 29: the shape that takes both gives a list back
    if (own === "strings" && kind === "list") return false;
    return own !== alike(kind) && !(own === "strings" && kind === "strings");
  });
  expect(
    missing.filter(([path]) => !(path.endsWith("[]") && ours.get(path.slice(0, -2)) === "strings")),
  ).toEqual([]);
});

test("nothing is known that no Engine decodes, but what is left out", () => {
  const known = new Set(moby.types.map(([path]) => path));
  const extra = [...ours].filter(([path, kind]) => !known.has(path) && kind !== "ignored");
  expect(extra).toEqual([]);
});

test("the members of HostConfig at the top of a create request, as old Engines take them, are not known", () => {
  const old = moby.types.filter(([path]) => isOldTop(path)).map(([path]) => path.split(/[.[{]/)[1]);
  expect(new Set(old)).toContain("Privileged");
  expect(new Set(old)).toContain("Binds");
  expect(
    old.filter(
      (name) =>
        name !== undefined &&
        containerCreate.kind === "struct" &&
        Object.hasOwn(containerCreate.fields, name),
    ),
  ).toEqual([]);
});
