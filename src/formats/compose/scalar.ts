/**
 * What a plain scalar without a tag means to docker compose, which reads YAML with go-yaml v3
 * (https://github.com/go-yaml/yaml/blob/v3/resolve.go): YAML 1.2 with 1.1's octals (`0644` is 420) and
 * underscores (`1_000`), without its `yes`/`no` and sexagesimals. A timestamp stays a text, since Compose takes none.
 */
export function resolvePlain(text: string): string | number | boolean | null {
  if (nulls.has(text)) return null;
  const first = text.charCodeAt(0);
  if (first === 0x74 || first === 0x66 || first === 0x54 || first === 0x46) {
    if (text === "true" || text === "True" || text === "TRUE") return true;
    if (text === "false" || text === "False" || text === "FALSE") return false;
    return text;
  }
  // A number starts with a sign, a dot or a digit.
  if ((first < 0x30 || first > 0x39) && first !== 0x2b && first !== 0x2d && first !== 0x2e) return text;
  return text.length > 64 ? text : (resolveNumber(text) ?? text);
}

const nulls = new Set(["", "~", "null", "Null", "NULL"]);

function resolveNumber(text: string): number | undefined {
  const special = /^[-+]?\.(?:inf|Inf|INF)$/.test(text);
  if (special) return text.startsWith("-") ? -Infinity : Infinity;
  if (text === ".nan" || text === ".NaN" || text === ".NAN") return Number.NaN;
  const plain = text.replaceAll("_", "");
  const match = /^([-+]?)(?:0([0-7]+)|0o([0-7]+)|0x([0-9a-fA-F]+)|0b([01]+))$/.exec(plain);
  if (match) {
    const [, sign, old, octal, hex, binary] = match;
    const digits = old ?? octal ?? hex ?? binary ?? "";
    const radix = hex !== undefined ? 16 : binary !== undefined ? 2 : 8;
    return Number.parseInt(digits, radix) * (sign === "-" ? -1 : 1);
  }
  if (/^[-+]?\d+$/.test(plain)) return Number(plain);
  if (/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(plain)) return Number(plain);
  return undefined;
}
