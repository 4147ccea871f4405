import type { Format } from "../format.ts";
import { readsOne } from "../one-file.ts";
import { spellToolPatch } from "../run-options/spell.ts";

declare module "../../model/subject.ts" {
  interface Sources {
    readonly ansible: true;
  }
}

/** Modules of Docker and Podman whose tasks are not read, and are named as that. */
export const otherModules =
  "(?:(?:community|containers)\\.\\w+\\.)?(?:docker_(?:compose(?:_v2)?|swarm_service|stack)|podman_(?:container|pod|play))";
export const shellModules = "(?:ansible\\.(?:builtin|legacy)\\.)?(?:shell|command|raw)";
const taskOf = (modules: string) => new RegExp(`^[\\s-]*["']?(?:${modules})["']?\\s*:`, "m");
const task = taskOf(`(?:community\\.(?:docker|general)\\.)?docker_container|${otherModules}`);
const shellTask = taskOf(shellModules);
const runs = /\b(?:docker|podman|nerdctl)[^\n]*\b(?:run|create)\b/;

function isAnsible(text: string, path: string): boolean {
  if (!isYaml(path)) return false;
  if (task.test(text)) return true;
  const isPlay =
    /^[\s-]*hosts\s*:|\bansible\.builtin\./m.test(text) || /(?:^|\/)(?:roles|playbooks)\//.test(path);
  return isPlay && shellTask.test(text) && runs.test(text);
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
