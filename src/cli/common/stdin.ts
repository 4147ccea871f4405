import { maxFileBytes } from "../../audit/inputs/disk-files.ts";

/**
 * All of standard input, or somewhat more than a file may hold where it does not end before: anyone who takes it refuses that
 * as they refuse such a file. (node:stream/consumers would cost every start some milliseconds.)
 */
export async function readStdin(): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxFileBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
