import { createInterface } from "node:readline";
import type { Subject } from "../model/subject.ts";
import type { Step } from "./plan/step.ts";

/** About one step: make it, leave it, make it and all that follow, leave it and all that follow. */
export type Answer = "yes" | "no" | "all" | "quit";

/** Asks one question after the other. The answer is `undefined` at the end of the input and after Ctrl-C. */
export interface Questions {
  readonly ask: (question: string) => Promise<string | undefined>;
  readonly close: () => void;
}

/** Questions on the terminal or on a pipe, which may answer early. They go to standard error: standard output has the result. */
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

/** What somebody chose of several plans: whether a step is taken. `undefined` where nobody answered to the end. */
export type Chosen = (step: Step, subject: Subject) => boolean;

/** A subject whose plan depends on the steps that are taken. */
export interface Choosable {
  readonly subject: Subject;
  readonly plan: (takes: (step: Step) => boolean) => readonly Step[];
}

/**
 * Asks about each step of each subject, and plans the subject anew after each answer: a step that was declined may leave
 * another one with more to do. `given` are answers from the command line.
 */
export async function choose(
  subjects: readonly Choosable[],
  given: Chosen,
  show: (subject: Subject, step: Step) => string,
  { ask }: Questions,
): Promise<Chosen | undefined> {
  const said = new Map<string, boolean>();
  let rest: boolean | undefined;
  const keyOf = (subject: Subject, key: string) => `${subject.id} ${key}`;
  const answerOf: (step: Step, subject: Subject) => boolean | undefined = (step, subject) => {
    const answer = said.get(keyOf(subject, step.keys[0]));
    if (answer !== undefined) return answer;
    if (step.kind === "decision") return given(step, subject) || (rest === false ? false : undefined);
    return rest;
  };
  for (const { subject, plan } of subjects) {
    for (;;) {
      const steps = plan((step) => answerOf(step, subject) ?? true);
      const next = steps.find((step) => step.patches.length > 0 && answerOf(step, subject) === undefined);
      if (!next) break;
      const question = `${show(subject, next)}Make this change? [y]es, [n]o, [a]ll the rest except decisions, [q]uit: `;
      const answer = await answerTo(question, ask);
      if (answer === undefined) return undefined;
      if (answer === "quit") rest = false;
      else if (answer === "all") rest = true;
      const isTaken = answer === "yes" || answer === "all";
      const [own, ...takenIn] = next.keys;
      said.set(keyOf(subject, own), isTaken);
      if (!isTaken) continue;
      for (const key of takenIn) {
        if (!said.has(keyOf(subject, key))) said.set(keyOf(subject, key), true);
      }
    }
  }
  return (step, subject) => answerOf(step, subject) ?? false;
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
