import { readCreateRequest } from "../../../src/formats/create-request/read.ts";
import { hostConfigFields } from "../../../src/guard/judge/container/host-config.ts";
import type { Field, Fields } from "../../../src/guard/judge/fields.ts";
import { routes } from "../../../src/guard/routes/table.ts";
import type { Shape } from "../../../src/guard/shapes/shape.ts";

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

const route = routes.find(({ id }) => id === "container-create");
const top = route?.body.kind === "json" && route.body.shape.kind === "struct" ? route.body.shape : undefined;
const hostConfig = top?.fields.HostConfig ?? { kind: "bool" };
const shapeAt = (path: readonly string[]) =>
  path.reduce<Shape | undefined>((shape, part) => {
    if (shape?.kind === "struct") return shape.fields[part];
    if (shape?.kind === "list") return shape.items;
    return shape?.kind === "map" ? shape.values : undefined;
  }, hostConfig);

/** Names of the facts in which two values of a leaf differ, beside the first sample of its siblings. */
export function factsOf(path: readonly string[]): readonly string[] {
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

/** How the guard judges what stands at a place of a HostConfig. */
export function fieldAt(path: readonly string[]): Field | undefined {
  let fields: Fields = hostConfigFields;
  for (const part of path) {
    if (part === "0") continue;
    const field = fields[part];
    if (field?.by !== "fields") return field;
    fields = field.fields;
  }
  return undefined;
}

/** Every value that a HostConfig can hold. */
export const hostConfigLeaves = leavesOf(hostConfig);
