import { gap } from "../../model/gap.ts";
import type { Reading } from "../../model/reading.ts";
import { locator } from "../values/positions.ts";
import { engineOf } from "./engine.ts";
import { dockerdOf } from "./invocation.ts";
import { engineReading } from "./subject.ts";
import { splitWords, type Word } from "./words.ts";

/**
 * Reads a dockerd command line, given as a shell would take it, into the engine that it starts: `dockerd -H
 * tcp://0.0.0.0:2375`, also in its old forms `docker -d …` and `docker daemon …`. Never throws. Source:
 * https://docs.docker.com/reference/cli/dockerd/
 */
export function readDockerdLine(text: string, file: string): Reading {
  const locate = locator(file, text);
  let start = 0;
  while (start < text.length) {
    const { words, next } = splitWords(
      text,
      { start, end: text.length },
      { syntax: "shell", locate, variables: () => undefined },
    );
    const flags = dockerdOf(words);
    if (flags) {
      return engineReading(engineOf(flags), file, { ...flags, location: locate({ start, end: next }) });
    }
    start = next + 1;
  }
  return { subjects: [], gaps: [gap("there is no dockerd command here", { file })], secrets: [] };
}

/** Reads the arguments of a dockerd process, its own name first, as /proc/PID/cmdline has them. */
export function readDockerdCommand(words: readonly Word[], file: string): Reading {
  const flags = dockerdOf(words);
  if (!flags) return { subjects: [], gaps: [gap("this is no dockerd command", { file })], secrets: [] };
  return engineReading(engineOf(flags), file, flags);
}
export function readDockerdUnit(text: string, file: string): Reading {
  return readDockerdLine(text.replace(/^[\s\S]*ExecStart=/, ""), file);
}
