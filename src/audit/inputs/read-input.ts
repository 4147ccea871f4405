import type { ComposeReading } from "../../formats/compose/read.ts";
import { mentionsDockerd } from "../../formats/daemon-json/looks-like.ts";
import { besideUnit } from "../../formats/daemon-json/surroundings.ts";
import type { DockerfileReading } from "../../formats/dockerfile/read.ts";
import { gap } from "../../model/gap.ts";
import type { Reading } from "../../model/reading.ts";
import { emptyReading } from "../../model/reading.ts";
import type { DiskFiles } from "./disk-files.ts";
import type { Input } from "./inputs.ts";

/** Options of `docker compose` on its command line. */
export interface ComposeOptions {
  readonly profiles: readonly string[];
  readonly envFiles: readonly string[];
}

export interface ReadOptions extends ComposeOptions {
  /** Whether a fix will write the inputs. Then the parsed text is kept, which takes memory. */
  readonly forWriting?: boolean | undefined;
}

/** What a reader makes of an input; some hand on more to the writer of their format. */
export type InputReading = Reading | ComposeReading | DockerfileReading;

/**
 * Reads one input by its format. Never rejects: what cannot be read is a gap. Each format is loaded when the first file of it
 * comes, so that the audit of one Compose file does not wait for the parser of shell scripts.
 */
export async function readInput(input: Input, options: ReadOptions, io: DiskFiles): Promise<InputReading> {
  if (input.format === "compose") {
    const { readCompose } = await import("../../formats/compose/read.ts");
    return readCompose({
      files: input.files,
      io,
      ...(options.profiles.length > 0 && { profiles: options.profiles }),
      ...(options.envFiles.length > 0 && { envFiles: options.envFiles }),
      ...(options.forWriting && { forWriting: true }),
    });
  }
  const text = io.read(input.file);
  if (!text.ok) return { ...emptyReading, gaps: [gap(text.reason, { file: input.file })] };
  switch (input.format) {
    case "dockerfile": {
      const { readDockerfile } = await import("../../formats/dockerfile/read.ts");
      return readDockerfile(text.value, input.file, { forWriting: options.forWriting === true });
    }
    case "daemon-json": {
      const { readDaemonJson } = await import("../../formats/daemon-json/read.ts");
      return readDaemonJson(text.value, input.file);
    }
    case "dockerd-unit": {
      const { readDockerdUnit } = await import("../../formats/daemon-json/dockerd.ts");
      const { around, gaps } = besideUnit(input.file, io);
      const reading = readDockerdUnit(text.value, input.file, around);
      return { ...reading, gaps: [...reading.gaps, ...gaps] };
    }
    case "run-line": {
      const { readRunLine } = await import("../../formats/run-command/read.ts");
      const reading = readRunLine(text.value, input.file, io);
      if (reading.subjects.length > 0 || !mentionsDockerd(text.value)) return reading;
      const { readDockerdLine } = await import("../../formats/daemon-json/dockerd.ts");
      return readDockerdLine(text.value, input.file);
    }
    case "run-options": {
      const { readRunOptions } = await import("../../formats/run-options/read.ts");
      return readRunOptions(text.value, input.file, input.host, io);
    }
    case "script": {
      const { readScript } = await import("../../formats/run-command/scripts.ts");
      return readScript(text.value, input.file, input.host, io);
    }
  }
}
