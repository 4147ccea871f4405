import type { Format } from "../format.ts";
import { readsOne } from "../one-file.ts";
import { spellToolPatch } from "../run-options/spell.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly terraform: true;
  }
}

export const terraform = {
  nouns: ["Terraform file", "Terraform files"],
  recognise: {
    opens: isTerraform,
    text: (text, path) => isTerraform(path) && /["']docker_container["']/.test(text),
  },
  sources: {
    terraform: {
      title: "Terraform resource",
      nouns: ["Terraform resource", "Terraform resources"],
      spell: { container: (patch) => spellToolPatch("terraform", patch) },
    },
  },
  read: readsOne(async ({ text, file }, { io }) => {
    const { readTerraform } = await import("./read.ts");
    return readTerraform(text, file, io);
  }),
} satisfies Format;

function isTerraform(path: string): boolean {
  return /\.(?:tf|tofu)(?:\.json)?$/i.test(path);
}
