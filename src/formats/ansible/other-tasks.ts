import { type Act, actOf, isDaemonFile } from "../run-command/acts.ts";
import { folder } from "../run-command/folder.ts";
import type { ShellText } from "../run-command/hosts/host.ts";
import { fillTemplates, templateWord } from "../run-command/hosts/templates.ts";
import type { Yaml } from "../run-command/hosts/yaml-text.ts";
import { passage, type Range } from "../run-command/passage.ts";
import { type RunCommand, readCommandWords } from "../run-command/shell/commands.ts";
import { type Word, wordOf } from "../run-command/word.ts";
import { jinja, shellModules } from "./modules.ts";

/** What tasks of other modules than `docker_container` do with Docker. */
export interface OtherTasks {
  readonly texts: ShellText[];
  readonly commands: RunCommand[];
  readonly acts: Act[];
}

interface Task {
  readonly yaml: Yaml;
  /** The module's name. */
  readonly key: string;
  readonly task: unknown;
  readonly value: unknown;
  readonly at: Range;
}

const shellModule = new RegExp(`^${shellModules}$`);

/** The commands that do what a module does, by its arguments (https://docs.ansible.com/projects/ansible/latest/collections/). */
const asCommands: Readonly<
  Record<string, (argument: (...names: readonly string[]) => string | undefined) => readonly unknown[][]>
> = {
  file: (argument) => [
    ["chmod", argument("mode"), argument("path", "dest", "name")],
    ["chown", argument("owner"), argument("path", "dest", "name")],
    ["chgrp", argument("group"), argument("path", "dest", "name")],
  ],
  acl: (argument) => [
    [
      "setfacl",
      "-m",
      `${argument("etype")}:${argument("entity") ?? ""}:${argument("permissions")}`,
      argument("path", "name"),
    ],
  ],
  user: (argument) => [["usermod", "-aG", argument("groups", "group"), argument("name", "user")]],
  lineinfile: (argument) => [["sed", "-i", argument("line"), argument("path", "dest", "name")]],
  replace: (argument) => [["sed", "-i", argument("replace"), argument("path", "dest", "name")]],
  blockinfile: (argument) => [["sed", "-i", argument("block", "content"), argument("path", "dest", "name")]],
};

/** Adds what a task of another module does. */
export function readOtherTask(
  { yaml, key, task, value, at }: Task,
  { texts, commands, acts }: OtherTasks,
): void {
  const further = yaml.at(task, "args");
  const node = (...names: readonly string[]) =>
    names.map((name) => yaml.at(value, name) ?? yaml.at(further, name)).find((each) => each !== undefined);
  if (shellModule.test(key)) {
    const argv = yaml.items(node("argv")).map((item) => templateWord(yaml.pieces(item) ?? [], jinja));
    const around = { home: "", folder: folder("/").absolute };
    if (argv.length > 0) {
      commands.push(...readCommandWords(argv, at, around));
      const act = actOf(argv, at);
      if (act) acts.push(act);
    }
    const pieces = yaml.pieces(value) ?? yaml.pieces(node("cmd"));
    if (!pieces) return;
    const filled = fillTemplates(pieces, jinja, "jinja");
    texts.push({ source: passage(filled.pieces), variables: filled.variables });
    return;
  }
  const module = key.replace(/^(?:ansible\.(?:builtin|legacy|posix))\./, "");
  const text = (...names: readonly string[]) => {
    const found = node(...names);
    const items = yaml.items(found).map((item) => yaml.text(item) ?? "");
    return yaml.text(found) ?? (items.length > 0 ? items.join(",") : undefined);
  };
  const path = /^(?:copy|template)$/.test(module) ? text("dest") : undefined;
  if (path !== undefined && isDaemonFile(path)) {
    const pieces = module === "copy" ? yaml.pieces(node("content")) : undefined;
    const content = pieces && passage(templateWord(pieces, jinja).pieces);
    acts.push({ kind: "file", path, program: `Ansible's ${module}`, content, at });
  }
  if (!Object.hasOwn(asCommands, module)) return;
  for (const words of asCommands[module]?.(text) ?? []) {
    if (words.some((each) => each === undefined)) continue;
    const act = actOf(
      words.map((each) => wordAt(String(each), at)),
      at,
    );
    if (!act) continue;
    acts.push(act.kind === "file" ? { ...act, program: `Ansible's ${module}` } : act);
  }
}

function wordAt(text: string, at: Range): Word {
  return wordOf([{ text, at, written: undefined, exact: false }], at);
}
