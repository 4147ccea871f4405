import { isAbsolute, posix } from "node:path";
import { hostFiles } from "../../engine/host/files.ts";
import type { HostSight } from "../../engine/host/host.ts";
import { readDockerdCommand } from "../../formats/daemon-json/dockerd.ts";
import { mayBeSecret } from "../../formats/daemon-json/settings.ts";
import { sourceOf, startOf } from "../../formats/daemon-json/unit.ts";
import { wordsFrom } from "../../formats/daemon-json/words.ts";
import type { Engine, Units } from "../../model/engine.ts";
import { type Fact, type FactList, set } from "../../model/fact.ts";
import { type Gap, gap } from "../../model/gap.ts";
import { withProfile } from "../join/seccomp.ts";

/**
 * The live engine with what dockerd's command line and daemon.json say beside its API: what the API tells stands, what it does
 * not tell (ulimits, log options, the addresses it listens on with their TLS) comes from there.
 */
export function withConfiguration(
  configured: Engine,
  host: HostSight,
): { readonly engine: Engine; readonly gaps: readonly Gap[] } {
  const { commandLine, configFile, process, folder, root } = host;
  if (process !== "dockerd" || commandLine.length === 0) return { engine: configured, gaps: [] };
  const profiled = (engine: Engine) =>
    withProfile({ ...engine, units: unitsOf(host) }, (profile) =>
      isAbsolute(profile) ? hostFiles.read(`${root}${profile}`) : undefined,
    );
  const { path, text } = configFile;
  const file = text !== "missing" && text.ok ? { text: text.value, file: path } : undefined;
  const words = wordsFrom(commandLine, { kernel: `${folder}/cmdline` });
  const reading = readDockerdCommand(words, "engine", file);
  const unread =
    text !== "missing" && !text.ok
      ? [gap(`dockerd's configuration cannot be read: ${text.reason}`, { file: path, subject: "engine" })]
      : [];
  const subject = reading.subjects[0];
  const declared = subject?.kind === "engine" ? subject.views[0] : undefined;
  if (!declared) return { engine: profiled(configured), gaps: unread };
  return { engine: profiled(overlay(configured, declared, unread.length === 0)), gaps: unread };
}

function overlay(configured: Engine, declared: Engine, isWhole: boolean): Engine {
  const facts = Object.keys(configured).map((field) => {
    const live: unknown = Reflect.get(configured, field);
    const said: unknown = Reflect.get(declared, field);
    if (field === "kind" || field === "level") return [field, live];
    if (Array.isArray(live) && Array.isArray(said)) return [field, mergeLists(live, said)];
    return [field, mergeFacts(live as Fact<unknown>, said as Fact<unknown>, isWhole)];
  });
  return { ...configured, ...Object.fromEntries(facts) };
}

/** What the API tells is what runs. What it leaves open, and a configuration that was read whole does not set, is not set. */
function mergeFacts(live: Fact<unknown>, said: Fact<unknown>, isWhole: boolean): Fact<unknown> {
  if (live.state === "set" || said.state === "unseen") return live;
  const isNotSet = isWhole && live.state === "unresolved";
  return said.state === "unset" && live.state !== "unseen" && !isNotSet ? live : said;
}

/** Both, the configuration's own words first; an address that it names is not told again. */
function mergeLists(live: FactList<unknown>, said: FactList<unknown>): FactList<unknown> {
  const told = said.filter(({ state }) => state !== "unseen");
  const names = new Set(told.map(nameOf));
  const beside = live.filter((item) =>
    item.state === "unseen" ? told.length < said.length : item.state !== "set" || !names.has(nameOf(item)),
  );
  return [...told, ...beside];
}

function nameOf(item: FactList<unknown>[number]): string {
  if (item.state !== "set") return "";
  const { value } = item;
  if (typeof value === "object" && value !== null && "address" in value) {
    return String(value.address).replace(/\/$/, "");
  }
  return JSON.stringify(value);
}

/** Docker's units and daemon.json on the Engine's host: who may write them, and what the units start next time. */
function unitsOf(host: HostSight): Fact<Units> {
  const ofUnits = host.units.flatMap(({ files, folders }) => [
    ...files.map(({ text: _, ...file }) => file),
    ...folders,
  ]);
  const files = [...ofUnits, ...(host.configFile.places ?? [])];
  const unique = [...new Map(files.map((file) => [file.path, file])).values()];
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
