import type { Reading } from "../../model/reading.ts";
import { locator } from "../values/positions.ts";
import { engineOf } from "./engine.ts";
import { flagsOf } from "./invocation.ts";
import { settingsOfJson } from "./json.ts";
import { engineReading, mergeSettings, noEngine } from "./settings.ts";
import { splitWords, type Word } from "./words.ts";

export { readDockerdUnit } from "./unit.ts";

/**
 * Reads a dockerd command line, given as a shell would take it, into the engine that it starts: `dockerd -H
 * tcp://0.0.0.0:2375`, also in its old forms `docker -d …` and `docker daemon …`. Never throws. Source:
 * https://docs.docker.com/reference/cli/dockerd/
 */
export function readDockerdLine(text: string, file: string): Reading {
  const locate = locator(file, text);
  let start = 0;
  while (start < text.length) {
    const span = { start, end: text.length };
    const { words, next } = splitWords(text, span, { syntax: "shell", locate, variables: () => undefined });
    const flags = flagsOf(words);
    if (flags) {
      return engineReading(engineOf(flags), file, { ...flags, location: locate({ start, end: next }) });
    }
    start = next + 1;
  }
  return noEngine(file, "there is no dockerd command here");
}

/**
 * Reads the arguments of a dockerd process, its own name first, as /proc/PID/cmdline has them, together with the
 * daemon.json that it reads (`configFileOf` names it). `file` is what the subject is named after.
 */
export function readDockerdCommand(
  words: readonly Word[],
  file: string,
  daemonJson?: { readonly text: string; readonly file: string },
): Reading {
  const flags = flagsOf(words);
  if (!flags) return noEngine(file, "this is not a dockerd command");
  const settings = daemonJson
    ? mergeSettings(settingsOfJson(daemonJson.text, daemonJson.file), flags)
    : flags;
  return engineReading(engineOf(settings), file, settings);
}

/** The daemon.json that a dockerd with these arguments reads. */
export function configFileOf(words: readonly Word[]): string {
  return flagsOf(words)?.configFile ?? "/etc/docker/daemon.json";
}
