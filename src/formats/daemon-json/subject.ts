import type { Engine } from "../../model/engine.ts";
import { type Gap, gap } from "../../model/gap.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { Reading } from "../../model/reading.ts";

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
