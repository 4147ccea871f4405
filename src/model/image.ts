import type { EnvironmentVariable, Healthcheck } from "./container-values.ts";
import type { WrittenCredential } from "./credentials/find.ts";
import type { Fact, FactList } from "./fact.ts";
import { unset } from "./fact.ts";
import type { Level } from "./level.ts";

export interface ImageScalars {
  /** The user that the image starts as, as written; `unset` where neither it nor its stages say. */
  readonly user: string;
  /** The last stage's base after following `FROM stage`: a reference, or `scratch`. */
  readonly base: string;
  /** The user that the base image sets, where that is known (the Engine has it); "" is root. */
  readonly baseUser: string;
  readonly healthcheck: Healthcheck;
}

export interface ImageLists {
  /** Every image reference the build starts from or copies from (not stages, not scratch). */
  readonly references: string;
  readonly environment: EnvironmentVariable;
  /** `value` undefined for an ARG without a default. */
  readonly buildArguments: EnvironmentVariable;
  /** The commands that call sudo: the word and its arguments' head, without secrets. */
  readonly sudoCommands: string;
  /** What sets a setuid or setgid bit in the build: `chmod u+s /bin/x`, `chmod 4755 …`, `install -m 4755`. */
  readonly setuidCommands: string;
  /** What EXPOSE names: `80/tcp`. */
  readonly exposedPorts: string;
  /**
   * What made each layer: `# syntax=` and the RUN, ADD and COPY of a Dockerfile in order, or the commands that the Engine remembers, newest
   * first. May hold secrets: never print it.
   */
  readonly history: string;
  /** Those of `history` that belong to a stage which the image does not start from: it has of them what COPY --from takes. */
  readonly builderLayers: string;
  /** The words of ENTRYPOINT and CMD; a shell form is `/bin/sh`, `-c` and its text. May hold secrets: never print them. */
  readonly entrypoint: string;
  readonly command: string;
  /** Every folder that a WORKDIR names. */
  readonly workingDirectories: string;
  /** Files of the build context that look like secrets and that a COPY of a whole folder brings in. */
  readonly contextSecrets: string;
  /** Credentials that are written out, but for those of `environment`, `buildArguments` and what an Engine shows in `history`. */
  readonly credentials: WrittenCredential;
}

/** An image as a Dockerfile builds it, or as the Engine has it. */
export type Image = {
  readonly [K in keyof ImageScalars]: Fact<ImageScalars[K]>;
} & {
  readonly [K in keyof ImageLists]: FactList<ImageLists[K]>;
} & { readonly kind: "image"; readonly level: Level };

const emptyImage: Image = {
  kind: "image",
  level: "declared",
  user: unset,
  base: unset,
  baseUser: unset,
  healthcheck: unset,
  references: [],
  environment: [],
  buildArguments: [],
  sudoCommands: [],
  setuidCommands: [],
  exposedPorts: [],
  history: [],
  entrypoint: [],
  command: [],
  workingDirectories: [],
  contextSecrets: [],
  builderLayers: [],
  credentials: [],
};

/** An image of which nothing is said but what is given. */
export function image(level: Level, facts: Partial<Image> = {}): Image {
  return { ...emptyImage, ...facts, level };
}
