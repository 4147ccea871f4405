import type { Node } from "jsonc-parser";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { Engine } from "../../../model/engine.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import { locator } from "../../values/positions.ts";
import { engineOf, tlsOf } from "../engine.ts";
import { parseJson, settingsOfJson } from "../json.ts";
import { type Style, styleOf } from "./style.ts";

/** A daemon.json with what it says and where. */
export interface DaemonJsonDraft {
  readonly text: string;
  /** Where the document may begin: behind a byte order mark. */
  readonly start: number;
  /** Undefined where the file is empty. */
  readonly root: Node | undefined;
  readonly engine: Engine;
  readonly style: Style;
  /** Whether dockerd listens on TCP where no host is given. */
  readonly isTls: boolean;
  readonly gaps: number;
  /** The members with this key: one, unless the file is odd. */
  readonly properties: ReadonlyMap<string, readonly Node[]>;
  readonly place: (node: Node) => FileOrigin;
}

/** Fails on what dockerd would not take for JSON. */
export function draftOf(text: string): Result<DaemonJsonDraft> {
  if (/^[ \t]*\[(?:Unit|Service|Socket)\][ \t\r]*$/m.test(text)) {
    return failed("flags in a systemd unit are changed there by hand (systemctl edit docker)");
  }
  // As the reader does it: every offset stays.
  const clean = text.replace(/^\uFEFF/, " ");
  const locate = locator("", clean);
  const { root, syntax } =
    clean.trim() === "" ? { root: undefined, syntax: undefined } : parseJson(clean, "", locate);
  if (syntax) return failed(syntax.reason);
  if (root && root.type !== "object" && root.type !== "null") {
    return failed("dockerd refuses a daemon.json that is no JSON object");
  }
  const properties = new Map<string, Node[]>();
  for (const property of root?.children ?? []) {
    const key = String(property.children?.[0]?.value);
    const known = properties.get(key);
    if (known) known.push(property);
    else properties.set(key, [property]);
  }
  const settings = settingsOfJson(text, "");
  const tls = tlsOf(settings);
  return ok({
    text: clean,
    start: clean === text ? 0 : 1,
    root,
    engine: engineOf(settings),
    style: styleOf(clean, root),
    isTls: tls.state === "set" && tls.value !== "none",
    gaps: settings.gaps.length,
    properties,
    place: (node) => locate({ start: node.offset, end: node.offset + node.length }),
  });
}
