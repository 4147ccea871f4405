import type { Piece } from "../passage.ts";
import type { Hole, Word } from "../word.ts";

/** What a shell variable holds, as far as the script shows. */
export type Binding =
  | {
      readonly kind: "text";
      readonly pieces: readonly Piece[];
      readonly holes: readonly Hole[];
      readonly unset?: true;
    }
  | { readonly kind: "list"; readonly words: readonly Word[] }
  | {
      readonly kind: "unknown";
      readonly reason: string;
      /** How it is written, if it is not a shell variable. */
      readonly source?: string;
    };

/**
 * The variables at one point of a script. Branches are journalled, so that what they assign can be taken back or
 * marked as uncertain behind them without copying all variables.
 */
export interface Scope {
  get(name: string): Binding | undefined;
  /** The same, as far as this script assigns it: what another file may do does not count. */
  own(name: string): Binding | undefined;
  assign(name: string, binding: Binding): void;
  /** Nothing is sure any more, not even that a variable is not set: another file was read in. */
  forgetAll(reason: string): void;
  /** A function may do the same, whenever it is called. */
  openByFunction(reason: string): void;
  /** Runs a part whose assignments do not outlive it (a subshell). */
  isolated(run: () => void): void;
  /** Runs alternatives that each start from here; behind them, what any assigned is uncertain. */
  branches(runs: readonly (() => void)[]): void;
  /** A function assigns the variable: it is `open` everywhere but in functions, from here on. */
  setByFunction(name: string, open: Binding): void;
  /** Runs a function's body. When it is called is unknown. */
  inFunction(run: () => void): void;
  /** The names that an environment passes on. */
  readonly exported: Set<string>;
}

export function newScope(initial: ReadonlyMap<string, Binding> = new Map()): Scope {
  const variables = new Map(initial);
  const journals: Map<string, Binding | undefined>[] = [];
  const put = (name: string, binding: Binding | undefined) => {
    if (binding) variables.set(name, binding);
    else variables.delete(name);
  };
  const byFunctions = new Map<string, Binding>();
  const assigned = new Set<string>();
  const again = new Set<string>();
  let functions = 0;
  let anything: Binding | undefined;
  let openedByFunction: Binding | undefined;
  const assign = (name: string, binding: Binding) => {
    if (functions === 0) {
      if (assigned.has(name)) again.add(name);
      assigned.add(name);
    }
    const journal = journals.at(-1);
    if (journal && !journal.has(name)) journal.set(name, variables.get(name));
    variables.set(name, functions === 0 ? (openedByFunction ?? byFunctions.get(name) ?? binding) : binding);
  };
  const journalled = (run: () => void): readonly string[] => {
    const journal = new Map<string, Binding | undefined>();
    journals.push(journal);
    run();
    journals.pop();
    for (const [name, before] of journal) put(name, before);
    return [...journal.keys()];
  };
  const forgetAll = (reason: string) => {
    anything = { kind: "unknown", reason };
    for (const [name, binding] of [...variables]) if (!isEngine(binding)) assign(name, anything);
  };
  return {
    get: (name) => variables.get(name) ?? anything,
    own: (name) => variables.get(name),
    assign,
    forgetAll,
    openByFunction(reason) {
      openedByFunction = { kind: "unknown", reason };
      forgetAll(reason);
    },
    isolated(run) {
      journalled(run);
    },
    branches(runs) {
      const names = new Set(runs.flatMap(journalled));
      for (const name of names) {
        assign(name, { kind: "unknown", reason: `the variable ${name} is set in more than one way` });
      }
    },
    setByFunction(name, open) {
      byFunctions.set(name, open);
      assign(name, open);
    },
    inFunction(run) {
      functions += 1;
      journalled(() => {
        for (const name of again) {
          assign(name, { kind: "unknown", reason: `the variable ${name} is set in more than one way` });
        }
        run();
      });
      functions -= 1;
    },
    exported: new Set(),
  };
}

/** `DOCKER=docker`: whatever else may set it, it stays the name of an engine's client. */
function isEngine(binding: Binding): boolean {
  return (
    binding.kind === "text" &&
    /^(?:sudo )?(?:docker|podman|nerdctl)$/.test(binding.pieces.map(({ text }) => text).join(""))
  );
}
