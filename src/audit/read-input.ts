import { readCompose } from "../formats/compose/read.ts";
import { readDockerdUnit } from "../formats/daemon-json/dockerd.ts";
import { readDaemonJson } from "../formats/daemon-json/read.ts";
import { readDockerfile } from "../formats/dockerfile/read.ts";
import { readRunLine } from "../formats/run-command/read.ts";
import { readScript } from "../formats/run-command/scripts.ts";
import { gap } from "../model/gap.ts";
import type { Files, Reading } from "../model/reading.ts";
import { emptyReading } from "../model/reading.ts";
import type { Input } from "./inputs.ts";

/** What `docker compose` is told on its command line. */
export interface ComposeOptions {
  readonly profiles: readonly string[];
  readonly envFiles: readonly string[];
}

/** Reads one input by its format. Never throws: what cannot be read is a gap. */
export function readInput(input: Input, options: ComposeOptions, io: Files): Reading {
  if (input.format === "compose") {
    return readCompose({
      files: input.files,
      io,
      ...(options.profiles.length > 0 && { profiles: options.profiles }),
      ...(options.envFiles.length > 0 && { envFiles: options.envFiles }),
    });
  }
  const text = io.read(input.file);
  if (!text.ok) return { ...emptyReading, gaps: [gap(text.reason, { file: input.file })] };
  switch (input.format) {
    case "dockerfile":
      return readDockerfile(text.value, input.file);
    case "daemon-json":
      return readDaemonJson(text.value, input.file);
    case "dockerd-unit":
      return readDockerdUnit(text.value, input.file);
    case "run-line":
      return readRunLine(text.value, input.file, io);
    case "script":
      return readScript(text.value, input.file, input.host, io);
  }
}
