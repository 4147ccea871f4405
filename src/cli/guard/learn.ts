import { type Learner, learner } from "../../guard/policy/learn.ts";
import type { Client } from "../../guard/policy/policies.ts";

/** Milliseconds between two looks at what was learnt. */
const every = 30_000;

export interface Learning {
  readonly learner: Learner;
  /** Writes what is new, if anything is. */
  write(): void;
  /** Writes it for the last time. */
  end(): void;
}

/** Gathers what mode `learn` lets through, and writes it to the file now and then. */
export function startLearning(
  path: string,
  clients: () => readonly Client[],
  tell: (message: string) => void,
): Learning {
  const gathered = learner(new Date());
  const write = () => {
    if (!gathered.hasNews) return;
    const written = gathered.write(path, clients(), new Date());
    tell(written.ok ? `what was learnt is in ${path}` : written.reason);
  };
  const timer = setInterval(write, every);
  timer.unref();
  return {
    learner: gathered,
    write,
    end() {
      clearInterval(timer);
      write();
    },
  };
}
