import { firstOpen, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";

/** What is wrong with an instruction. */
export interface Flaw {
  readonly message: string;
  /** The path, the address or the option, without secrets. */
  readonly evidence: string;
}

/** A longer instruction is not searched to its end, so that no text takes long. */
const longest = 16 * 1024;

/** Judges every RUN, ADD and COPY of a Dockerfile. What an Engine remembers of a build is not judged: its author may be another. */
export function byLayer(find: (instruction: string) => Flaw | undefined, good: string) {
  return ({ history, level }: Image): Verdict => {
    if (level !== "declared") return notApplicable("how an image is built shows in its Dockerfile");
    const open = firstOpen(history);
    const flaws = setItems(history).flatMap(({ value, origins }) => {
      const flaw = find(value.slice(0, longest));
      return flaw ? [fail(flaw.message, { origins, evidence: flaw.evidence, observed: flaw.evidence })] : [];
    });
    return combine([...flaws, open ? unknown(open.reason, open.origins) : pass(good)]);
  };
}

/** The keyword, the flags, and the other words of an ADD or COPY; undefined for another instruction. */
export function copyOf(
  instruction: string,
): { readonly keyword: string; readonly flags: string; readonly sources: readonly string[] } | undefined {
  const match = /^(ADD|COPY)\s+((?:--\S+\s+)*)([\s\S]*)$/i.exec(instruction.trim());
  if (!match) return undefined;
  const [, keyword = "", flags = "", rest = ""] = match;
  const words = /^\[/.test(rest)
    ? [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) => word)
    : (rest.split("\n", 1)[0]?.trim().split(/\s+/) ?? []);
  return { keyword: keyword.toUpperCase(), flags, sources: words.slice(0, -1) };
}
