import { createInterface } from "node:readline";
/** What a person says of one step: make it, leave it, make it and all that follow, leave it and all that follow. */
export type Answer = "yes" | "no" | "all" | "quit";

/** Asks one question after the other; `undefined` where nobody answers any more (end of input, Ctrl-C). */
export interface Questions {
  readonly ask: (question: string) => Promise<string | undefined>;
  readonly close: () => void;
}

/**
 * Questions on the terminal, or on a pipe, whose lines may come before they are asked for. The questions go to standard
 * error, so that standard output holds the result alone.
 */
export function questionsOn(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Questions {
  const lines: string[] = [];
  const waiting: ((line: string | undefined) => void)[] = [];
  let ended = false;
  const terminal = "isTTY" in output && output.isTTY === true && "isTTY" in input && input.isTTY === true;
  const reader = createInterface({ input, output, terminal });
  reader.on("line", (line) => {
    const next = waiting.shift();
    if (next) next(line);
    else lines.push(line);
  });
  reader.on("SIGINT", () => reader.close());
  reader.on("close", () => {
    ended = true;
    for (const next of waiting.splice(0)) next(undefined);
  });
  return {
    ask(question) {
      output.write(question);
      const line = lines.shift();
      if (line !== undefined) return Promise.resolve(line);
      if (ended) return Promise.resolve(undefined);
      return new Promise((resolve) => waiting.push(resolve));
    },
    close: () => reader.close(),
  };
}

export interface Choice<T> {
  readonly accepted: ReadonlySet<T>;
  /** Nobody answered to the end: what was accepted so far is not to be made either. */
  readonly abandoned: boolean;
}

/** Asks of every step; `show` says what it is. */
export async function choose<T>(
  steps: readonly T[],
  show: (step: T) => string,
  { ask }: Questions,
): Promise<Choice<T>> {
  const accepted = new Set<T>();
  for (const [index, step] of steps.entries()) {
    const answer = await answerTo(`${show(step)}Make it? [y]es, [n]o, [a]ll that follow, [q]uit: `, ask);
    if (answer === undefined) return { accepted: new Set(), abandoned: true };
    if (answer === "quit") break;
    if (answer === "all") {
      for (const each of steps.slice(index)) accepted.add(each);
      break;
    }
    if (answer === "yes") accepted.add(step);
  }
  return { accepted, abandoned: false };
}

const answers: Readonly<Record<string, Answer>> = {
  y: "yes",
  yes: "yes",
  n: "no",
  no: "no",
  a: "all",
  all: "all",
  q: "quit",
  quit: "quit",
};

/** Asks until the answer is one. */
async function answerTo(question: string, ask: Questions["ask"]): Promise<Answer | undefined> {
  for (let text = question; ; text = "Please answer y, n, a or q: ") {
    const line = await ask(text);
    if (line === undefined) return undefined;
    const answer = answers[line.trim().toLowerCase()];
    if (answer) return answer;
  }
}
