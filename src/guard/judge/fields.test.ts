import { describe, expect, test } from "vitest";
import { factsOf, fieldAt, hostConfigLeaves } from "../../../test/support/guard/host-config-samples.ts";
import { bareContext } from "../../controls/control.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import { type Container, container } from "../../model/container.ts";
import { routes } from "../routes/table.ts";
import type { Shape } from "../shapes/shape.ts";
import { createFields, endpointFields } from "./container/create-fields.ts";
import { hostConfigFields } from "./container/host-config.ts";
import { mountFields } from "./container/mounts.ts";
import type { Fields } from "./fields.ts";
import { guardRules } from "./policy/rules.ts";
import { containerControls } from "./policy/treatment.ts";
import { routeChecks } from "./route-checks.ts";

function namesOf(routeId: string, ...path: readonly string[]): readonly string[] {
  const route = routes.find(({ id }) => id === routeId);
  let shape: Shape | undefined = route?.body.kind === "json" ? route.body.shape : undefined;
  for (const name of path) {
    if (shape?.kind === "struct") shape = shape.fields[name];
    if (shape?.kind === "map") shape = shape.values;
    if (shape?.kind === "list") shape = shape.items;
  }
  if (shape?.kind !== "struct") throw new Error(`${routeId} ${path.join(".")} is no struct`);
  return Object.keys(shape.fields);
}

describe("every field that the Engine reads is judged, or is said why not", () => {
  test.each([
    ["a create request", namesOf("container-create"), createFields],
    ["its HostConfig", namesOf("container-create", "HostConfig"), hostConfigFields],
    ["a mount of it", namesOf("container-create", "HostConfig", "Mounts"), mountFields],
    [
      "a mount of a service",
      namesOf("service-create", "TaskTemplate", "ContainerSpec", "Mounts"),
      mountFields,
    ],
    ["an endpoint", namesOf("container-create", "NetworkingConfig", "EndpointsConfig"), endpointFields],
    ["an endpoint that is connected", namesOf("network-connect", "EndpointConfig"), endpointFields],
    ["an update", namesOf("container-update"), hostConfigFields],
  ] satisfies [string, readonly string[], Fields][])("%s", (_, names, fields) => {
    expect(names.filter((name) => !Object.hasOwn(fields, name))).toEqual([]);
  });
});

/** The facts of which a control of the guard reads one, by recording what its check looks at. */
function factsReadBy(view: Container, run: (view: Container) => void): ReadonlySet<string> {
  const read = new Set<string>();
  const recording = new Proxy(view, {
    get(target, name) {
      if (typeof name === "string") read.add(name);
      return Reflect.get(target, name);
    },
  });
  run(recording);
  return read;
}

describe("which fields of a HostConfig a control reads", () => {
  const context = bareContext("engine-api");
  const read = new Set(
    containerControls.flatMap((control) => {
      const views = [
        container("configured", {}),
        readCreateRequest({
          HostConfig: {
            NetworkMode: "host",
            LogConfig: { Type: "gelf" },
            Memory: 1,
            CpuQuota: 1,
            Privileged: false,
          },
        }),
      ];
      return views.flatMap((view) => [
        ...factsReadBy(view, (each) => void control.check.container?.(each, context)),
      ]);
    }),
  );
  const leaves = hostConfigLeaves.map((path) => [path.join("."), path] as const);
  test.each(leaves.filter(([, path]) => fieldAt(path)?.by === "controls"))("%s: one does", (_, path) => {
    expect(factsOf(path).filter((fact) => read.has(fact))).not.toEqual([]);
  });

  test.each(leaves)("%s: somebody judges it, or the table says why nobody does", (_, path) => {
    expect(fieldAt(path)).toBeDefined();
  });
});

test("every route of the table has a judge, and no judge is for a route that is not there", () => {
  expect(Object.keys(routeChecks).toSorted()).toEqual(routes.map(({ id }) => id).toSorted());
});

test("the rules have ids of their own, a title and a reason", () => {
  const ids = guardRules.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, title, why } of guardRules) {
    expect(id).toMatch(/^guard-[a-z-]+$/);
    expect(title).not.toMatch(/\.$/);
    expect(why).toMatch(/\.$/);
  }
});
