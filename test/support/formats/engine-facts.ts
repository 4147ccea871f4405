import type { Fact, FactList } from "../../../src/model/fact.ts";
import { isFileOrigin, type Origin } from "../../../src/model/origin.ts";
import type { Reading } from "../../../src/model/reading.ts";

type Texts = Readonly<Record<string, string>>;

/**
 * What is said of the first engine: each fact that is set as its value and the text that it stands at, one that could
 * not be evaluated as its reason. What the source does not show is left out.
 */
export function factsOf(reading: Reading, texts: Texts): Readonly<Record<string, unknown>> {
  const view = reading.subjects[0]?.views[0];
  if (view?.kind !== "engine") return {};
  const said = Object.entries(view).flatMap(([name, fact]): [string, unknown][] => {
    if (typeof fact === "string") return [];
    if (Array.isArray(fact)) {
      const shown = (fact as FactList<unknown>).filter(({ state }) => state !== "unseen");
      return shown.length > 0 ? [[name, shown.map((item) => spell(item, texts))]] : [];
    }
    const single = fact as Fact<unknown>;
    return single.state === "unset" || single.state === "unseen" ? [] : [[name, spell(single, texts)]];
  });
  return Object.fromEntries(said);
}

/** Every gap's reason and the text that it stands at. */
export function gapsOf(reading: Reading, texts: Texts): readonly (readonly [string, string])[] {
  return reading.gaps.map(({ reason, location }) => [reason, location ? textAt(location, texts) : ""]);
}

function spell(fact: Fact<unknown>, texts: Texts): unknown {
  if (fact.state === "unset") return undefined;
  if (fact.state !== "set") return `? ${fact.reason}`;
  const [origin] = fact.origins;
  return [fact.value, origin ? textAt(origin, texts) : ""];
}

/** The stretch of the text that an origin names. */
export function textAt(origin: Origin, texts: Texts): string {
  if (!isFileOrigin(origin)) return "";
  const text = texts[origin.file] ?? "";
  const starts = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)];
  const offset = (line: number, column: number) => (starts[line - 1] ?? 0) + column - 1;
  return text.slice(offset(origin.startLine, origin.startColumn), offset(origin.endLine, origin.endColumn));
}
