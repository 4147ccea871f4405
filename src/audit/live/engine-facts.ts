import { isAbsolute } from "node:path";
import { hostFiles } from "../../engine/host/files.ts";
import type { HostSight } from "../../engine/host/host.ts";
import { readDockerdCommand } from "../../formats/daemon-json/dockerd.ts";
import { wordsFrom } from "../../formats/daemon-json/words.ts";
import type { Engine } from "../../model/engine.ts";
import type { Fact, FactList } from "../../model/fact.ts";
import type { Gap } from "../../model/gap.ts";
import { gap } from "../../model/gap.ts";
import { withProfile } from "../join/seccomp.ts";
import { unitsOf } from "./engine-units.ts";

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
  return { engine: profiled(overlay(configured, declared)), gaps: unread };
}

function overlay(configured: Engine, declared: Engine): Engine {
  const facts = Object.keys(configured).map((field) => {
    const live: unknown = Reflect.get(configured, field);
    const said: unknown = Reflect.get(declared, field);
    if (field === "kind" || field === "level") return [field, live];
    if (Array.isArray(live) && Array.isArray(said)) return [field, mergeLists(live, said)];
    return [field, mergeFacts(live as Fact<unknown>, said as Fact<unknown>)];
  });
  return { ...configured, ...Object.fromEntries(facts) };
}

/** What the API tells is what runs. */
function mergeFacts(live: Fact<unknown>, said: Fact<unknown>): Fact<unknown> {
  if (live.state === "set" || said.state === "unseen") return live;
  return said.state === "unset" && live.state !== "unseen" ? live : said;
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
