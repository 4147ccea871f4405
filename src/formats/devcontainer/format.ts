import { dirname, join } from "node:path";
import { findNodeAtLocation, parseTree } from "jsonc-parser";
import type { Format } from "../format.ts";
import { readsOne } from "../one-file.ts";
import { spellToolPatch } from "../run-options/spell.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly devcontainer: true;
  }
}

export const devcontainer = {
  nouns: ["devcontainer.json", "devcontainer.json files"],
  recognise: { name: (path) => /(?:^|\/)\.?devcontainer\.json$/i.test(path) },
  sources: {
    devcontainer: {
      title: "dev container",
      nouns: ["dev container", "dev containers"],
      isOneCommand: true,
      spell: { container: (patch) => spellToolPatch("devcontainer", patch) },
    },
  },
  namesOnly(file, io) {
    const text = io.read(file);
    const files = text.ok ? composeFilesOf(text.value) : [];
    return files.length > 0
      ? { format: "compose", files: files.map((each) => join(dirname(file), each)) }
      : undefined;
  },
  read: readsOne(async ({ text, file }, { io }) => {
    const { readDevcontainer } = await import("./read.ts");
    return readDevcontainer(text, file, io);
  }),
} satisfies Format;

/** The Compose files that the container is a service of, as written. */
function composeFilesOf(text: string): readonly string[] {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const files = root && findNodeAtLocation(root, ["dockerComposeFile"]);
  return (files?.type === "array" ? (files.children ?? []) : files ? [files] : []).flatMap((node) =>
    typeof node.value === "string" ? [node.value] : [],
  );
}
