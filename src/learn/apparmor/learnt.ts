import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Container } from "../../model/container.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Observation } from "../observe/observe.ts";
import { isSilent } from "../plan/steps.ts";
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

/** What apparmor_parser said of a profile. */
interface Parsed {
  /** Undefined where nobody could ask it. */
  readonly ok: boolean | undefined;
  /** A clause: why it was not parsed, or what is wrong with it. */
  readonly reason: string | undefined;
}

/** Has apparmor_parser compile a profile without loading it (apparmor_parser(8)). Needs no AppArmor in the kernel. */
export function parseProfile(text: string): Parsed {
  const ran = spawnSync("apparmor_parser", ["--skip-kernel-load", "--skip-cache"], {
    input: text,
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` },
  });
  if (ran.error) return { ok: undefined, reason: "apparmor_parser is not installed here" };
  if (ran.status === 0) return { ok: true, reason: undefined };
  const said = ran.stderr.trim().split("\n").at(-1) ?? "";
  return { ok: false, reason: said === "" ? `exit status ${ran.status}` : said };
}
