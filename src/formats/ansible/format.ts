import type { Format } from "../format.ts";
import { readsOne } from "../one-file.ts";
import { spellToolPatch } from "../run-options/spell.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly ansible: true;
  }
}

const task = /^[\s-]*["']?(?:community\.(?:docker|general)\.)?docker_container["']?\s*:/m;

export const ansible = {
  nouns: ["Ansible file", "Ansible files"],
  recognise: { opens: isYaml, text: (text, path) => isYaml(path) && task.test(text) },
  sources: {
    ansible: {
      title: "Ansible task",
      nouns: ["Ansible task", "Ansible tasks"],
      spell: { container: (patch) => spellToolPatch("ansible", patch) },
    },
  },
  read: readsOne(async ({ text, file }, { io }) => {
    const { readAnsible } = await import("./read.ts");
    return readAnsible(text, file, io);
  }),
} satisfies Format;

function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}
