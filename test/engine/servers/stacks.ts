import type { ServerImage } from "./image.ts";
import { dataStacks } from "./stacks/data.ts";
import { moreStacks } from "./stacks/more.ts";
import { ownStacks } from "./stacks/own.ts";
import { webStacks } from "./stacks/web.ts";

/** A project as its owner uses it: what it answers hardened must be what it answered untouched. */
export interface Stack {
  readonly name: string;
  /** By the reference that the project names. */
  readonly images: Readonly<Record<string, ServerImage>>;
  readonly compose: string;
  readonly files?: Readonly<Record<string, string>>;
  /** A shell command that makes the rest of its files, in its folder. */
  readonly prepare?: string;
  /** What a user says that working means, as words of the command. */
  readonly checks: readonly string[];
  /**
   * Shell commands in a service, one after the other, as its owner's day: each output is compared. One that fails is tried for
   * some seconds. `host` is the owner's own shell, in the project's folder.
   */
  readonly uses: readonly (readonly [service: string, command: string])[];
}

export const stacks: readonly Stack[] = [...webStacks, ...dataStacks, ...ownStacks, ...moreStacks];
