import type { ContainerPatch, EnginePatch, Patch } from "../model/patch.ts";
import type { FolderFiles, Reading } from "../model/reading.ts";
import type { Source, Subject } from "../model/subject.ts";
import type { Edit } from "../model/writing.ts";

export type Nouns = readonly [one: string, several: string];

/**
 * A syntax that people or programs write. Its folder holds this object, which `formats.ts` lists. Recognising and spelling
 * are loaded at every start, so a format imports its reader and its writer only when they are called.
 */
export interface Format<R extends Reading = Reading> {
  /** What its files are called: `Compose project`, `Compose projects`. */
  readonly nouns: Nouns;
  readonly recognise: Recognise;
  /** The sources that its subjects have, each declared in the format's file as a member of the model's `Sources`. */
  readonly sources: Readonly<Partial<Record<Source, SourceWords>>>;
  /** How its files are grouped into inputs. Without it each file is one. */
  readonly together?: {
    ofWalk(files: readonly string[], io: FolderFiles): readonly InputFiles[];
    ofNamed(file: string, io: FolderFiles): InputFiles;
  };
  /** Files that these take along, so that they are not inputs of their own. */
  takes?(files: readonly string[], io: FolderFiles): ReadonlySet<string>;
  /** The files of another format that it only names. A walk finds them without it. */
  namesOnly?(file: string, io: FolderFiles): NamedFiles | undefined;
  /** Never rejects for a bad text: what cannot be read is a gap. */
  read(files: readonly string[], context: ReadContext): Promise<R>;
  /** The edits that make the patches. A format without it is only read. */
  write?(
    files: readonly string[],
    wanted: readonly SubjectPatches[],
    context: WriteContext<R>,
  ): Promise<Written>;
}

/** Files that are read together. */
export interface InputFiles {
  readonly files: readonly string[];
  /** The second file changes the first, which is judged without it: only what it has a part in is judged. */
  readonly overlay?: true;
  /** The file that these change, where they are read without it, to be written. */
  readonly base?: string;
}

export interface NamedFiles extends InputFiles {
  readonly format: "compose";
}

/** How a file is recognised. The first format of the list that recognises it reads it. */
export interface Recognise {
  /** By the file's name alone. */
  name?(path: string): boolean;
  /** Whether a walk opens a file of this name, to recognise it by its text. */
  opens?(path: string): boolean;
  /** Whether a walk opens a file of this name that begins with `#!`. */
  opensScript?(path: string): boolean;
  /** By its text, where its name shows only its syntax. */
  text?(text: string, path: string): boolean;
  /** By its text alone: standard input, or a file of any name that was named. */
  shape?(text: string): boolean;
  /** The same for a text without a file, which no format has recognised. */
  given?(text: string): boolean;
}

/** What reports call a source's subjects, and how a fix is written in its syntax. */
export interface SourceWords {
  /** Before a subject's name: `Compose service`. Empty where its kind is enough. */
  readonly title: string;
  /** In counts of subjects, in some formats by the file's name. */
  readonly nouns: Nouns | ((file: string) => Nouns);
  /** True where the format writes its other sources, and not this one. */
  readonly isReadOnly?: true;
  /** True where a subject is one command, so that a comment at its first or last line concerns all of it. */
  readonly isOneCommand?: true;
  readonly spell?: Spelling;
}

/** A patch as people would write it there. Where it is undefined, the patch is spelled as an option of docker run. */
export interface Spelling {
  container?(patch: ContainerPatch): string | undefined;
  engine?(patches: readonly EnginePatch[]): readonly string[];
}

/** Options of `docker compose` on its command line. */
export interface ComposeOptions {
  readonly profiles: readonly string[];
  readonly envFiles: readonly string[];
}

export interface ReadContext {
  readonly io: FolderFiles;
  readonly compose: ComposeOptions;
  /** Whether a fix will write the inputs. Then the parsed text is kept, which takes memory. */
  readonly forWriting: boolean;
  /** The files only change another one: what they say counts, and what they lack does not. */
  readonly isPart: boolean;
}

/** What is to be written of one subject. */
export interface SubjectPatches {
  readonly subject: Subject;
  /** The id that its reader gave it; `subject.id` is another one where two have the same. */
  readonly readAs: string;
  /** Of the kind that its format writes, because a subject is planned by its kind. */
  readonly patches: readonly Patch[];
}

export interface WriteContext<R extends Reading = Reading> {
  readonly io: FolderFiles;
  readonly compose: ComposeOptions;
  /** What its reader made of it as it is now, where that is known. */
  readonly reading: R | undefined;
  /** As in `ReadContext`. */
  readonly isPart?: boolean;
}

export interface Written {
  readonly edits: readonly Edit[];
  readonly refused: readonly { readonly subject: string; readonly patch: Patch; readonly reason: string }[];
}

export function refuseAll(wanted: readonly SubjectPatches[], reason: string): Written {
  const refused = wanted.flatMap(({ subject, patches }) =>
    patches.map((patch) => ({ subject: subject.id, patch, reason })),
  );
  return { edits: [], refused };
}
