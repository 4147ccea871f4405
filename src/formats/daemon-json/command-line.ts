import { type FactList, set, unresolved } from "../../model/fact.ts";
import { type Gap, gap } from "../../model/gap.ts";
import { type FileOrigin, isFileOrigin, type Origin } from "../../model/origin.ts";
import { type DaemonOption, optionOfFlag, optionOfShort, otherFlags } from "./options.ts";
import { type DaemonSetting, type DaemonSettings, mayBeSecret } from "./settings.ts";
import { mostWords, openPart, type Word } from "./words.ts";

/** What a dockerd command line says, without the program's own name. */
export interface Flags extends DaemonSettings {
  /** `--config-file`, where it is given. */
  readonly configFile: string | undefined;
}

interface Value {
  readonly text: string;
  readonly origin: Origin;
  readonly unknown: string | undefined;
}

/**
 * Reads flags as pflag does: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-Df value`, booleans as
 * `--flag` and `--flag=false`. Lists and maps add up; of other flags the last counts. A flag that dockerd does not
 * know is a gap.
 */
export function settingsOfFlags(words: readonly Word[]): Flags {
  const items = new Map<string, { origin: Origin; items: FactList<string>[number][] }>();
  const gaps: Gap[] = [];
  const secrets: FileOrigin[] = [];
  let configFile: string | undefined;
  const [tail] = words.slice(mostWords - 1);
  let open: DaemonSettings["open"] = tail && unresolved("there are too many arguments", tail.origin);
  let index = 0;

  const refuse = (reason: string, origin: Origin) => {
    gaps.push(gap(`dockerd refuses to start: ${reason}`, isFileOrigin(origin) ? { location: origin } : {}));
  };
  const next = (): Value | undefined => {
    const word = words[index];
    index += 1;
    return word && { text: word.text, origin: word.origin, unknown: word.unknown };
  };
  /** What may be the value of a flag that is not known. */
  const skipValue = () => {
    if (words[index] && !words[index]?.text.startsWith("-")) index += 1;
  };
  const give = (option: DaemonOption, value: Value, origin: Origin) => {
    const entry = items.get(option.key) ?? { origin, items: [] };
    items.set(option.key, entry);
    for (const each of partsOf(option, value)) entry.items.push(itemOf(option, each));
    if (isFileOrigin(value.origin) && mayBeSecret(value.text, value.text)) secrets.push(value.origin);
  };

  function takeLong(word: Word): void {
    const equals = word.text.indexOf("=");
    const name = word.text.slice(2, equals === -1 ? undefined : equals);
    const inline: Value | undefined =
      equals === -1
        ? undefined
        : {
            text: word.text.slice(equals + 1),
            origin: word.originFrom?.(equals + 1) ?? word.origin,
            unknown: word.unknown,
          };
    if (word.unknown !== undefined && (name.includes("$") || name.includes(openPart))) {
      open ??= unresolved(word.unknown, word.origin);
      if (!inline) skipValue();
      return;
    }
    const option = optionOfFlag(name);
    if (option) {
      if (option.kind === "bool") {
        give(option, inline ?? { text: "true", origin: word.origin, unknown: undefined }, word.origin);
        return;
      }
      const value = inline ?? next();
      if (value) give(option, value, word.origin);
      else refuse(`--${name} needs a value`, word.origin);
      return;
    }
    const takesValue = otherFlags.get(name);
    if (takesValue === undefined) {
      refuse(/^[\w-]{1,40}$/.test(name) ? `it has no flag --${name}` : "it has no such flag", word.origin);
      if (!inline) skipValue();
    } else if (takesValue) {
      const value = inline ?? next();
      if (name === "config-file" && value?.unknown === undefined) configFile = value?.text;
    }
  }

  function takeShort(word: Word): void {
    for (let at = 1; at < word.text.length; at += 1) {
      const letter = word.text[at] ?? "";
      const option = optionOfShort(letter);
      if (!option && word.unknown !== undefined) {
        open ??= unresolved(word.unknown, word.origin);
        return;
      }
      if (!option) {
        if (!"dvrh".includes(letter)) refuse("it has no such short flag", word.origin);
        continue;
      }
      if (option.kind === "bool") {
        give(option, { text: "true", origin: word.origin, unknown: undefined }, word.origin);
        continue;
      }
      const from = at + (word.text[at + 1] === "=" ? 2 : 1);
      const rest = word.text.slice(from);
      const value =
        rest === ""
          ? next()
          : { text: rest, origin: word.originFrom?.(from) ?? word.origin, unknown: word.unknown };
      if (value) give(option, value, word.origin);
      else refuse(`-${letter} needs a value`, word.origin);
      return;
    }
  }

  while (index < words.length) {
    const word = words[index];
    index += 1;
    if (!word) break;
    if (word.text === "--") break;
    if (word.text.startsWith("--")) takeLong(word);
    else if (word.text.length > 1 && word.text.startsWith("-")) takeShort(word);
    else if (word.unknown !== undefined) open ??= unresolved(word.unknown, word.origin);
    else if (word.text !== "") refuse("it takes flags only", word.origin);
  }
  const given = new Map([...items].map(([key, entry]): [string, DaemonSetting] => [key, { key, ...entry }]));
  return { given, open, gaps, secrets, configFile };
}

/** `--nri-opts enable=true,plugin-path=/x` holds several (moby: daemon/pkg/opts/nri_opts.go). */
function partsOf({ key }: DaemonOption, value: Value): readonly Value[] {
  if (key !== "nri-opts") return [value];
  return value.text
    .split(",")
    .map((text) => ({ ...value, text: text.includes("=") ? text : `${text}=true` }));
}

function itemOf({ key, kind }: DaemonOption, { text, origin, unknown }: Value): FactList<string>[number] {
  if (unknown !== undefined) return unresolved(unknown, origin);
  if (kind !== "bool") return set(text, origin);
  // Go's strconv.ParseBool.
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return set("true", origin);
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return set("false", origin);
  return unresolved(`${key} must be true or false`, origin);
}
