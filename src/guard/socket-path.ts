import { chmodSync, lstatSync, mkdirSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { codeOf, whyUnread } from "../base/error-words.ts";
import { failed, ok, type Result } from "../base/result.ts";

/**
 * Makes a socket's path free to listen on, with its folder. Removes what a guard left behind that is dead; never anything
 * else.
 */
export async function freePath(path: string): Promise<Result<void>> {
  try {
    if (!lstatSync(path).isSocket()) return failed(`${path} is there and is not a socket`);
  } catch (error) {
    return codeOf(error) === "ENOENT" ? makeFolder(dirname(path)) : failed(`${path}: ${whyUnread(error)}`);
  }
  if (await answers(path)) return failed(`something listens on ${path} already`);
  try {
    unlinkSync(path);
    return ok(undefined);
  } catch (error) {
    return failed(`the dead socket ${path} cannot be removed: ${whyUnread(error)}`);
  }
}

/** Nothing below /run outlasts a reboot. The socket's users must be able to enter its folder. */
function makeFolder(folder: string): Result<void> {
  try {
    if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, 0o755);
    return ok(undefined);
  } catch (error) {
    return failed(`the folder ${folder} cannot be made: ${whyUnread(error)}`);
  }
}

/** Only a refused connection proves that no process listens. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => resolve(!["ECONNREFUSED", "ENOENT"].includes(codeOf(error))));
  });
}
