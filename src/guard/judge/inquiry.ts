import { type Answer, type Knowledge, type Question, questionKey } from "./result.ts";

/** What is known, and what was asked for and is not. */
export interface Inquiry {
  /** The answer; what is not known yet is `unknown`, and noted. An object is known by its full id too once its name is. */
  readonly ask: (question: Question) => Answer;
  /** What must be answered before the decision counts. */
  readonly open: () => readonly Question[];
}

const notYet: Answer = { state: "unknown", reason: "it was not asked yet" };

export function inquire(knowledge: Knowledge): Inquiry {
  const open = new Map<string, Question>();
  const byId = new Map<string, Answer>();
  for (const [key, answer] of knowledge) {
    if (answer.state === "found" && !key.startsWith("hostPath "))
      byId.set(`${key.slice(0, key.indexOf(" "))} ${answer.id}`, answer);
  }
  return {
    ask(question) {
      const key = questionKey(question);
      const known = knowledge.get(key) ?? byId.get(key);
      if (known) return known;
      open.set(key, question);
      return notYet;
    },
    open: () => [...open.values()],
  };
}
