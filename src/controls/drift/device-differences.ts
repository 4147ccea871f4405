import type { Container } from "../../model/container.ts";
import { isOpen, setItems, valueOr } from "../../model/fact.ts";
import { asksPrivileged } from "../capabilities/privilege.ts";
import type { Difference } from "./difference.ts";

/** A rule of the device cgroup: `b 8:* rw`. */
interface Rule {
  readonly type: string;
  readonly major: string;
  readonly minor: string;
  readonly access: string;
}

/**
 * Devices that a container may use and the Engine did not give it: by a rule in its device cgroup, and by a node in its /dev
 * that a rule opens. Where the Engine gave it devices without saying which (CDI, GPUs, a runtime that adds its own), a
 * rule for a single one may be theirs: then only rules for many are compared.
 */
export function deviceDifferences(configured: Container, effective: Container): readonly Difference[] {
  if (asksPrivileged(configured)) return [];
  const devices = setItems(configured.devices).map(({ value }) => value);
  const rules = setItems(configured.deviceCgroupRules).map(({ value }) => value);
  const allowed = [
    ...rules,
    ...devices.flatMap(({ nodes = [], permissions }) => nodes.map((node) => `${node} ${permissions}`)),
  ].flatMap((text) => parse(text) ?? []);
  const isWhole =
    !configured.deviceCgroupRules.some(isOpen) &&
    !configured.devices.some(isOpen) &&
    devices.every(({ nodes }) => nodes !== undefined) &&
    isPlain(configured);
  const isExcess = (rule: Rule) =>
    !isCovered(rule, allowed) && (isWhole || rule.type === "a" || rule.major === "*" || rule.minor === "*");
  const none = allowed.length > 0 ? "no such rule" : "no rule";
  return [
    ...setItems(effective.deviceCgroupRules).flatMap(({ value, origins }) => {
      const rule = parse(value);
      if (!rule || !isExcess(rule)) return [];
      return [{ field: "device-cgroup-rule", configured: none, effective: value, origins }];
    }),
    ...nodes(effective, isExcess),
  ];
}

/** Nodes in /dev that a rule opens. Where the rules are not seen (cgroup v2), nobody knows which of them can be used. */
function nodes(effective: Container, isExcess: (rule: Rule) => boolean): readonly Difference[] {
  if (effective.deviceCgroupRules.some(isOpen)) return [];
  return setItems(effective.devices).flatMap(({ value, origins }) => {
    const { containerPath, permissions } = value;
    const excess = (value.nodes ?? []).filter((node) => {
      const rule = parse(`${node} ${permissions}`);
      return rule && !isUsual(rule) && isExcess(rule);
    });
    return excess.map((node) => ({
      ...{ field: `device ${containerPath}`, configured: "no such device", origins },
      effective: `${node} ${permissions}`,
    }));
  });
}

function parse(text: string): Rule | undefined {
  const [, type, major, minor, access] =
    /^([abc]) +(\*|\d+):(\*|\d+) +([rwm]+)$/.exec(text.trim().replace(/^a$/, "a *:* rwm")) ?? [];
  if (type === undefined || major === undefined || minor === undefined || access === undefined)
    return undefined;
  return { type, major, minor, access };
}

/** Each letter is allowed by a rule. Every container may make nodes. */
function isCovered({ type, major, minor, access }: Rule, allowed: readonly Rule[]): boolean {
  const fits = (rule: Rule) =>
    (rule.type === "a" || rule.type === type) &&
    (rule.major === "*" || rule.major === major) &&
    (rule.minor === "*" || rule.minor === minor);
  const letters = allowed.filter(fits).map((rule) => rule.access);
  return [...access].every((letter) => letter === "m" || letters.some((each) => each.includes(letter)));
}

/** runc opens tun to every container, and a process in it can make its node. */
function isUsual({ type, major, minor }: Rule): boolean {
  return type === "c" && major === "10" && minor === "200";
}

/** Runtimes that add no devices of their own, as nvidia's does. */
const plain: ReadonlySet<string> = new Set(["", "runc", "io.containerd.runc.v2", "crun"]);

function isPlain({ runtime }: Container): boolean {
  return !isOpen(runtime) && plain.has(valueOr(runtime, ""));
}
