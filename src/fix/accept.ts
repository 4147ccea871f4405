import { exempts, type Scope } from "../model/exemption.ts";
import type { Subject } from "../model/subject.ts";
import type { Step } from "./plan/step.ts";

/** A decision that somebody named: `published-port`, or `published-port@web` for one subject. */
export type Acceptance = Pick<Scope, "control" | "subject">;

export function parseAcceptance(text: string): Acceptance {
  const at = text.indexOf("@");
  return at < 0
    ? { control: text, subject: undefined }
    : { control: text.slice(0, at), subject: text.slice(at + 1) };
}

export function spellAcceptance({ control, subject }: Acceptance): string {
  return subject === undefined ? control : `${control}@${subject}`;
}

/** A subject goes by its name (`web`) or its whole id (`compose.yaml#web`). Every decision has to be named. */
export function accepts(
  acceptance: Acceptance,
  { controls }: Pick<Step, "controls">,
  { id, name }: Pick<Subject, "id" | "name">,
): boolean {
  if (acceptance.control === "*") return false;
  const covers = exempts(acceptance);
  return controls.some((control) => covers({ control, names: [name, id] }));
}
