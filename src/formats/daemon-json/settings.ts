import type { Engine } from "../../model/engine.ts";
import type { FactList, UnresolvedFact } from "../../model/fact.ts";
import { type Gap, gap } from "../../model/gap.ts";
import { type FileOrigin, isFileOrigin, type Origin } from "../../model/origin.ts";
import type { Reading } from "../../model/reading.ts";

/** An option that is given, as a flag would spell its values: `true`, `json-file`, `max-size=10m`, `nofile=64:64`. */
export interface DaemonSetting {
  readonly key: string;
  /** Where it is given: the key, or the flag. */
  readonly origin: Origin;
  /** One for a single value; one each for lists and maps. */
  readonly items: FactList<string>;
}

/** What one source tells dockerd. */
export interface DaemonSettings {
  /** By the option's key in daemon.json. */
  readonly given: ReadonlyMap<string, DaemonSetting>;
  /** Something that may hold any option and could not be read, such as `$DOCKER_OPTS`. */
  readonly open: UnresolvedFact | undefined;
  readonly gaps: readonly Gap[];
  readonly secrets: readonly FileOrigin[];
}

export const noSettings: DaemonSettings = { given: new Map(), open: undefined, gaps: [], secrets: [] };

/**
 * What dockerd makes of a daemon.json and flags together. An option in both is refused by it, even with the same value;
 * here the flag counts then. Source: moby/moby daemon/config/config.go, findConfigurationConflicts.
 */
export function mergeSettings(file: DaemonSettings, flags: DaemonSettings): DaemonSettings {
  const conflicts = [...flags.given.values()]
    .filter(({ key }) => file.given.has(key) && key !== "runtimes")
    .map(({ key, origin }) =>
      gap(
        `dockerd refuses to start: ${key} is given both as a flag and in daemon.json`,
        isFileOrigin(origin) ? { location: origin } : {},
      ),
    );
  return {
    given: new Map([...file.given, ...flags.given]),
    open: flags.open ?? file.open,
    gaps: [...file.gaps, ...flags.gaps, ...conflicts],
    secrets: [...file.secrets, ...flags.secrets],
  };
}

/** A reading of one engine that a file describes. */
export function engineReading(
  view: Engine,
  file: string,
  more: {
    readonly location?: FileOrigin | undefined;
    readonly gaps: readonly Gap[];
    readonly secrets: readonly FileOrigin[];
  },
): Reading {
  const id = `${file}#engine`;
  const { location, gaps, secrets } = more;
  return {
    subjects: [
      { kind: "engine", id, name: "engine", stableId: id, source: "daemon-json", location, views: [view] },
    ],
    gaps,
    secrets,
  };
}

/** A reading of a file that should have described an engine and does not. */
export function noEngine(file: string, reason: string): Reading {
  return { subjects: [], gaps: [gap(reason, { file })], secrets: [] };
}

/**
 * Whether an option's value may hold a credential: a token of a log driver, or a URL with a password, as proxies and
 * mirrors have.
 */
export function mayBeSecret(name: string, value: string): boolean {
  return /token|secret|passw|credential|access-?key|api-?key/i.test(name) || /:\/\/[^/@\s]+@/.test(value);
}
