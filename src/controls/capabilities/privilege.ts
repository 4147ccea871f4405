import type { Container } from "../../model/container.ts";
import { notApplicable, type Verdict } from "../../model/verdict.ts";

/** Whether a file, the Engine or what the kernel shows says `--privileged` outright. */
export function asksPrivileged({ privileged }: Container): boolean {
  return privileged.state === "set" && privileged.value;
}

/** The verdict of a control on what `--privileged` implies: it is counted once. */
export function impliedByPrivileged(what: string): Verdict {
  return notApplicable(`--privileged ${what}: see the finding of the control privileged`);
}

/** What is given beside `--privileged` is found; what is not given is not a pass, since all of it is there. */
export function unlessPrivileged(container: Container, verdict: Verdict, what: string): Verdict {
  return verdict.verdict === "pass" && asksPrivileged(container) ? impliedByPrivileged(what) : verdict;
}
