import { crc32 } from "node:zlib";

/** A record as its line in the queue: the CRC-32 of its text in hexadecimal, a space, the text, which has no line break. */
export function lineOfRecord(record: string): string {
  return `${checksum(record)} ${record}\n`;
}

/** The records of a queue's file, in order. A line that is torn or is not what was written is left out, and told. */
export function* recordsIn(text: string, broken: () => void = () => {}): Generator<string> {
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const record = line.slice(9);
    if (line[8] === " " && line.slice(0, 8) === checksum(record)) yield record;
    else broken();
  }
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}
