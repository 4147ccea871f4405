const units: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * Bytes out of Docker's size notation (`128m`, `1.5GiB`, `64k`, `1024`; go-units' RAMInBytes, powers of
 * 1024), or -1 for `-1`. Undefined where it is none.
 */
export function parseBytes(text: string): number | undefined {
  const clean = text.toLowerCase();
  if (clean === "-1") return -1;
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/.exec(clean);
  if (!match) return undefined;
  return Math.floor(Number(match[1]) * 1024 ** (units[match[2] ?? ""] ?? 0));
}

/** Bytes as a person says them: `128 MiB`, `1.5 GiB`. */
export function spellBytes(bytes: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < names.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(1))} ${names[unit]}`;
}
