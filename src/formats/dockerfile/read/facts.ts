import type { EnvironmentVariable, Healthcheck } from "../../../model/container-values.ts";
import { type Fact, type FactList, set, unresolved, unset } from "../../../model/fact.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import type { Span } from "../../values/positions.ts";
import type { Command, CommandWord } from "./commands.ts";
import { executedIn } from "./executed.ts";
import { type Joined, spanOf } from "./joined.ts";
import type { Stage } from "./stages.ts";
import type { Assigned } from "./variables.ts";
import { execForm, plainWords } from "./words.ts";
import { programOf, wrapped } from "./wrappers.ts";

type Locate = (span: Span) => FileOrigin;

/** The place of a whole text. */
export function placeOf(joined: Joined): Span {
  return spanOf(joined, 0, joined.text.length);
}

/** The stage and those it starts from, nearest first. */
export function ancestryOf(stage: Stage): readonly Stage[] {
  const found = [stage];
  for (let at = stage; at.base.from === "stage"; at = at.base.stage) found.push(at.base.stage);
  return found;
}

/** The last USER of the nearest stage that has one. */
export function userOf(ancestry: readonly Stage[], locate: Locate): Fact<string> {
  for (const { steps } of ancestry) {
    const last = steps.findLast(({ instruction }) => instruction.keyword === "USER" && instruction.rest.text);
    if (!last?.value) continue;
    const origin = locate(placeOf(last.instruction.rest));
    const { text, reason } = last.value;
    return reason === undefined ? set(text, origin) : unresolved(reason, origin);
  }
  return unset;
}

export function baseOf(ancestry: readonly Stage[], locate: Locate): Fact<string> {
  const base = ancestry.at(-1)?.base;
  if (base?.from === "image") return set(base.reference, locate(placeOf(base.at)));
  if (base?.from === "scratch") return set("scratch", locate(placeOf(base.at)));
  return base?.from === "unresolved" ? unresolved(base.reason, locate(placeOf(base.at))) : unset;
}

/** What EXPOSE names, in the stage and those it starts from: `80/tcp`. A variable has the value that is written for it here. */
export function exposedOf(ancestry: readonly Stage[], locate: Locate): FactList<string> {
  return ancestry.flatMap(({ steps }) =>
    steps.flatMap(({ instruction: { keyword, rest }, value }): FactList<string> => {
      if (keyword !== "EXPOSE" || !value) return [];
      if (value.reason !== undefined) return [unresolved(value.reason, locate(placeOf(rest)))];
      const words = plainWords(rest);
      const ports = value.text.split(/[\t\v\f\r ]+/).filter((port) => port !== "");
      return ports.map((port, index) => {
        const place = ports.length === words.length ? (words[index] ?? rest) : rest;
        return set(port.includes("/") ? port.toLowerCase() : `${port}/tcp`, locate(placeOf(place)));
      });
    }),
  );
}

/** Every WORKDIR of the stage and those it starts from. */
export function workingDirectoriesOf(ancestry: readonly Stage[], locate: Locate): FactList<string> {
  return ancestry.flatMap(({ steps }) =>
    steps.flatMap(({ instruction: { keyword, rest }, value }): FactList<string> => {
      if (keyword !== "WORKDIR" || !value) return [];
      const place = locate(placeOf(rest));
      return [value.reason === undefined ? set(value.text, place) : unresolved(value.reason, place)];
    }),
  );
}

/** The words of the last ENTRYPOINT or CMD of the nearest stage that has one; a shell form is run by `/bin/sh -c`. */
export function startOf(
  ancestry: readonly Stage[],
  wanted: "ENTRYPOINT" | "CMD",
  locate: Locate,
): FactList<string> {
  for (const { steps } of ancestry) {
    const last = steps.findLast(({ instruction: { keyword, rest } }) => keyword === wanted && rest.text);
    if (!last) continue;
    const { rest } = last.instruction;
    const words = execForm(rest);
    if (words) return words.map(({ text, at }) => set(text, locate(placeOf(at))));
    return ["/bin/sh", "-c", rest.text].map((word) => set(word, locate(placeOf(rest))));
  }
  return [];
}

