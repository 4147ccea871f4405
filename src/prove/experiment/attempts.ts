import type { Result } from "../../base/result.ts";
import { errnoOf } from "../helper/errno.ts";
import type { Builder, Call, Memory, Ran } from "../helper/program.ts";
import type { Judgement, ProbeRuns, ProbeTarget } from "../probe.ts";

/** One thing that was tried. */
export interface Attempt {
  /** In words or as a call: `mount(tmpfs)`. */
  readonly what: string;
  /** The error's name, or the signal that killed it (`SIGSYS`); undefined where it succeeded. */
  readonly error: string | undefined;
}

const signals: Readonly<Record<number, string>> = {
  9: "SIGKILL",
  11: "SIGSEGV",
  14: "SIGALRM",
  31: "SIGSYS",
};

/** Milliseconds that a child may take. */
const childPatience = 8_000;

/**
 * Makes calls in a child of the helper: what they change of the process is gone with it, and what kills it kills no
 * more. `read` gives what to make of it once it has run.
 */
export function inChild(
  builder: Builder,
  body: () => void,
): (ran: Ran) => { readonly killedBy: string | undefined } {
  const status = builder.space(8);
  const timer = builder.words(0, 0, Math.floor(childPatience / 1000), 0);
  const child = builder.child(() => {
    builder.call("setitimer", 0, timer, 0);
    body();
  });
  builder.call("wait4", child, status, 0, 0);
  return (ran) => {
    const pid = ran.result(child) ?? -1;
    if (pid < 0) return { killedBy: `no child: ${errnoOf(pid)}` };
    const signal = ran.data(status).readInt32LE(0) & 0x7f;
    return { killedBy: signal === 0 ? undefined : (signals[signal] ?? `signal ${signal}`) };
  };
}

/** Tries each call in its own child process. */
export async function tryCalls(
  target: Pick<ProbeTarget, "run">,
  calls: Readonly<Record<string, (builder: Builder) => Call>>,
): Promise<Result<readonly Attempt[]>> {
  return await target.run((builder) => {
    const readers = Object.entries(calls).map(([what, make]) => tryCall(builder, what, () => make(builder)));
    return (ran) => readers.map((read) => read(ran));
  });
}

/** One call in its own child process. */
export function tryCall(builder: Builder, what: string, make: () => Call): (ran: Ran) => Attempt {
  let call: Call | undefined;
  const outcome = inChild(builder, () => {
    call = make();
  });
  const made = call;
  return (ran) => ({ what, error: (made && errorOf(ran, made)) ?? outcome(ran).killedBy });
}

/** The error's name; undefined for a success, or where it was not made. */
export function errorOf(ran: Ran, call: Call): string | undefined {
  const result = ran.result(call);
  return result === undefined ? undefined : errnoOf(result);
}

/** What attempts came to, for evidence: `mount(tmpfs): EPERM; chroot("/") succeeds`. */
function sayAttempts(attempts: readonly Attempt[]): string {
  const byError = new Map<string, string[]>();
  for (const { what, error } of attempts) {
    const key = error ?? "";
    byError.set(key, [...(byError.get(key) ?? []), what]);
  }
  return [...byError]
    .map(
      ([error, whats]) =>
        `${whats.join(", ")}${error === "" ? ` succeed${whats.length === 1 ? "s" : ""}` : `: ${error}`}`,
    )
    .join("; ");
}

/**
 * The usual judgement. Not held where anything succeeded; held where every attempt met an expected error and succeeds in
 * the looser container; else inconclusive, with why.
 */
export function judgeAttempts(
  { subject, control }: Pick<ProbeRuns<readonly Attempt[]>, "subject" | "control">,
  expected: readonly string[],
  { looser = "a privileged container of the same image" }: { readonly looser?: string } = {},
): Judgement {
  const done = subject.filter(({ error }) => error === undefined);
  if (done.length > 0) return { outcome: "notHeld", evidence: sayAttempts(done) };
  if (subject.length === 0) return { outcome: "inconclusive", evidence: "nothing was tried" };
  const strange = subject.filter(({ error }) => !expected.includes(error ?? ""));
  if (strange.length > 0) {
    return {
      outcome: "inconclusive",
      evidence: `${sayAttempts(strange)}, where ${expected.join(" or ")} was expected`,
    };
  }
  if (!control.ok)
    return {
      outcome: "inconclusive",
      evidence: `${sayAttempts(subject)}; no looser container: ${control.reason}`,
    };
  const alsoFails = control.value.filter(({ error }) => error !== undefined);
  if (control.value.length === 0 || alsoFails.length > 0) {
    return {
      outcome: "inconclusive",
      evidence: `${sayAttempts(subject)}, but in ${looser} it fails, too: ${sayAttempts(alsoFails)}`,
    };
  }
  return { outcome: "held", evidence: `${sayAttempts(subject)}; in ${looser} it succeeds` };
}

/** The bytes up to the first NUL, as text. */
export function textOf(ran: Ran, memory: Memory): string {
  const bytes = ran.data(memory);
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}
