import {
  accessSync,
  appendFileSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { isOrphan, ownLabel } from "./owner.ts";

/**
 * Where proofs say which containers are theirs, so that a watch of the same user leaves them out: a label or a name anybody
 * could give a container, an entry here only root, or the user who has the Engine. Undefined where the user has no folder.
 */
export function proofFolder(): string | undefined {
  if (process.getuid?.() === 0) return "/run/bulkhead-prove";
  const { XDG_RUNTIME_DIR: own } = process.env;
  return own ? join(own, "bulkhead-prove") : undefined;
}

/** Why a watch or a page would take the containers of a proof for anybody's; undefined where it knows them. */
export function whyProofsAreNotKnown(folder = proofFolder()): string | undefined {
  const why =
    "without a folder that others cannot write, the containers of a proof cannot be known from others";
  if (folder === undefined) return `needs root, or XDG_RUNTIME_DIR: ${why}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return isOwn(folder) ? undefined : `cannot use ${folder}, which others may write: ${why}`;
  } catch (error) {
    return `cannot write ${folder} (${error instanceof Error && "code" in error ? error.code : error}): ${why}`;
  }
}

/** Every container of a proof is called so, with a random number. */
export const proofPrefix = "bulkhead-prove-";

/**
 * What a proof writes. The name counts from before the container is made, and only until its id is known. Nothing counts
 * once the proof's process has ended, however it ended.
 */
export interface ProofRegister {
  name(name: string): void;
  id(name: string, id: string): void;
  close(): void;
}

/** Without a folder nothing is written: a watch then takes the proof's containers for anybody's. */
export function openProofRegister(folder = proofFolder()): ProofRegister {
  if (folder === undefined) return { name() {}, id() {}, close() {} };
  const path = join(folder, `${process.pid}-${process.hrtime.bigint()}`);
  const write = (line: string) => {
    try {
      // Where others may write, a link could lead anywhere.
      if (isOwn(folder)) appendFileSync(path, `${line}\n`, { mode: 0o600 });
    } catch {
      // A read-only /run: the proof goes on.
    }
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const file of registersIn(folder)) if (isOrphan(file.owner) === true) rmSync(file.path);
  } catch {
    // As above.
  }
  write(ownLabel());
  return {
    name: (name) => write(name),
    id: (name, id) => write(`${name} ${id}`),
    close() {
      try {
        rmSync(path, { force: true });
      } catch {
        // Something else lies where the folder should be: nothing was written.
      }
    },
  };
}

/** Whether a container is one of a proof that said so here and still runs. */
export function isOfProof(
  { name, id }: { readonly name: string; readonly id: string },
  folder = proofFolder(),
): boolean {
  if (folder === undefined || !name.startsWith(proofPrefix)) return false;
  return registersIn(folder).some(({ owner, lines }) => {
    if (!lines.includes(name) || isOrphan(owner) !== false) return false;
    const known = lines.find((line) => line.startsWith(`${name} `));
    return known === undefined || known === `${name} ${id}`;
  });
}

interface RegisterFile {
  readonly path: string;
  readonly owner: string;
  readonly lines: readonly string[];
}

/** Those that this user alone, or root, can have written. Whatever else lies there (a folder, a pipe, a link) counts for nothing. */
function registersIn(folder: string): readonly RegisterFile[] {
  try {
    if (!isOwn(folder)) return [];
    return readdirSync(folder).flatMap((file) => readRegister(join(folder, file)) ?? []);
  } catch {
    return [];
  }
}

function readRegister(path: string): RegisterFile | undefined {
  try {
    // Reading a pipe would wait for a writer.
    if (!isOwn(path) || !lstatSync(path).isFile()) return undefined;
    const [owner = "", ...lines] = readFileSync(path, "utf8").split("\n");
    return { path, owner, lines };
  } catch {
    return undefined;
  }
}

function isOwn(path: string): boolean {
  const { uid, mode } = lstatSync(path);
  return (uid === 0 || uid === process.geteuid?.()) && (mode & 0o077) === 0;
}
