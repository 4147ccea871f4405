import { dirname, join, relative, resolve } from "node:path";
import type { Files } from "../model/reading.ts";

const configName = "bulkhead.yaml";

/** The nearest bulkhead.yaml, in the folder or above it; relative to the folder where it lies below. */
export function nearestConfig(folder: string, io: Files): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, configName);
    if (io.exists(path)) return relative(folder, path);
    if (dirname(at) === at) return undefined;
  }
}
