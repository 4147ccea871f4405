/**
 * The messages of a stream in which each stands after its length in bytes, by RFC 6587, section 3.4.1; a last one that is not
 * complete is left out. Throws where the stream is not of that form.
 */
export function framesIn(bytes: Buffer): readonly string[] {
  const messages: string[] = [];
  let from = 0;
  while (from < bytes.length) {
    const space = bytes.indexOf(" ", from);
    if (space === -1) break;
    const length = bytes.toString("latin1", from, space);
    if (!/^[1-9]\d*$/.test(length)) throw new Error(`no length at ${from}: ${length.slice(0, 40)}`);
    const end = space + 1 + Number(length);
    if (end > bytes.length) break;
    messages.push(bytes.toString("utf8", space + 1, end));
    from = end;
  }
  return messages;
}
