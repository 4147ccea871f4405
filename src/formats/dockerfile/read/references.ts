import { type FactList, set, unresolved } from "../../../model/fact.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import { cut, type Joined } from "./joined.ts";
import type { Stage } from "./stages.ts";

/**
 * Every image that the stages start from, or copy from (`COPY --from`, `RUN --mount=from=`), in order. A name or number
 * of an earlier stage is none, nor is scratch.
 */
export function referencesOf(stages: readonly Stage[], at: (joined: Joined) => FileOrigin): FactList<string> {
  const names = new Set<string>();
  return stages.flatMap((stage): FactList<string> => {
    const found: FactList<string>[number][] = [];
    const { base } = stage;
    if (base.from === "image") found.push(set(base.reference, at(base.at)));
    if (base.from === "unresolved") found.push(unresolved(base.reason, at(base.at)));
    if (stage.name !== undefined) names.add(stage.name.toLowerCase());
    for (const { instruction } of stage.steps) {
      for (const source of sourcesOf(instruction.keyword, instruction.flags)) {
        const { text } = source;
        if (names.has(text.toLowerCase()) || /^\d+$/.test(text) || text === "scratch") continue;
        const place = at(source);
        found.push(
          text.includes("$") ? unresolved("variables do not count in --from", place) : set(text, place),
        );
      }
    }
    return found;
  });
}

function sourcesOf(keyword: string, flags: Stage["from"]["flags"]): readonly Joined[] {
  if (keyword === "COPY")
    return flags.flatMap(({ name, source }) => (name === "from" && source.text ? [source] : []));
  if (keyword !== "RUN") return [];
  return flags.flatMap(({ name, source }) => {
    const match = name === "mount" ? /(?:^|,)from=([^,]+)/.exec(source.text) : null;
    const value = match?.[1];
    if (!match || value === undefined) return [];
    const end = match.index + match[0].length;
    return [cut(source, end - value.length, end)];
  });
}
