import { commandsOfWords, type ShellCommand, shellCommands } from "../../base/shell.ts";
import { firstOpen, setItems } from "../../model/fact.ts";
import type { Image } from "../../model/image.ts";
import type { Origin } from "../../model/origin.ts";
import type { Severity } from "../../model/severity.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";

/** What is wrong with an instruction. */
export interface Flaw {
  readonly message: string;
  /** The path, the address or the option, without secrets. */
  readonly evidence: string;
  readonly severity?: Severity | undefined;
}

type Find = (instruction: string, origins: readonly Origin[]) => Flaw | undefined;

/** Whether what stands there belongs to a stage that the image does not start from. The same words may stand in another stage, too. */
export function isInBuilder({ builderLayers }: Image): (origins: readonly Origin[]) => boolean {
  const places = new Set(setItems(builderLayers).map(({ origins }) => JSON.stringify(origins)));
  return (origins) => places.has(JSON.stringify(origins));
}

/** A longer instruction is not searched to its end, so that no text takes long. */
const longest = 16 * 1024;

/** Judges every RUN, ADD and COPY of a Dockerfile. What an Engine remembers of a build is not judged: its author may be another. */
export function byLayer(find: Find, good: string) {
  return (image: Image): Verdict =>
    image.level === "declared"
      ? byHistory(find, good)(image)
      : notApplicable("how an image is built shows in its Dockerfile");
}

/** The same, for what an Engine remembers of each layer too. */
export function byHistory(find: Find, good: string) {
  return ({ history, level }: Image): Verdict => {
    if (level === "configured" && history.length === 0)
      return unknown("the Engine does not tell how the image was made");
    const open = firstOpen(history);
    const flaws = setItems(history).flatMap(({ value, origins }) => {
      const flaw = find(value.slice(0, longest), origins);
      if (!flaw) return [];
      const { message, evidence, severity } = flaw;
      return [fail(message, { origins, evidence, observed: evidence, severity })];
    });
    return combine([...flaws, open ? unknown(open.reason, open.origins) : pass(good)]);
  };
}

/**
 * What a layer ran: a RUN of a Dockerfile, or the Engine's record of one (`/bin/sh -c …`, `RUN |1 A=b /bin/sh -c … #
 * buildkit`); undefined for what runs nothing.
 */
export function scriptOfLayer(instruction: string): string | undefined {
  const text = instruction.trim();
  if (/^(?:ADD|COPY)\b|^\/bin\/sh -c #\(nop\)/i.test(text)) return undefined;
  const run = /^RUN\s+((?:--\S+\s+)*)([\s\S]*)$/i.exec(text)?.[2];
  if (run === undefined && !/^(?:\|\d+\s|\/bin\/sh -c\s)/.test(text)) return undefined;
  return (run ?? text).replace(/^\|\d+\s[\s\S]*?(?=\/bin\/(?:ba)?sh\s)/, "").replace(/^\/bin\/sh -c\s+/, "");
}

/** The commands that a layer ran. */
export function commandsOfLayer(instruction: string): readonly ShellCommand[] {
  const script = scriptOfLayer(instruction);
  if (script === undefined) return [];
  return /^\[/.test(script) ? commandsOfWords(wordsOfArray(script)) : shellCommands(script);
}

function wordsOfArray(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) => word.replace(/\\(.)/g, "$1"));
}

/** The keyword, the flags, and the other words of an ADD or COPY; undefined for another instruction. */
export function copyOf(instruction: string):
  | {
      readonly keyword: string;
      readonly flags: string;
      readonly sources: readonly string[];
      readonly target: string | undefined;
    }
  | undefined {
  const match = /^(ADD|COPY)\s+((?:--\S+\s+)*)([\s\S]*)$/i.exec(instruction.trim());
  if (!match) return undefined;
  const [, keyword = "", flags = "", rest = ""] = match;
  const words = /^\[/.test(rest) ? wordsOfArray(rest) : (rest.split("\n", 1)[0]?.trim().split(/\s+/) ?? []);
  return { keyword: keyword.toUpperCase(), flags, sources: words.slice(0, -1), target: words.at(-1) };
}
