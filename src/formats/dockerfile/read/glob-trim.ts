const longest = 128;

/**
 * `${V#pattern}`, `##`, `%` and `%%`: the value without what the pattern matches at its start or end, the shortest
 * or, with the operator doubled, the longest. `operand` begins with the second operator where it is doubled.
 * Undefined for a value or pattern too long to try, or with more than one `*`.
 */
export function globTrim(value: string, operator: "#" | "%", operand: string): string | undefined {
  const greedy = operand.startsWith(operator);
  const pattern = greedy ? operand.slice(1) : operand;
  if (value.length > longest || pattern.length > longest || pattern.split("*").length > 2) return undefined;
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  for (const length of greedy ? lengths.toReversed() : lengths) {
    const part = operator === "#" ? value.slice(0, length) : value.slice(value.length - length);
    if (!matches(pattern, part)) continue;
    return operator === "#" ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}

/** Whether the pattern, with at most one `*`, can stand for the text; `?` is any character. */
function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star === -1) return pattern.length === text.length && fits(pattern, text);
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return (
    text.length >= head.length + tail.length &&
    fits(head, text) &&
    fits(tail, text.slice(text.length - tail.length))
  );
}

function fits(pattern: string, text: string): boolean {
  for (let index = 0; index < pattern.length; index += 1) {
    if (pattern[index] !== "?" && pattern[index] !== text[index]) return false;
  }
  return true;
}