/** `# syntax=IMAGE` among the first lines: the image that reads the rest. */
export function syntaxOf(text: string, locate: Locate): FactList<string> {
  const match =
    /^\uFEFF?(?:[ \t]*#[ \t]*(?:check|escape)[ \t]*=.*\r?\n)*[ \t]*(#[ \t]*syntax[ \t]*=[ \t]*(\S+))/i.exec(
      text,
    );
  if (!match?.[1]) return [];
  const end = match[0].length;
  return [set(`# syntax=${match[2]}`, locate({ start: end - match[1].length, end }))];
}

/**
 * What makes the layers: every RUN, ADD and COPY of the stages, on one line each. Which stage or image something is taken from is
 * left out: `references` tells that.
 */
export function layersOf(stages: readonly Stage[], text: string, locate: Locate): FactList<string> {
  return stages.flatMap(({ steps }) =>
    steps.flatMap(({ instruction: { keyword, span }, inherited }): FactList<string> => {
      if (inherited || !/^(?:RUN|ADD|COPY)$/.test(keyword)) return [];
      const written = text
        .slice(span.start, span.end)
        .replace(/\\\r?\n/g, " ")
        .replace(/\bfrom=[^\s,]+/gi, "from=…");
      return [set(written, locate(span))];
    }),
  );
}

/** The last HEALTHCHECK of the nearest stage that has one. */
export function healthcheckOf(ancestry: readonly Stage[], locate: Locate): Fact<Healthcheck> {
  for (const { steps } of ancestry) {
    const last = steps.findLast(
      ({ instruction }) => instruction.keyword === "HEALTHCHECK" && instruction.rest.text,
    );
    if (!last) continue;
    const { rest } = last.instruction;
    return set(/^none$/i.test(rest.text) ? "none" : "command", locate(placeOf(rest)));
  }
  return unset;
}

/** What ENV or ARG assigns. A value that is nothing but a variable which is not known here is only passed through. */
export function assignedOf(
  assigned: readonly Assigned[],
  keyword: Assigned["keyword"],
  locate: Locate,
): FactList<EnvironmentVariable> {
  return assigned
    .filter((each) => each.keyword === keyword)
    .map(({ name, value, whole, expansion }) => {
      const passed = expansion?.reason !== undefined && /^"?\$(?:\w+|\{\w+\})"?$/.test(value?.text ?? "");
      return set(
        { name, value: passed ? undefined : expansion?.text },
        locate(placeOf(value?.text ? value : whole)),
      );
    });
}

/** sudo in any stage, for each is built; setuid bits only where the image inherits them. */
export function commandFacts(
  stages: readonly Stage[],
  ancestry: readonly Stage[],
  text: string,
  locate: Locate,
) {
  const sudoCommands: FactList<string>[number][] = [];
  const setuidCommands: FactList<string>[number][] = [];
  const inherits = new Set(ancestry);
  const wanted = (part: string) => mayBeSudo(part) || mayBeSetuid(part);
  const { executed, skipped } = executedIn(stages, text, wanted);
  for (const { stage, inherited, onbuild, commands } of executed) {
    for (const command of commands) {
      const sudo = inherited ? undefined : sudoOf(command);
      if (sudo && command[0]) sudoCommands.push(set(sudo, locate(command[0].span)));
      const setuid = inherits.has(stage) && !onbuild ? setuidOf(command) : undefined;
      if (setuid) setuidCommands.push(set(setuid.command, locate(setuid.mode.span)));
    }
  }
  if (skipped) {
    const open = unresolved("there is more shell than is looked into", locate(skipped.keywordSpan));
    sudoCommands.push(open);
    setuidCommands.push(open);
  }
  return { sudoCommands, setuidCommands: [...setuidCommands, ...copied(ancestry, locate)] };
}

