import type { DiskFiles } from "../audit/inputs/disk-files.ts";
import type { Input } from "../audit/inputs/inputs.ts";
import type { ComposeOptions, InputReading } from "../audit/inputs/read-input.ts";
import type { SurveyedSubject } from "../audit/survey.ts";
import { besideUnit } from "../formats/daemon-json/surroundings.ts";
import type { ContainerPatch, EnginePatch, ImagePatch, Patch } from "../model/patch.ts";
import type { Edit, Writing } from "../model/writing.ts";

/** What is to be written of one subject. */
export interface SubjectPatches extends Pick<SurveyedSubject, "subject" | "readAs"> {
  readonly patches: readonly Patch[];
}

export interface Written {
  readonly edits: readonly Edit[];
  readonly refused: readonly { readonly subject: string; readonly patch: Patch; readonly reason: string }[];
}

/** What a writer may know of how its input was read. */
export interface Origin {
  readonly compose: ComposeOptions;
  /** What its reader made of it as it is now, where that is known. */
  readonly reading: InputReading | undefined;
  readonly io: DiskFiles;
}

/**
 * The edits that make the patches in the input that the subjects were read from, by its format's writer. Each writer is
 * loaded when it is first needed.
 */
export async function writeInput(
  input: Input,
  wanted: readonly SubjectPatches[],
  { compose, reading, io }: Origin,
): Promise<Written> {
  if (input.format === "compose") return await writeProject(input.files, wanted, { compose, reading, io });
  const text = io.read(input.file);
  if (!text.ok) return refuseAll(wanted, `the file cannot be read: ${text.reason}`);
  // A writer finds a subject by the id that its reader gave, which then is another's too.
  const namesakes = wanted.filter(({ subject, readAs }) => subject.id !== readAs);
  const own = wanted.filter(({ subject, readAs }) => subject.id === readAs);
  const written = together(await writeSubjects(input, text.value, own, { reading, io }), own);
  const left = refuseAll(namesakes, "another command in the file has its name");
  return { edits: written.edits, refused: [...written.refused, ...left.refused] };
}

async function writeProject(
  files: readonly string[],
  wanted: readonly SubjectPatches[],
  { compose: { profiles, envFiles }, reading, io }: Origin,
): Promise<Written> {
  const { writeComposeServices } = await import("../formats/compose/write.ts");
  const writing = writeComposeServices({
    files,
    io,
    ...(reading && "project" in reading && { reading }),
    ...(profiles.length > 0 && { profiles }),
    ...(envFiles.length > 0 && { envFiles }),
    changes: wanted.map(({ subject, patches }) => ({
      service: subject.name,
      patches: patches as readonly ContainerPatch[],
    })),
  });
  const owners = new Map(
    wanted.flatMap(({ subject, patches }) => patches.map((patch) => [patch, subject.id] as const)),
  );
  return {
    edits: writing.edits,
    refused: writing.refused.map(({ patch, reason }) => ({
      subject: owners.get(patch) ?? "",
      patch,
      reason,
    })),
  };
}

/**
 * One writing a subject, all of the text as given. A subject is planned by its kind, so its patches are of the kind that its
 * format writes.
 */
async function writeSubjects(
  input: Exclude<Input, { readonly format: "compose" }>,
  text: string,
  wanted: readonly SubjectPatches[],
  { reading, io }: Pick<Origin, "reading" | "io">,
): Promise<readonly Writing[]> {
  const { file } = input;
  switch (input.format) {
    case "dockerfile": {
      const { writeDockerfile } = await import("../formats/dockerfile/write.ts");
      return wanted.map(({ patches }) =>
        writeDockerfile({ text, file, reading, patches: patches as readonly ImagePatch[] }),
      );
    }
    case "daemon-json": {
      const { writeDaemonJson } = await import("../formats/daemon-json/write.ts");
      return wanted.map(({ patches }) =>
        writeDaemonJson({ text, file, patches: patches as readonly EnginePatch[] }),
      );
    }
    case "dockerd-unit": {
      const { writeDockerdUnit } = await import("../formats/daemon-json/write-unit.ts");
      const { around } = besideUnit(file, io);
      return wanted.map(({ patches }) =>
        writeDockerdUnit({ text, file, around, patches: patches as readonly EnginePatch[] }),
      );
    }
    case "run-options": {
      const { optionsHostNames } = await import("../formats/run-options/looks-like.ts");
      const reason = `bulkhead reads ${optionsHostNames[input.host]} and does not write one`;
      return wanted.map(({ patches }) => ({
        edits: [],
        refused: (patches as readonly ContainerPatch[]).map((patch) => ({ patch, reason })),
      }));
    }
    case "run-line":
    case "script": {
      const { writeRunCommands } = await import("../formats/run-command/write.ts");
      const host = input.format === "script" ? input.host : "line";
      const changes = wanted.map(({ readAs, patches }) => ({
        subject: readAs,
        patches: patches as readonly ContainerPatch[],
      }));
      return writeRunCommands({ text, file, host, io, changes });
    }
  }
}

function refuseAll(wanted: readonly SubjectPatches[], reason: string): Written {
  const refused = wanted.flatMap(({ subject, patches }) =>
    patches.map((patch) => ({ subject: subject.id, patch, reason })),
  );
  return { edits: [], refused };
}

function together(writings: readonly Writing[], wanted: readonly SubjectPatches[]): Written {
  return {
    edits: writings.flatMap(({ edits }) => edits),
    refused: writings.flatMap(({ refused }, index) =>
      refused.map((each) => ({ ...each, subject: wanted[index]?.subject.id ?? "" })),
    ),
  };
}
