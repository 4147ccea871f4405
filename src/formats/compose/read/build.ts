import { posix } from "node:path";
import type { BuildReference, NameValue } from "../../../model/container-values.ts";
import { type Fact, set, unresolved, unset, valueOr } from "../../../model/fact.ts";
import { asWritten } from "../load/file-path.ts";
import { entriesOf, get, isNull, itemsOf, type Node, originOf } from "../yaml/node.ts";
import { booleanFact, missingReason, type Scope, scalar } from "./facts.ts";
import { asMapping } from "./key-values.ts";
import { hostPath } from "./volume-short.ts";

/** `build:` as a context alone or with its options. */
export function readBuild(node: Node | undefined, scope: Scope): Fact<BuildReference> {
  if (!node || isNull(node)) return unset;
  const origin = originOf(node);
  const context = scalar(node.kind === "map" ? get(node, "context") : node);
  const dockerfile = scalar(get(node, "dockerfile"));
  const inline = scalar(get(node, "dockerfile_inline"));
  const target = scalar(get(node, "target"));
  for (const part of [context, dockerfile, inline, target]) {
    const missing = part && missingReason(part);
    if (missing !== undefined) return unresolved(missing, origin);
  }
  if (node.kind === "list") return unresolved("a context or a mapping is expected here", origin);
  const base = context?.place.source.base ?? scope.base;
  const folder = contextOf(context?.text ?? ".", base.absolute, scope.io.home);
  const isLocal = folder.startsWith("/");
  const path = posix.resolve(folder, dockerfile?.text || "Dockerfile");
  const isRelative = !/^[/~]/.test(context?.text ?? "");
  return set(
    {
      context: folder,
      dockerfile: isLocal && !inline ? (isRelative ? asWritten(base, path) : path) : undefined,
      dockerfileInline: inline?.text,
      target: target?.text || undefined,
      args: readArguments(get(node, "args"), scope),
      ...(inline && { inlineOrigin: originOf(inline) }),
      ...getsOf(node),
    },
    origin,
  );
}

/** The keys by which a build gets more than its sandbox (https://docs.docker.com/reference/compose-file/build/). */
function getsOf(build: Node): Pick<BuildReference, "gets"> {
  const given = (what: string, at: Node) => ({ what, origin: originOf(at) });
  const privileged = get(build, "privileged");
  const network = scalar(get(build, "network"));
  const ssh = get(build, "ssh");
  const isPrivileged = privileged && valueOr(booleanFact(privileged), true);
  const gets = [
    ...(privileged && isPrivileged ? [given("privileged", privileged)] : []),
    ...(network?.text === "host" || (network && network.missing.length > 0)
      ? [given("network: host", network)]
      : []),
    ...itemsOf(get(build, "entitlements")).map((item) =>
      given(`entitlement ${scalar(item)?.text ?? ""}`, item),
    ),
    ...(ssh && !isNull(ssh) ? [given("ssh", ssh)] : []),
  ];
  return gets.length > 0 ? { gets } : {};
}

/** Those with a value, of their own or from the environment; one that cannot be told is as good as not given. */
function readArguments(node: Node | undefined, scope: Scope): readonly NameValue[] {
  return entriesOf(asMapping(node)).flatMap(({ name, value: argument }) => {
    if (argument.kind !== "scalar" || argument.missing.length > 0) return [];
    const value = isNull(argument) ? scope.lookup(name) : argument.text;
    return value === undefined ? [] : [{ name, value }];
  });
}

/** A Git reference or URL stays as written (buildkit: frontend/dockerui/context.go). */
function contextOf(context: string, baseDir: string, home: string): string {
  const isRemote = context.includes("://") || /^(?:service:|github\.com\/|git@)/.test(context);
  return isRemote ? context : hostPath(context, { baseDir, home });
}
