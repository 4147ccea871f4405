import { createHash } from "node:crypto";

/** What a workload gave: the body of an answer, or the content of a file. */
export interface Given {
  /** sha256, in hex. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** Undefined where it is not text, or more than is kept. */
  readonly text: string | undefined;
}

/** What untouched runs gave each time. What varied between them is masked. */
export type Likeness =
  | { readonly kind: "same"; readonly digest: string; readonly example: string | undefined }
  /** Word for word, where undefined stands for what varied. */
  | { readonly kind: "words"; readonly words: readonly (string | undefined)[] }
  /** Lines that each of them had. */
  | { readonly kind: "lines"; readonly lines: readonly string[] }
  /** They had nothing in common. */
  | { readonly kind: "unlike" };

/** Longer texts are compared by their digest alone. Characters. */
const longest = 256 * 1024;

export function givenOf(bytes: Buffer): Given {
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (bytes.length > longest || bytes.includes(0)) return { digest, size: bytes.length, text: undefined };
  return { digest, size: bytes.length, text: bytes.toString("utf8") };
}

/** What is alike in all of them. Pure. */
export function likenessOf(samples: readonly Given[]): Likeness {
  const [first, ...others] = samples;
  if (!first) return { kind: "unlike" };
  if (others.every(({ digest }) => digest === first.digest)) {
    return { kind: "same", digest: first.digest, example: first.text };
  }
  const texts = samples.flatMap(({ text }) => text ?? []);
  if (texts.length < samples.length) return { kind: "unlike" };
  const [words = [], ...rest] = texts.map(wordsOf);
  if (rest.every((other) => other.length === words.length)) {
    const common = words.map((word, at) => (rest.every((other) => other[at] === word) ? word : undefined));
    const isText = common.some((word) => word !== undefined && /\w/.test(word));
    return isText ? { kind: "words", words: common } : { kind: "unlike" };
  }
  const [lines = [], ...more] = texts.map(linesOf);
  const shared = lines.filter((line) => line.trim() !== "" && more.every((other) => other.includes(line)));
  return shared.length > 0 ? { kind: "lines", lines: shared } : { kind: "unlike" };
}

/** How it differs from what untouched runs gave, as a clause after "it"; undefined where it does not. Pure. */
export function differenceFrom(likeness: Likeness, given: Given): string | undefined {
  if (likeness.kind === "unlike") return undefined;
  if (likeness.kind === "same") {
    if (given.digest === likeness.digest) return undefined;
    const { example } = likeness;
    if (example === undefined || given.text === undefined)
      return `has ${given.size} bytes of another content`;
    const known = linesOf(example);
    return saying(linesOf(given.text).find((line, at) => line !== known[at]) ?? "");
  }
  if (given.text === undefined) return `has ${given.size} bytes of another content`;
  if (likeness.kind === "words") {
    const words = wordsOf(given.text);
    const { words: known } = likeness;
    const at = known.findIndex((word, place) => word !== undefined && word !== words[place]);
    if (at < 0 && words.length === known.length) return undefined;
    const place = at < 0 ? known.length : at;
    return saying(words.slice(Math.max(0, place - 6), place + 6).join(""));
  }
  const lines = linesOf(given.text);
  const lost = likeness.lines.find((line) => !lines.includes(line));
  return lost === undefined ? undefined : `lacks the line “${shortened(lost)}”`;
}

function saying(text: string): string {
  return `says “${shortened(text)}” instead`;
}

function shortened(text: string): string {
  const plain = text.replace(/\s+/g, " ").trim();
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}

/** Words, and what stands between them. */
function wordsOf(text: string): readonly string[] {
  return text.split(/([^A-Za-z0-9]+)/);
}

function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/);
}
