const units = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes for people: `128 MiB`, `1.5 GiB`. */
export function sayBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${round(amount)} ${units[unit]}`;
}

/** At most two decimals, and none that are not there. */
export function round(amount: number): number {
  return Math.round(amount * 100) / 100;
}
