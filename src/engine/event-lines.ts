import { StringDecoder } from "node:string_decoder";

/** Characters of one document. An event has the labels of its container, so it may be long, but not endless. */
const longest = 4 * 1024 * 1024;

/**
 * Cuts a stream into documents: the Engine ends each with a newline (and begins it with a record separator where it speaks
 * json-seq). Keeps no more than one unfinished document, and tells `lost` of one that is too long to be kept.
 */
export function documentsOf(take: (text: string) => void, lost: () => void): (chunk: Uint8Array) => void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let skipping = false;
  return (chunk) => {
    const lines = (rest + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))).split(
      "\n",
    );
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (skipping) skipping = false;
      else if (line.length > 1) take(line.startsWith("\u001e") ? line.slice(1) : line);
    }
    if (rest.length <= longest) return;
    rest = "";
    if (!skipping) lost();
    skipping = true;
  };
}
