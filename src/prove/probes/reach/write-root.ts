import type { Result } from "../../../base/result.ts";
import { type Attempt, judgeAttempts, tryCalls } from "../../experiment/attempts.ts";
import { readStatus, type Status, together } from "../../experiment/looks.ts";
import { atFdCwd, namelessFile } from "../../helper/constants.ts";
import { type ProbeTarget, probe } from "../../probe.ts";

const folders = ["/", "/tmp", "/var/tmp", "/run", "/etc", "/home", "/usr"];

/**
 * With files that have no name and are gone at once (O_TMPFILE). A read-only mount refuses before anything else is looked
 * at (EROFS); where the kernel gets as far as permissions or the file system's abilities, the mount is writable.
 *
 * @see https://man7.org/linux/man-pages/man2/open.2.html
 */
export const writeRoot = probe<readonly Attempt[]>({
  id: "write-root",
  control: "read-only-rootfs",
  tries: "write to its root file system",
  inPlace: true,
  looser: "open",
  experiment: tryFolders,
  judge: (seen) =>
    judgeAttempts(seen, ["EROFS"], { looser: "a container of the same image without --read-only" }),
});

async function tryFolders(target: ProbeTarget): Promise<Result<readonly Attempt[]>> {
  const looked = await target.run(together(folders.map(readStatus)));
  if (!looked.ok) return looked;
  const statuses = looked.value.map((each) => (each.ok ? each.value : undefined));
  const root = statuses[0];
  const own = folders.filter((_, index) => isOn(root, statuses[index]));
  const attempts = await tryCalls(
    target,
    Object.fromEntries(
      own.map((path) => [
        `a new file in ${path}`,
        (builder) => builder.call("openat", atFdCwd, builder.text(path), namelessFile, 0o600),
      ]),
    ),
  );
  return attempts.ok ? { ok: true, value: attempts.value.map(beyondReadOnly) } : attempts;
}

/** Whether it is a folder of the root file system itself, and not a volume or a tmpfs. */
function isOn(root: Status | undefined, status: Status | undefined): boolean {
  return status?.isFolder === true && status.device.join() === root?.device.join();
}

/** These come only after the mount let a write through. */
export function beyondReadOnly({ what, error }: Attempt): Attempt {
  if (error === "EOPNOTSUPP" || error === "EISDIR") return { what, error: undefined };
  if (error === "EACCES" || error === "EPERM") {
    return { what: `${what} (the mount is writable, permissions alone refuse: ${error})`, error: undefined };
  }
  return { what, error };
}
