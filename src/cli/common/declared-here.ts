import { type DeclaredFiles, openDeclared } from "../../watch/declared/declared.ts";
import { readDeclared } from "../../watch/declared/read-declared.ts";
import { runOwnCommand } from "./own-command.ts";

/** Audits Compose files of this machine in another process: a file that is large or odd costs the watch nothing. */
export function declaredHere(changed: () => void): DeclaredFiles {
  return openDeclared({
    changed,
    async audit({ files, environment }, signal) {
      const words = [
        ...["audit", "--no-config", "--no-color", "--format", "json", "--fail-on", "none"],
        ...files.flatMap((file) => ["--file", file]),
        ...(environment === undefined ? [] : ["--env-file", environment]),
      ];
      const { printed } = await runOwnCommand(words, signal);
      return readDeclared(printed);
    },
  });
}
