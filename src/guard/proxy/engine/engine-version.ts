import { type ApiVersion, newestVersion } from "../../request/version.ts";
import type { Header } from "../http/head.ts";

/**
 * The newest version of the API that both the guard and the Engine know. A path without a version is given it: else a newer Engine
 * would take the request in a version that nobody judged it by.
 */
export interface EngineVersion {
  /** Notes what an answer of the Engine says. */
  note(headers: readonly Header[]): void;
  /** Another Engine may come in its place. */
  forget(): void;
  shared(): ApiVersion | undefined;
}

export function engineVersion(): EngineVersion {
  let said = "";
  let shared: ApiVersion | undefined;
  return {
    note(headers) {
      const header = headers.find(([name]) => name.length === 11 && name.toLowerCase() === "api-version");
      if (!header || header[1] === said) return;
      const minor = /^1\.([1-9][0-9]{0,2})$/.exec(header[1])?.[1];
      said = header[1];
      shared =
        minor === undefined ? undefined : { major: 1, minor: Math.min(Number(minor), newestVersion.minor) };
    },
    forget() {
      said = "";
      shared = undefined;
    },
    shared: () => shared,
  };
}
