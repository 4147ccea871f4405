import type { Ran } from "./cli.ts";

/** A step of `bulkhead fix --format json`. */
export interface FixedStep {
  readonly controls: readonly string[];
  readonly kind: string;
  /** Of a decision. */
  readonly accepted?: boolean;
}

/** Whether the step is left to a person: advice, and a decision that nobody made. */
export function isLeft({ kind, accepted }: FixedStep): boolean {
  return kind === "manual" || accepted === false;
}

/**
 * The `--accept` flags of every decision that a fix would leave open. One that is made may bring up another, so it asks until
 * none is left.
 */
export async function everyDecision(
  fix: (flags: readonly string[]) => Promise<Ran>,
): Promise<readonly string[]> {
  const flags: string[] = [];
  for (;;) {
    const { stdout } = await fix(["--format", "json", ...flags]);
    const { subjects } = JSON.parse(stdout) as {
      readonly subjects: readonly { readonly subject: string; readonly patches: readonly FixedStep[] }[];
    };
    const open = subjects.flatMap(({ subject, patches }) =>
      patches
        .filter(({ accepted }) => accepted === false)
        .flatMap(({ controls }) => controls.slice(0, 1).map((control) => `--accept=${control}@${subject}`)),
    );
    const fresh = new Set(open.filter((flag) => !flags.includes(flag)));
    if (fresh.size === 0) return flags;
    flags.push(...fresh);
  }
}
