/** Go's strconv.ParseBool, which every boolean flag of the docker CLI goes through. */
export function parseBoolean(text: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  return undefined;
}

/** Go's strconv.ParseInt with base 0: decimal, `0x…`, `0o…`, `0b…`, a leading `0` for octal, `_` between digits. */
export function parseInteger(text: string): number | undefined {
  const match = /^([+-]?)(0x[0-9a-f_]+|0b[01_]+|0o?[0-7_]*|[1-9][\d_]*)$/i.exec(text);
  if (!match) return undefined;
  const digits = (match[2] ?? "").replaceAll("_", "").replace(/^0(?=[0-7])/, "0o");
  const value = Number(digits === "0" ? 0 : digits);
  if (!Number.isFinite(value)) return undefined;
  return match[1] === "-" && value !== 0 ? -value : value;
}

/**
 * `--cpus` in 1e-9 CPUs: a decimal (`1.5`) or a fraction (`3/2`), exact to the nano
 * (docker/cli: opts.ParseCPUs, over math/big's Rat).
 */
export function parseNanoCpus(text: string): number | undefined {
  const match = /^\+?(\d+(?:\.\d*)?|\.\d+)(?:e([+-]?\d{1,2}))?(?:\/(\d+))?$/i.exec(text);
  if (!match) return undefined;
  if (match[3] !== undefined && (match[1]?.includes(".") || match[2] !== undefined)) return undefined;
  const value = (Number(match[1]) * 10 ** Number(match[2] ?? 0)) / Number(match[3] ?? 1);
  const nano = value * 1e9;
  const rounded = Math.round(nano);
  return Number.isFinite(nano) && Math.abs(nano - rounded) < 1e-3 ? rounded : undefined;
}
