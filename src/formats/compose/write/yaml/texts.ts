/** Splits at colons, but not inside `${…}` and not behind a drive letter. */
export function splitAtColons(text: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === "{" && (depth > 0 || text[index - 1] === "$")) depth += 1;
    else if (char === "}" && depth > 0) depth -= 1;
    if (char === ":" && depth === 0 && !/^[A-Za-z]$/.test(part)) {
      parts.push(part);
      part = "";
    } else part += char;
  }
  return [...parts, part];
}

/** Splits options at commas, but not inside `${…}`. */
export function splitOptions(text: string): readonly string[] {
  return text.split(/,(?![^{]*\})/);
}
