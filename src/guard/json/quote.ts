/** What a client wrote, as it may stand in a message or a log: in quotes, cut, and ASCII without control characters. */
export function quote(text: string, length = 60): string {
  const cut = text.length > length ? text.slice(0, length) : text;
  const ascii = JSON.stringify(cut).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > length ? `${ascii.slice(0, -1)}..."` : ascii;
}
