import { isRecord, itemsOf, parsedJson, recordAt, textAt } from "../../base/json.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { VerdictName } from "../../model/verdict.ts";
import { redactSource } from "../../report/secrets/redact.ts";

/** What a file says of one control. */
export interface Declared {
  readonly verdict: VerdictName;
  /** What is wrong there; undefined where nothing is. */
  readonly message: string | undefined;
  readonly location: FileOrigin | undefined;
}

/** By the name of a service, and the control. */
export type DeclaredServices = ReadonlyMap<string, ReadonlyMap<string, Declared>>;

const verdicts: readonly VerdictName[] = ["pass", "fail", "unknown", "notApplicable"];

/** The services in what `bulkhead audit --format json` prints; undefined for anything else. */
export function readDeclared(text: string): DeclaredServices | undefined {
  const document = parsedJson(text);
  if (!isRecord(document) || document.schemaVersion !== 1) return undefined;
  const found = new Map(
    itemsOf(document.findings).map((finding) => [
      `${textAt(finding, "subject")} ${textAt(finding, "control")}`,
      finding,
    ]),
  );
  const services = new Map<string, ReadonlyMap<string, Declared>>();
  for (const subject of itemsOf(document.subjects)) {
    const [id, name] = ["id", "name"].map((key) => textAt(subject, key));
    if (textAt(subject, "source") !== "compose" || id === undefined || name === undefined) continue;
    const judged = Object.entries(recordAt(subject, "verdicts")).flatMap(
      ([control, said]): readonly [string, Declared][] => {
        const verdict = verdicts.find((each) => each === said);
        return verdict ? [[control, declaredOf(verdict, found.get(`${id} ${control}`))]] : [];
      },
    );
    services.set(name, new Map(judged));
  }
  return services;
}

function declaredOf(verdict: VerdictName, finding: unknown): Declared {
  const message = textAt(finding, "message");
  return {
    verdict,
    message: message === undefined ? undefined : redactSource(message),
    location: itemsOf(recordAt(finding).locations).flatMap((each) => placeOf(each) ?? [])[0],
  };
}

function placeOf(location: unknown): FileOrigin | undefined {
  const file = textAt(location, "file");
  if (file === undefined || !isRecord(location)) return undefined;
  const { startLine, startColumn, endLine, endColumn } = location;
  const isPlace = [startLine, startColumn, endLine, endColumn].every((each) => Number.isSafeInteger(each));
  return isPlace ? ({ file, startLine, startColumn, endLine, endColumn } as FileOrigin) : undefined;
}
