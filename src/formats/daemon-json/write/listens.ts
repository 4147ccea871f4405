import { failed, ok, type Result } from "../../../base/result.ts";
import type { Engine, ListenAddress } from "../../../model/engine.ts";
import { isFileOrigin } from "../../../model/origin.ts";
import type { EnginePatch } from "../../../model/patch.ts";
import type { Edit } from "../../../model/writing.ts";
import type { TextFile } from "../unit.ts";

/**
 * The edits of a socket unit that take away an address which it opens: its whole line. Undefined where the patch is about
 * an address of another origin.
 */
export function listensIn(
  socket: TextFile | undefined,
  patch: EnginePatch,
  { listenAddresses }: Pick<Engine, "listenAddresses">,
): Result<readonly Edit[]> | undefined {
  if (!socket || (patch.op !== "remove" && patch.op !== "replace")) return undefined;
  const { address } = patch.value as ListenAddress;
  const found = listenAddresses.find((item) => item.state === "set" && item.value.address === address);
  const origin = found?.origins.find(isFileOrigin);
  if (origin?.file !== socket.file) return undefined;
  const place = `${socket.file}:${origin.startLine}`;
  if (patch.op === "replace") {
    return failed(`write ListenStream=/run/docker.sock at ${place} instead, with SocketMode=0660`);
  }
  const lines = socket.text.split(/(?<=\n)/);
  const start = lines.slice(0, origin.startLine - 1).join("").length;
  const line = lines[origin.startLine - 1] ?? "";
  if (origin.endLine !== origin.startLine || !/^[ \t]*ListenStream[ \t]*=/.test(line)) {
    return failed(`take it out at ${place} by hand`);
  }
  return ok([{ file: socket.file, start, end: start + line.length, text: "" }]);
}
