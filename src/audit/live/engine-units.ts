import { posix } from "node:path";
import { hostFiles } from "../../engine/host/files.ts";
import type { HostSight } from "../../engine/host/host.ts";
import { mayBeSecret } from "../../formats/daemon-json/secret.ts";
import { sourceOf, startOf } from "../../formats/daemon-json/unit.ts";
import type { Units } from "../../model/engine.ts";
import { type Fact, set } from "../../model/fact.ts";

/** Docker's units on the Engine's host: who may write them, and what they start next time. */
export function unitsOf(host: HostSight): Fact<Units> {
  const files = host.units.flatMap(({ files, folders }) => [...files, ...folders]);
  const unique = [
    ...new Map(files.map(({ path, mode, uid, gid }) => [path, { path, mode, uid, gid }])).values(),
  ];
  const next = nextStart(host);
  return set({ files: unique, ...(next && { next }) }, { kernel: "/lib/systemd/system", field: "mode" });
}

/** How the arguments that the unit would give dockerd differ from those that it runs with; undefined where they do not. */
function nextStart({ units, unit: own, commandLine, root }: HostSight): Units["next"] {
  const unit = units.find(({ name }) => name === own);
  if (!unit) return undefined;
  const unread = unit.files.find(({ text }) => !text.ok);
  if (unread && !unread.text.ok)
    return { unit: unit.name, unknown: `${unread.path} cannot be read: ${unread.text.reason}` };
  const sources = unit.files.flatMap(({ path, text }) =>
    text.ok ? [sourceOf({ text: text.value, file: path })] : [],
  );
  const start = startOf(sources, {
    read: (path) => hostFiles.read(`${root}${path}`),
    exists: (path) => hostFiles.stat(`${root}${path}`) !== undefined,
  });
  // A script that starts dockerd decides by itself what it gives it.
  if (!start || posix.basename(start.words[0]?.text ?? "") !== "dockerd") return undefined;
  const open = start.words.find(({ unknown }) => unknown !== undefined);
  if (open?.unknown !== undefined) return { unit: unit.name, unknown: open.unknown };
  const planned = argumentsOf(start.words.map(({ text }) => text));
  const running = argumentsOf(commandLine);
  const gains = without(planned, running);
  const loses = without(running, planned);
  return gains.length + loses.length === 0 ? undefined : { unit: unit.name, gains, loses };
}

/** The program, and each flag with its value as one text: `--icc=false`, `-H fd://`. */
function argumentsOf(words: readonly string[]): readonly string[] {
  const texts: string[] = [];
  for (const [index, word] of words.entries()) {
    const before = words[index - 1];
    const isValue = index > 1 && !word.startsWith("-") && before?.startsWith("-") && !before.includes("=");
    if (isValue) texts.push(`${texts.pop()} ${word}`);
    else texts.push(word);
  }
  return texts;
}

/** Those of the first that the second has not, each as often; what may be a secret is left out of the text. */
function without(some: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return some.flatMap((text) => {
    const at = left.indexOf(text);
    if (at < 0) return [shown(text)];
    left.splice(at, 1);
    return [];
  });
}

function shown(text: string): string {
  const [flag = "", ...rest] = text.split(/[ =]/);
  const value = rest.join("=");
  const isOpen = /^--(?:log-opt|label|storage-opt)$/.test(flag) || mayBeSecret(value, value);
  return isOpen && value !== "" ? `${flag} …` : text;
}
