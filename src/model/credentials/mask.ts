import { setItems } from "../fact.ts";
import type { Subject } from "../subject.ts";
import { credentialsInScript, credentialsInValue } from "./find.ts";

/** What stands where a secret stood. Always the same length: the length of a password is a secret too. */
export const mask = "••••";

/** Shorter ones stand by chance in many words. */
const shortest = 4;
/** Longer ones stand in no word by chance. */
const longWord = 10;

/** The credentials that a subject's files or documents have written out, as values. Never print them. */
export function secretValuesOf(subject: Subject): readonly string[] {
  const known = remembered.get(subject);
  if (known) return known;
  const values = [...new Set(valuesIn(subject))].filter((value) => !namesOf(subject).has(value));
  remembered.set(subject, values);
  return values;
}

const remembered = new WeakMap<Subject, readonly string[]>();

function valuesIn(subject: Subject): readonly string[] {
  if (subject.kind === "container") {
    return subject.views.flatMap(({ environment, credentials }) => [
      ...setItems(environment).flatMap(({ value: { name, value } }) => inVariable(name, value)),
      ...setItems(credentials).map(({ value }) => value.value),
    ]);
  }
  if (subject.kind === "exec" || subject.kind === "engine") {
    return subject.views.flatMap(({ credentials }) => setItems(credentials).map(({ value }) => value.value));
  }
  if (subject.kind !== "image") return [];
  return subject.views.flatMap(({ environment, buildArguments, credentials, history, level }) => [
    ...setItems([...environment, ...buildArguments]).flatMap(({ value: { name, value } }) =>
      inVariable(name, value),
    ),
    ...setItems(credentials).map(({ value }) => value.value),
    ...(level === "configured"
      ? setItems(history).flatMap(({ value }) => credentialsInScript(value).map((each) => each.value))
      : []),
  ]);
}

function inVariable(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : credentialsInValue(name, value).map((each) => each.value);
}

/** What a report must show: a password that is also the name of a service or of its image hides neither. */
function namesOf(subject: Subject): ReadonlySet<string> {
  const images =
    subject.kind === "container"
      ? subject.views.flatMap(({ image }) => (image.state === "set" ? image.value.split(/[/:@]/) : []))
      : [];
  return new Set([subject.name, ...images]);
}

/** The values once each, but for those that are the name of a subject or of its image, which a report shows. */
export function withoutNames(values: readonly string[], subjects: readonly Subject[]): readonly string[] {
  const names = new Set(subjects.flatMap((subject) => [...namesOf(subject)]));
  return [...new Set(values)].filter((value) => !names.has(value));
}

const coverers = new WeakMap<Subject, (text: string) => string>();

/** Covers the credentials of a subject wherever they stand in a text. */
export function covererOf(subject: Subject): (text: string) => string {
  const known = coverers.get(subject) ?? coverer(secretValuesOf(subject));
  coverers.set(subject, known);
  return known;
}

/** Covers each of the values wherever it stands in a text. */
export function coverer(values: readonly string[]): (text: string) => string {
  const pattern = patternOf(values);
  return pattern ? (text) => text.replace(pattern, mask) : (text) => text;
}

/** Where each of the values stands in a text, as offsets, the end exclusive. */
export function placesIn(
  values: readonly string[],
): (text: string) => readonly { readonly start: number; readonly end: number }[] {
  const pattern = patternOf(values);
  if (!pattern) return () => [];
  return (text) =>
    [...text.matchAll(pattern)].map(({ index, 0: found }) => ({ start: index, end: index + found.length }));
}

function patternOf(values: readonly string[]): RegExp | undefined {
  // A report cuts and escapes texts: what of a value is on one line must not be shown either.
  const parts = values.flatMap((value) => value.split(/[\r\n]+|\\n/)).map((part) => part.trim());
  const all = [...new Set(parts)]
    .filter((value) => value.length >= shortest && !isOrdinaryWord(value))
    .toSorted((a, b) => b.length - a.length);
  if (all.length === 0) return undefined;
  const alternatives = all.map((value) => {
    const escaped = value.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    return value.length >= longWord ? escaped : `(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])`;
  });
  return new RegExp(alternatives.join("|"), "g");
}

/** `postgres`, `changeme`, `password1`: a word that reports use, and that everybody tries first. It is masked where it stands. */
export function isOrdinaryWord(value: string): boolean {
  if (value.length > 40) return false;
  const digits = value.replace(/\D/g, "");
  const letters = value
    .toLowerCase()
    .replace(/[@4](?=[a-z])/g, "a")
    .replace(/0(?=[a-z])/g, "o")
    .replace(/[^a-z]/g, "");
  if (letters === "") return digits !== "" && "01234567890".includes(digits);
  return guessed.test(letters);
}

const guessed =
  /^(?:a|admin|app|changeme|change|ci|database|db|default|demo|dev|development|docker|dummy|example|fake|foo|bar|guest|integration|keycloak|local|mariadb|me|minio|mock|mongo|mongodb|mssql|my|mysql|neo|oracle|password|passwd|pass|pg|postgres|postgresql|pw|pwd|rabbit|rabbitmq|redis|root|sa|sample|secret|sql|strong|super|temp|test|tester|testing|tests|tmp|token|user|very|your)+$/;
