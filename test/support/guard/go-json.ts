/** A document as Go's scanner sees it: names as often as they stand, numbers as written. */
export type GoValue =
  | null
  | boolean
  | string
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "array"; readonly items: readonly GoValue[] }
  | { readonly kind: "object"; readonly members: readonly (readonly [string, GoValue])[] };

/**
 * The first document of a text, as Go's json.Decoder takes it: bytes that are no UTF-8 and halves of surrogate pairs
 * become U+FFFD, and what stands behind it is not looked at. Undefined where Go reports an error of syntax.
 */
export function readGoJson(bytes: Uint8Array): GoValue | undefined {
  // one U+FFFD for each byte that is wrong, as Go has it; Node's decoder makes one of several
  const text = decodeUtf8(bytes);
  const state = { text, at: 0 };
  try {
    return readValue(state, 0);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface State {
  readonly text: string;
  at: number;
}

function decodeUtf8(bytes: Uint8Array): string {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return strict.decode(bytes);
  } catch {
    let text = "";
    for (let at = 0; at < bytes.length; ) {
      const size = [1, 2, 3, 4].find(
        (length) => at + length <= bytes.length && isOne(strict, bytes.subarray(at, at + length)),
      );
      text += size === undefined ? "\ufffd" : strict.decode(bytes.subarray(at, at + size));
      at += size ?? 1;
    }
    return text;
  }
}

function isOne(strict: InstanceType<typeof TextDecoder>, bytes: Uint8Array): boolean {
  try {
    return [...strict.decode(bytes)].length === 1;
  } catch {
    return false;
  }
}

function fail(): never {
  throw new SyntaxError("as Go has it");
}

function space(state: State): void {
  while (/[ \t\r\n]/.test(state.text[state.at] ?? "x")) state.at += 1;
}

function readValue(state: State, depth: number): GoValue {
  if (depth > 10_000) fail();
  space(state);
  const rest = state.text.slice(state.at, state.at + 5);
  if (rest.startsWith("{")) return readObject(state, depth);
  if (rest.startsWith("[")) return readArray(state, depth);
  if (rest.startsWith('"')) return readString(state);
  for (const [word, value] of [
    ["true", true],
    ["false", false],
    ["null", null],
  ] as const) {
    if (!rest.startsWith(word)) continue;
    state.at += word.length;
    return value;
  }
  const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/.exec(
    state.text.slice(state.at),
  )?.[0];
  if (number === undefined) return fail();
  state.at += number.length;
  // a number that goes on is an error, where nothing else stands between
  if (/[0-9.eE+-]/.test(state.text[state.at] ?? " ")) fail();
  return { kind: "number", text: number };
}

function readArray(state: State, depth: number): GoValue {
  const items: GoValue[] = [];
  state.at += 1;
  space(state);
  if (state.text[state.at] === "]") {
    state.at += 1;
    return { kind: "array", items };
  }
  for (;;) {
    items.push(readValue(state, depth + 1));
    space(state);
    const next = state.text[state.at];
    state.at += 1;
    if (next === "]") return { kind: "array", items };
    if (next !== ",") fail();
  }
}

function readObject(state: State, depth: number): GoValue {
  const members: [string, GoValue][] = [];
  state.at += 1;
  space(state);
  if (state.text[state.at] === "}") {
    state.at += 1;
    return { kind: "object", members };
  }
  for (;;) {
    space(state);
    if (state.text[state.at] !== '"') fail();
    const name = readString(state);
    space(state);
    if (state.text[state.at] !== ":") fail();
    state.at += 1;
    members.push([name, readValue(state, depth + 1)]);
    space(state);
    const next = state.text[state.at];
    state.at += 1;
    if (next === "}") return { kind: "object", members };
    if (next !== ",") fail();
  }
}

function readString(state: State): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them
  const form = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
  form.lastIndex = state.at;
  const text = form.exec(state.text)?.[0];
  if (text === undefined) return fail();
  state.at += text.length;
  return (JSON.parse(text) as string).toWellFormed();
}
