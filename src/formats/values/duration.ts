const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds out of `10s`, `1h30m`, `500ms`, `90d`; undefined for anything else. Units stand in any order, once each. */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== text.trim()) return undefined;
  const names = parts.map(([, , unit = ""]) => unit);
  if (new Set(names).size !== names.length) return undefined;
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (units[unit] ?? 0), 0);
}

/** As a person says it: `10 s`, `2 h`, `90 d`. */
export function spellDuration(milliseconds: number): string {
  const [name, size] = Object.entries(units).findLast(([, each]) => milliseconds >= each) ?? ["ms", 1];
  return `${Number((milliseconds / size).toFixed(1))} ${name === "m" ? "min" : name}`;
}
