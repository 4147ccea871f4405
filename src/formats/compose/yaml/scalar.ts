/** A plain scalar's value, and its text as Go prints it where a text is wanted (an environment value, a label). */
export interface PlainScalar {
  readonly value: string | number | boolean | null;
  readonly text: string;
}

/**
 * What a plain scalar without a tag means to docker compose, which reads YAML with go-yaml v3
 * (https://github.com/go-yaml/yaml/blob/v3/resolve.go): YAML 1.2 with 1.1's octals (`0644` is 420) and
 * underscores (`1_000`), without its `yes`/`no` and sexagesimals. A timestamp stays a text, since Compose takes none.
 */
export function resolvePlain(text: string): PlainScalar {
  if (nulls.has(text)) return { value: null, text: "" };
  const first = text.charCodeAt(0);
  if (first === 0x74 || first === 0x66 || first === 0x54 || first === 0x46) {
    const value = booleans.get(text);
    return value === undefined ? { value: text, text } : { value, text: String(value) };
  }
  // A number starts with a sign, a dot or a digit.
  if ((first < 0x30 || first > 0x39) && first !== 0x2b && first !== 0x2d && first !== 0x2e)
    return { value: text, text };
  return (text.length > 64 ? undefined : resolveNumber(text)) ?? { value: text, text };
}

const nulls = new Set(["", "~", "null", "Null", "NULL"]);

const booleans = new Map([
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
]);

function resolveNumber(text: string): PlainScalar | undefined {
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) {
    return text.startsWith("-") ? { value: -Infinity, text: "-Inf" } : { value: Infinity, text: "+Inf" };
  }
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return { value: Number.NaN, text: "NaN" };
  const plain = text.replaceAll("_", "");
  const match = /^([-+]?)(?:0([0-7]+)|0o([0-7]+)|0x([0-9a-fA-F]+)|0b([01]+))$/.exec(plain);
  if (match) {
    const [, sign, old, octal, hex, binary] = match;
    const digits = old ?? octal ?? hex ?? binary ?? "";
    const radix = hex !== undefined ? 16 : binary !== undefined ? 2 : 8;
    const value = Number.parseInt(digits, radix) * (sign === "-" ? -1 : 1);
    return { value, text: String(value) };
  }
  if (/^[-+]?(?:0|[1-9]\d*)$/.test(plain)) {
    const value = Number(plain) + 0;
    return { value, text: Number.isSafeInteger(value) ? String(value) : plain.replace(/^\+/, "") };
  }
  if (!/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? { value, text: spellFloat(value) } : undefined;
}

/** The shortest text, with an exponent of two digits from a million on (Go: strconv.FormatFloat, 'g'). */
function spellFloat(value: number): string {
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  const sign = power < 0 ? "-" : "+";
  return `${digits}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}
