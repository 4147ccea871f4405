import { unnamedReasons } from "./image/images.ts";
import { newName } from "./image/names.ts";
import { checkReference } from "./image/use.ts";
import { against } from "./policy/rules.ts";
import type { Reason } from "./result.ts";
import type { CheckContext } from "./route-check.ts";
import type { SolveFacts, Typed } from "./solve-facts.ts";

/** Whose result is the same whatever they are. */
const exporterWords: ReadonlySet<string> = new Set([
  "name",
  "push",
  "load",
  "dangling-name-prefix",
  "name-canonical",
  "compression",
  "compression-level",
  "force-compression",
  "oci-mediatypes",
  "unpack",
  "store",
  "buildinfo",
  "rewrite-timestamp",
  "source-date-epoch",
  "platform-split",
  "tar",
  "mode",
]);

/** The image store, and what goes back to the client by its own session. */
const exporters: ReadonlySet<string> = new Set(["moby", "image", "local", "tar", "oci", "docker"]);

/** Where the result goes. */
export function exportReasons({ exporters: wanted }: SolveFacts, context: CheckContext): readonly Reason[] {
  const { policy } = context;
  return wanted.flatMap(({ type, attributes }) => {
    if (!exporters.has(type))
      return against(policy, "guard-build-output", `leaves what it builds to the exporter ${type}`);
    const strange = Object.keys(attributes).find(
      (name) => !exporterWords.has(name) && !name.startsWith("annotation"),
    );
    if (strange !== undefined)
      return against(
        policy,
        "guard-build-output",
        `sets ${strange} of an exporter, which the guard does not know`,
      );
    if (!pushes(attributes)) return [];
    const names = (attributes.name ?? "").split(",");
    return [
      ...against(
        policy,
        "guard-image-push",
        `sends ${names.join(" ")} to a registry, with whatever was built into it`,
      ),
      ...names.flatMap((name) => checkReference(name, context)),
    ];
  });
}

/** The names of the image, as the Engine gets them. What is pushed needs a name of `allow.names` under an owner. */
export function withNames(
  exporters: readonly Typed[],
  context: CheckContext,
): { readonly exporters: readonly Typed[]; readonly reasons: readonly Reason[] } {
  const reasons: Reason[] = [];
  const named = exporters.map(({ type, attributes }) => {
    const names = (attributes.name ?? "").split(",").filter((name) => name !== "");
    if (names.length === 0) return { type, attributes };
    const made = names.map((name) => newName(name, context));
    reasons.push(...made.flatMap((each) => each.reasons));
    if (pushes(attributes)) reasons.push(...names.flatMap((name) => unnamedReasons(name, context)));
    return { type, attributes: { ...attributes, name: made.map(({ name }) => name).join(",") } };
  });
  return { exporters: named, reasons };
}

/** Empty is true to BuildKit. */
function pushes({ push = "false" }: Typed["attributes"]): boolean {
  return !/^(0|f|false)$/i.test(push);
}

/** Which caches it reads and writes. */
export function cacheReasons(facts: SolveFacts, context: CheckContext): readonly Reason[] {
  const { policy } = context;
  const imports = [...facts.cacheImports, ...importsOf(facts.attributes)];
  const exports = facts.cacheExports.filter(({ type }) => type !== "inline");
  return [
    ...imports.flatMap(({ type, attributes }) =>
      type === "registry"
        ? [
            ...checkReference(attributes.ref ?? "", context),
            ...(policy.owner
              ? against(
                  policy,
                  "guard-build-cache",
                  `takes a cache from ${attributes.ref ?? "a registry"}: others would be given what it says of their steps`,
                )
              : []),
          ]
        : against(policy, "guard-outgoing", `takes a cache from ${type || "an unknown place"}`),
    ),
    ...exports.flatMap(({ type, attributes }) =>
      type === "registry"
        ? [
            ...against(policy, "guard-image-push", `sends its cache to ${attributes.ref ?? "a registry"}`),
            ...checkReference(attributes.ref ?? "", context),
          ]
        : against(policy, "guard-outgoing", `sends its cache to ${type || "an unknown place"}`),
    ),
  ];
}

/** The two older forms in which a cache is named. What is not a list counts as an unknown place. */
function importsOf(attributes: SolveFacts["attributes"]): readonly Typed[] {
  const plain = (attributes["cache-from"] ?? "").split(",").filter((name) => name !== "");
  const registry = plain.map((ref) => ({ type: "registry", attributes: { ref } }));
  const text = attributes["cache-imports"] ?? "";
  if (text === "") return registry;
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) throw new Error();
    return [...registry, ...list.map((entry) => typedOf(entry))];
  } catch {
    return [...registry, { type: "", attributes: {} }];
  }
}

/** Go takes a name in any case, so that one in another than BuildKit writes is no known entry. */
function typedOf(entry: unknown): Typed {
  const known =
    typeof entry === "object" &&
    entry !== null &&
    Object.keys(entry).every((key) => key === "Type" || key === "Attrs");
  if (!known) return { type: "", attributes: {} };
  const { Type, Attrs } = entry as { readonly Type?: unknown; readonly Attrs?: unknown };
  const attributes = typeof Attrs === "object" && Attrs !== null ? (Attrs as Record<string, string>) : {};
  return { type: String(Type ?? ""), attributes };
}
