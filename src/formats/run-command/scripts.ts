import type { Files, Reading } from "../../model/reading.ts";
import { emptyReading } from "../../model/reading.ts";
import { passage, written } from "./passage.ts";
import { readShellText, surroundings } from "./read.ts";
import { mentionsDockerRun, type ScriptHost } from "./script-host.ts";
import { readingOf } from "./subjects.ts";

/** Reads every `docker run` and `docker create` in a file of the kind. Never throws. */
export function readScript(text: string, file: string, _host: ScriptHost, io: Files): Reading {
  if (!mentionsDockerRun(text)) return emptyReading;
  const { found, gaps } = readShellText(passage([written(text)]), surroundings(text, file, io));
  return readingOf(found, file, gaps);
}
