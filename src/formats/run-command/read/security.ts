import { type FactList, set, unresolved } from "../../../model/fact.ts";
import { gap } from "../../../model/gap.ts";
import { readSecurityOptions, type SecurityFacts } from "../../values/security-options.ts";
import { fileIn } from "../folder.ts";
import { hole, reasonOf, textOf, type Word } from "../word.ts";
import { type LineFacts, originOf } from "./line-facts.ts";

const fieldOfKey = {
  seccomp: "seccomp",
  apparmor: "apparmor",
  label: "selinux",
  "no-new-privileges": "noNewPrivileges",
} as const satisfies Readonly<Record<string, keyof SecurityFacts>>;

/** One `--security-opt`. Where only its value is unknown, its key tells which fact is open. */
export function readSecurityOption(lineFacts: LineFacts, value: Word): void {
  const text = textOf(value);
  const origin = originOf(lineFacts, value);
  if (text !== undefined) {
    if (isOption(text)) lineFacts.securityOptions.push(set(text, origin));
    else lineFacts.gaps.push(gap(`docker knows no security option “${text}”`, { location: origin }));
    return;
  }
  const key = /^([\w-]+)[=:]/.exec(value.text.split(hole)[0] ?? "")?.[1];
  lineFacts.securityOptions.push({ ...unresolved(reasonOf(value), origin), key });
}

/** Only no-new-privileges may stand without a value (docker/cli: parseSecurityOpts). */
function isOption(text: string): boolean {
  return /^(?:no-new-privileges(?:[=:].*)?|[^=:]+[=:].+)$/s.test(text);
}

/** What all of them together say; profiles are read where they lie. */
export function securityFacts(lineFacts: LineFacts): SecurityFacts {
  const options = lineFacts.securityOptions;
  const plain: FactList<string> = options.filter((option) => option.key === undefined);
  let facts = readSecurityOptions(plain, (path) => readProfile(lineFacts, path));
  for (const [index, option] of options.entries()) {
    if (option.state !== "unresolved" || !option.key || !(option.key in fieldOfKey)) continue;
    const key = option.key;
    const settled = options
      .slice(index + 1)
      .some((later) => later.state === "set" && new RegExp(`^${key}(?:[=:]|$)`).test(later.value));
    const field = fieldOfKey[key as keyof typeof fieldOfKey];
    if (!settled) facts = { ...facts, [field]: unresolved(option.reason, ...option.origins) };
  }
  return facts;
}

function readProfile(lineFacts: LineFacts, path: string): string | undefined {
  const read = lineFacts.around.io.read(fileIn(lineFacts.around.folder, path));
  return read.ok ? read.value : undefined;
}
