import type { Reading } from "../../model/reading.ts";
import { locator } from "../values/positions.ts";
import { engineOf } from "./engine.ts";
import { settingsOfJson } from "./json.ts";
import { engineReading } from "./settings.ts";

/**
 * Reads a daemon.json into the engine that dockerd becomes with it. An option that is not there is `unset`: dockerd's
 * default holds, or a flag. Never throws. Source: https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file
 */
export function readDaemonJson(text: string, file: string): Reading {
  const settings = settingsOfJson(text, file);
  return engineReading(engineOf(settings), file, {
    ...settings,
    location: locator(file, text)({ start: 0, end: text.length }),
  });
}
