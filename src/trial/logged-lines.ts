import { recordAt, textsOf } from "../base/json.ts";
import type { EngineStreams } from "../engine/streams.ts";
import { maskerOf } from "./isolate.ts";

/**
 * Lines that a container logged (`query`: which, as the Engine's API has it: `tail=20`), without the values of its secret
 * variables; none where they cannot be had.
 */
export async function loggedLines(
  id: string,
  inspect: unknown,
  streams: Pick<EngineStreams, "getBytes">,
  query: string,
): Promise<readonly string[]> {
  const answer = await streams.getBytes(`/containers/${id}/logs?stdout=1&stderr=1&${query}`);
  if (!answer.ok) return [];
  const isTerminal = recordAt(inspect, "Config").Tty === true;
  const text = (isTerminal ? answer.value : joined(answer.value)).toString("utf8");
  const hide = maskerOf(textsOf(recordAt(inspect, "Config").Env).map(parted));
  // What a program logs must not steer the terminal: of control characters only tabs and line ends stay.
  const clean = hide(text)
    .replace(/[^\P{Cc}\t\n]/gu, "")
    .replace(/\n$/, "");
  return clean === "" ? [] : clean.split("\n");
}

function parted(variable: string): readonly [string, string] {
  const [name = "", ...value] = variable.split("=");
  return [name, value.join("=")];
}

/**
 * Frames of 8 bytes of header, whose last four are the length, and so many bytes.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerAttach
 */
function joined(frames: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= frames.length; ) {
    const end = at + 8 + frames.readUInt32BE(at + 4);
    parts.push(frames.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts);
}
