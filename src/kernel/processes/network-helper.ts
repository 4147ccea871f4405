import { statSync } from "node:fs";
import { posix } from "node:path";
import { readLink } from "../files.ts";

/** What gives a user's containers their network, without root: of slirp4netns and pasta each has its own bare root file system. */
const helpers = /^(?:slirp4netns|pasta|passt)(?:\.avx2)?$/;

/**
 * Whether a process is such a helper of a rootless Engine. Podman's is a child of no one, so it is known by its executable: the
 * very file of the host, which only root may write. A program that only calls itself so is none.
 */
export function isNetworkHelper(proc: string, pid: number): boolean {
  const program = readLink(`${proc}/${pid}/exe`);
  if (!program.ok || !helpers.test(posix.basename(program.value))) return false;
  const own = identityOf(`${proc}/${pid}/exe`);
  if (own === undefined) return false;
  const places = [`${proc}/1/root${program.value}`, program.value];
  return places.some((path) => identityOf(path) === own);
}

/** Of a program that root alone may change. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino, uid, mode } = statSync(path);
    return uid === 0 && (mode & 0o022) === 0 ? `${dev}:${ino}` : undefined;
  } catch {
    return undefined;
  }
}
