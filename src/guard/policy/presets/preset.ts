import { type RouteGroup, routeGroups } from "../../routes/route.ts";
import { routes } from "../../routes/table.ts";
import { layer } from "../layer.ts";
import type { Policy } from "../policy.ts";
import { routesOf } from "../routes.ts";
import type { PresetName } from "./preset-names.ts";
import type { Preset } from "./preset-shape.ts";
import { presets } from "./presets.ts";

/**
 * The policy with a preset laid over it. Groups and routes are the preset's alone: what is open below must not widen what
 * a tool gets.
 */
export function withPreset(
  below: Policy,
  name: Exclude<PresetName, "docker-socket-proxy">,
  client: string,
): Policy {
  const preset = presets[name];
  const own = layer(below, preset.words, `preset ${name}`, client);
  return {
    ...own,
    ...(preset.hardens ? {} : { controls: { deny: own.controls.deny, harden: new Set<string>() } }),
    ...opened(preset.calls),
  };
}

/** All groups closed but for these calls. */
export function opened(calls: Preset["calls"]): Pick<Policy, "groups" | "routes"> {
  if (calls === "everything") {
    return { groups: { ...allGroups("allow"), rootEquivalent: "deny" }, routes: {} };
  }
  return {
    groups: allGroups("deny"),
    routes: Object.fromEntries(routesOf(calls, routes).map((id) => [id, "allow" as const])),
  };
}

export function allGroups(word: "allow" | "deny"): Readonly<Record<RouteGroup, "allow" | "deny">> {
  return Object.fromEntries(routeGroups.map((group) => [group, word])) as Record<
    RouteGroup,
    "allow" | "deny"
  >;
}
