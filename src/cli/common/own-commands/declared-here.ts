import {
  type ComposeOrigin,
  composeOriginOf,
  type DeclaredFiles,
  openDeclared,
  readDeclared,
} from "../../../watch/declared/declared.ts";
import type { Watch } from "../../../watch/watch.ts";
import { runOwnCommand } from "./own-command.ts";

/** Audits Compose files of this machine in another process: a file that is large or odd costs the watch nothing. */
export function declaredHere(changed: () => void): DeclaredFiles {
  return openDeclared({
    changed,
    async audit(origin, signal) {
      const words = ["audit", "--no-config", "--no-color", "--format", "json", "--fail-on", "none"];
      const { printed } = await runOwnCommand([...words, ...composeArgs(origin)], signal);
      return readDeclared(printed);
    },
  });
}

/** Compose files and their variables, as audit and fix take them. */
export function composeArgs(origin: ComposeOrigin | undefined): readonly string[] {
  const { files = [], environment } = origin ?? {};
  return [
    ...files.flatMap((file) => ["--file", file]),
    ...(environment === undefined ? [] : ["--env-file", environment]),
  ];
}

/** The Compose files of this machine that made a running container of this name. */
export function composeOf(watch: Watch | undefined, name: string): ComposeOrigin | undefined {
  const view = watch?.status().seesKernel ? watch.container(name)?.subject.views[0] : undefined;
  return view && composeOriginOf(view);
}