/** `COPY --chmod=4755`. */
function copied(ancestry: readonly Stage[], locate: Locate): FactList<string> {
  return ancestry.flatMap(({ steps }) =>
    steps.flatMap(({ instruction, value }): FactList<string> => {
      const chmod = instruction.flags.find((flag) => flag.name === "chmod");
      if (!chmod || !value) return [];
      const place = locate(placeOf(chmod.source));
      if (value.reason !== undefined) return [unresolved(value.reason, place)];
      return setsBit(value.text) ? [set(`${instruction.keyword} --chmod=${value.text}`, place)] : [];
    }),
  );
}

/** A cheap first look, so that shell is parsed only where it may matter. */
function mayBeSudo(text: string): boolean {
  return text.includes("sudo");
}

/**
 * `sudo apt-get`: the word and the program that it runs, for its arguments may be secrets. Undefined for any other
 * command, also for one that only names sudo (`apt-get install sudo`, `command -v sudo`).
 */
function sudoOf(words: Command): string | undefined {
  if (programOf(words) !== "sudo") return undefined;
  const program = wrapped(words)[0]?.[0];
  return program?.literal && /^[\w./+-]{1,40}$/.test(program.text) ? `sudo ${program.text}` : "sudo";
}

/** A mode that sets a setuid or setgid bit, and what it is set on. */
interface Setuid {
  /** `chmod u+s /usr/bin/x`. */
  readonly command: string;
  readonly mode: CommandWord;
}

/** A cheap first look, so that shell is parsed only where it may matter. */
function mayBeSetuid(text: string): boolean {
  return (
    /chmod|install|statoverride/.test(text) &&
    /[ugoa+=,][+=][rwxXtugo]*s|(?:^|[^\w])[+=][rwxXt]*s|[2-7][0-7]{3}(?![0-9])/.test(text)
  );
}

/**
 * What a command sets: `chmod u+s`, `chmod 4755`, `install -m 4755`, `dpkg-statoverride --add root root 4755 …`.
 * Taking a bit away (`chmod a-s`) is none.
 */
function setuidOf(words: Command): Setuid | undefined {
  switch (programOf(words)) {
    case "chmod":
      return byChmod(words);
    case "install":
    case "ginstall":
      return byInstall(words);
    case "dpkg-statoverride":
      return byStatoverride(words);
    default:
      return undefined;
  }
}

/**
 * Whether a mode as chmod takes it sets the setuid or setgid bit (POSIX chmod: octal, or symbolic clauses of who,
 * operator and permissions).
 */
export function setsBit(mode: string): boolean {
  if (/^[+=]?[0-7]{4,8}$/.test(mode)) return (Number.parseInt(mode.replace(/^[+=]/, ""), 8) & 0o6000) !== 0;
  return mode.split(",").some((clause) => {
    const match = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/.exec(clause);
    // Of others alone there is no such bit.
    if (!match || (match[1] && !/[uga]/.test(match[1]))) return false;
    return /[+=][rwxXtugo]*s/.test(match[2] ?? "");
  });
}

function byChmod(words: Command): Setuid | undefined {
  const index = words.findIndex((word, at) => at > 0 && !word.text.startsWith("-"));
  const mode = words[index];
  return mode?.literal && setsBit(mode.text) ? found("chmod", mode, words[index + 1]) : undefined;
}

function byInstall(words: Command): Setuid | undefined {
  for (const [index, word] of words.entries()) {
    const match = /^(?:--mode=|-[bcCdDpsvZ]*m)(.*)$/.exec(word.text);
    if (!match && word.text !== "--mode") continue;
    const mode = match?.[1] ? { ...word, text: match[1] } : words[index + 1];
    if (mode?.literal && setsBit(mode.text)) return found("install -m", mode, words.at(-1));
  }
  return undefined;
}

function byStatoverride(words: Command): Setuid | undefined {
  const add = words.findIndex((word) => word.text === "--add");
  const mode = add === -1 ? undefined : words[add + 3];
  return mode?.literal && setsBit(mode.text) ? found("dpkg-statoverride", mode, words[add + 4]) : undefined;
}

function found(program: string, mode: CommandWord, target: CommandWord | undefined): Setuid {
  const path = target?.literal && /^[\w./+@:~*-]{1,80}$/.test(target.text) ? ` ${target.text}` : "";
  return { command: `${program} ${mode.text}${path}`, mode };
}
