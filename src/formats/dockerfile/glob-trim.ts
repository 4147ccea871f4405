const longest = 256;

/**
 * `${V#pattern}`, `##`, `%` and `%%`: the value without what the pattern matches at its start or end, the shortest
 * or, with the operator doubled, the longest. `operand` begins with the second operator where it is doubled.
 * Undefined for a value or pattern too long to try.
 */
export function globTrim(value: string, operator: "#" | "%", operand: string): string | undefined {
  const greedy = operand.startsWith(operator);
  const pattern = greedy ? operand.slice(1) : operand;
  if (value.length > longest || pattern.length > longest) return undefined;
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  for (const length of greedy ? lengths.toReversed() : lengths) {
    const part = operator === "#" ? value.slice(0, length) : value.slice(value.length - length);
    if (!matches(pattern, part)) continue;
    return operator === "#" ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}

/** Whether `*` and `?` of the pattern can stand for the text. */
function matches(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let index = 0;
  while (index < text.length) {
    if (pattern[at] === "*") {
      star = at;
      resume = index;
      at += 1;
    } else if (pattern[at] === "?" || pattern[at] === text[index]) {
      at += 1;
      index += 1;
    } else if (star !== -1) {
      at = star + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}
