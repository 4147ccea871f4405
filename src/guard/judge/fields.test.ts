import { describe, expect, test } from "vitest";
import { bareContext } from "../../controls/control.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import { type Container, container } from "../../model/container.ts";
import { routes } from "../routes/table.ts";
import type { Shape } from "../shapes/shape.ts";
import { createFields, endpointFields } from "./container/create-fields.ts";
import { hostConfigFields } from "./container/host-config.ts";
import { mountFields } from "./container/mounts.ts";
import type { Field, Fields } from "./fields.ts";
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

/** Every value of a struct, by its path; lists and maps by one item. */
function leavesOf(shape: Shape, path: readonly string[] = []): readonly (readonly string[])[] {
  if (shape.kind === "struct")
    return Object.entries(shape.fields).flatMap(([name, field]) => leavesOf(field, [...path, name]));
  if (shape.kind === "list") return leavesOf(shape.items, [...path, "0"]);
  if (shape.kind === "map") return leavesOf(shape.values, [...path, nameIn(path)]);
  return [path];
}

function nameIn(path: readonly string[]): string {
  return { PortBindings: "80/tcp", Tmpfs: "/t" }[path[0] ?? ""] ?? "name";
}

/** Two values that differ, of a leaf: by its name where any text would be refused. */
function samples(path: readonly string[], shape: Shape): readonly [unknown, unknown] {
  const name = path.filter((part) => part !== "0").at(-1) ?? "";
  const known: Readonly<Record<string, readonly [unknown, unknown]>> = {
    Binds: ["/a:/x", "/b:/x:ro"],
    NetworkMode: ["host", "container:b"],
    IpcMode: ["host", "container:b"],
    PidMode: ["host", "container:b"],
    UTSMode: ["", "host"],
    UsernsMode: ["", "host"],
    CgroupnsMode: ["host", "private"],
    VolumesFrom: ["a", "b:ro"],
    Links: ["/a:/c/a", "/b:/c/b"],
    Type: ["bind", "tmpfs"],
    Propagation: ["shared", "rprivate"],
    Source: ["/a", "/b"],
    Target: ["/x", "/y"],
    CgroupPermissions: ["r", "rwm"],
    PathOnHost: ["/dev/a", "/dev/b"],
    PathInContainer: ["/dev/a", "/dev/b"],
    DeviceCgroupRules: ["c 1:1 r", "a *:* rwm"],
    HostIp: ["127.0.0.1", "0.0.0.0"],
    HostPort: ["80", "81"],
    "/t": ["size=1m", "exec"],
    OomScoreAdj: [1, -1],
    Driver: ["nvidia", "cdi"],
    Options: ["noexec", "exec"],
  };
  if (Object.hasOwn(known, name)) return known[name] ?? [0, 1];
  if (shape.kind === "bool") return [false, true];
  if (shape.kind === "int" || shape.kind === "float") return [1, 2];
  if (shape.kind === "strings") return [["a"], ["b"]];
  return ["a", "b"];
}

/** The type of a mount that has the options in which a leaf is. */
function typeFor(path: readonly string[]): string {
  if (path.includes("VolumeOptions")) return "volume";
  return path.includes("TmpfsOptions") ? "tmpfs" : "bind";
}

/** A body with a value at each of these places. */
function bodyOf(values: readonly (readonly [path: readonly string[], value: unknown])[]): unknown {
  const body: Record<string, unknown> = {};
  for (const [path, value] of values) {
    let at: Record<string, unknown> = body;
    for (const [index, part] of path.entries()) {
      const isLast = index === path.length - 1;
      if (isLast) at[part] = value;
      else {
        at[part] ??= path[index + 1] === "0" ? [] : {};
        at = at[part] as Record<string, unknown>;
      }
    }
  }
  return body;
}

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
  const route = routes.find(({ id }) => id === "container-create");
  const top =
    route?.body.kind === "json" && route.body.shape.kind === "struct" ? route.body.shape : undefined;
  const hostConfig = top?.fields.HostConfig;
  if (hostConfig?.kind !== "struct") throw new Error("a create request has a HostConfig");
  const shapeAt = (path: readonly string[]) =>
    path.reduce<Shape | undefined>((shape, part) => {
      if (shape?.kind === "struct") return shape.fields[part];
      if (shape?.kind === "list") return shape.items;
      return shape?.kind === "map" ? shape.values : undefined;
    }, hostConfig);

  /** Names of the facts in which two values of a leaf differ, beside the first sample of its siblings. */
  function factsOf(path: readonly string[]): readonly string[] {
    const siblings = leavesOf(hostConfig as Shape).filter(([field]) => field === path[0]);
    const viewWith = (which: 0 | 1) =>
      readCreateRequest({
        Image: "a",
        HostConfig: bodyOf(
          siblings.map((each) => {
            const isIt = each.join() === path.join();
            if (!isIt && each.at(-1) === "Type") return [each, typeFor(path)] as const;
            if (!isIt && each.at(-1) === "ReadOnly") return [each, true] as const;
            const [first, second] = samples(each, shapeAt(each) ?? { kind: "bool" });
            return [each, isIt && which === 1 ? second : first] as const;
          }),
        ),
      });
    const [one, other] = [viewWith(0), viewWith(1)];
    return Object.keys(one).filter(
      (name) => JSON.stringify(Reflect.get(one, name)) !== JSON.stringify(Reflect.get(other, name)),
    );
  }

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
  const fieldAt = (path: readonly string[]): Field | undefined => {
    let fields: Fields = hostConfigFields;
    for (const part of path) {
      if (part === "0") continue;
      const field = fields[part];
      if (field?.by !== "fields") return field;
      fields = field.fields;
    }
    return undefined;
  };

  const leaves = leavesOf(hostConfig).map((path) => [path.join("."), path] as const);
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
