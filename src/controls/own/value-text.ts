/** A value of a fact as a rule compares it: `name=value` of a pair, or the value alone where its name is meant; a mount as `source:target`. */
export function textOf(value: unknown, name: string | undefined): string {
  if (typeof value !== "object" || value === null) return String(value);
  const part = (key: string): string | undefined => {
    const found = (value as Readonly<Record<string, unknown>>)[key];
    return found === undefined || found === null ? undefined : String(found);
  };
  if (name !== undefined && part("name") === name) return part("value") ?? "";
  const ways: readonly (readonly [readonly string[], string])[] = [
    [["name", "value"], "="],
    [["source", "target"], ":"],
    [["hostPort", "containerPort"], ":"],
    [["hostPath", "containerPath"], ":"],
    [["mode", "target"], ":"],
    [["profile", "path"], ":"],
    [["name", "hard"], "="],
    [["address"], ""],
    [["mode"], ""],
    [["profile"], ""],
  ];
  for (const [keys, between] of ways) {
    const parts = keys.map(part);
    if (parts.every((each) => each !== undefined)) return parts.join(between);
  }
  return JSON.stringify(value);
}

export function equalsText(text: string, wanted: string | number | boolean): boolean {
  return (
    text === String(wanted) || (typeof wanted !== "boolean" && numberOf(text) === numberOf(String(wanted)))
  );
}

const units: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** A number, also with Docker's units: `512m`, `2g`. NaN for anything else, which no comparison holds for. */
export function numberOf(text: string): number {
  const [, digits = "", unit = "b"] = /^(-?\d+(?:\.\d+)?)([bkmgt])?b?$/i.exec(text.trim()) ?? [];
  return digits === "" ? Number.NaN : Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN);
}
