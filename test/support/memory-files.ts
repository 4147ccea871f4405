import { failed, ok } from "../../src/base/result.ts";
import type { Files } from "../../src/model/reading.ts";

/** Files that live in a table, for readers under test. */
export function memoryFiles(
  texts: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {},
): Files {
  return {
    read: (path) => {
      const text = texts[path];
      return text === undefined ? failed("it does not exist") : ok(text);
    },
    exists: (path) => path in texts,
    environment,
    home: "/home/me",
  };
}
