import { readFileSync } from "node:fs";
import type { Container } from "../../model/container.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Observation } from "../observe/observe.ts";
import { isSilent } from "../plan/steps.ts";
import { type Parsed, parseProfile } from "./parse.ts";
import { type AppArmorFacts, appArmorProfile } from "./profile.ts";

export interface LearntAppArmor {
  /** Beside the hardened file. */
  readonly path: string;
  /** What `--security-opt apparmor=` takes, once it is loaded. */
  readonly name: string;
  readonly text: string;
  readonly parsed: Parsed;
  /** Whether this machine's kernel enforces AppArmor. */
  readonly runsHere: boolean;
}

interface ProfileFile {
  readonly path: string;
  readonly name: string;
}

/** The profile of a service with the patches that hold. Undefined where it was not seen what it writes. */
export function learntAppArmor(
  { path, name }: ProfileFile,
  view: Container,
  seen: Observation,
  capabilities: readonly string[],
  patches: readonly ContainerPatch[],
): LearntAppArmor | undefined {
  if (!seen.places) return undefined;
  const text = appArmorProfile({
    name,
    capabilities,
    writable: writableIn(view, seen, patches),
    network: networkOf(seen),
    calls: seen.asked?.calls,
  });
  return { path, name, text, parsed: parseProfile(text), runsHere: runsHere() };
}

/** Undefined where its root stays writable. */
function writableIn(
  view: Container,
  { mounted }: Observation,
  patches: readonly ContainerPatch[],
): readonly string[] | undefined {
  const isMade = patches.some(({ op, field }) => op === "set" && field === "readonlyRootfs");
  if (!isMade && !valueOr(view.readonlyRootfs, false)) return undefined;
  const added = patches.flatMap((patch) =>
    patch.op === "add" && patch.field === "mounts" ? [patch.value] : [],
  );
  const declared = setItems(view.mounts).map(({ value }) => value);
  const targets = [...declared, ...added].flatMap(({ readOnly, target }) => (readOnly ? [] : [target]));
  return [...new Set([...targets, ...mounted])];
}

function networkOf(seen: Observation): AppArmorFacts["network"] {
  const { listens, network } = seen;
  if (isSilent(seen)) return { stream: false, datagram: false };
  const asks = network.peers.length > 0 || listens.length === 0;
  const on = (protocol: string) => listens.some((port) => port.startsWith(protocol));
  return { stream: on("tcp") || asks, datagram: on("udp") || asks };
}

function runsHere(): boolean {
  try {
    return readFileSync("/sys/module/apparmor/parameters/enabled", "utf8").startsWith("Y");
  } catch {
    return false;
  }
}
