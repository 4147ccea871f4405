import type { Door } from "./door.ts";
import type { Stage } from "./stage.ts";

/** One way to a state that the default policy forbids. */
export interface Attack {
  readonly name: string;
  /** The policy that forbids it, where that is another than the default: what stands below `guard`, as YAML in one line. */
  readonly policy?: string;
  /** The request byte for byte, in latin1, where the attack is that alone. */
  readonly bytes?: string;
  /** Makes past the guard what is there already. */
  readonly prepare?: (stage: Stage) => Promise<unknown>;
  /** What the client does. That it fails is fine; an exception that it throws is taken for that. */
  readonly attempt: (door: Door, stage: Stage) => Promise<unknown>;
  /** Whether the forbidden state is there, seen past the guard; `heard` is all that came out of the door. */
  readonly seen: (stage: Stage, heard: string) => boolean | Promise<boolean>;
  /** Takes away what the stage does not clear by itself. */
  readonly clean?: (stage: Stage) => Promise<unknown>;
}

export interface Subject {
  readonly subject: string;
  readonly attacks: readonly Attack[];
}
