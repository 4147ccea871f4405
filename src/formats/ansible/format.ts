import type { Format } from "../format.ts";
import { readsOne } from "../one-file.ts";
import { mentionsAct } from "../run-command/acts.ts";
import { spellToolPatch } from "../run-options/spell.ts";
import { otherModules, shellModules } from "./modules.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly ansible: true;
  }
}

const taskOf = (modules: string) => new RegExp(`^[\\s-]*["']?(?:${modules})["']?\\s*:`, "m");
const task = taskOf(`(?:community\\.(?:docker|general)\\.)?docker_container|${otherModules}`);
const shellTask = taskOf(shellModules);
const runs = /\b(?:docker|podman|nerdctl)[^\n]*\b(?:run|create)\b/;
/** A user whose groups have docker among them. */
const joinsGroup = /\bgroups?\s*:[^:]*\bdocker\b/;

function isAnsible(text: string, path: string): boolean {
  if (!isYaml(path)) return false;
  if (task.test(text)) return true;
  const isPlay =
    /^[\s-]*hosts\s*:|\bansible\.builtin\./m.test(text) || /(?:^|\/)(?:roles|playbooks)\//.test(path);
  return isPlay && (mentionsAct(text) || joinsGroup.test(text) || (shellTask.test(text) && runs.test(text)));
}

export const ansible = {
  nouns: ["Ansible file", "Ansible files"],
  recognise: { opens: isYaml, text: isAnsible },
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
