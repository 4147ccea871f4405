/**
 * Whether a process is the container's, by /proc/PID/cgroup and /proc/PID/mountinfo: by its cgroup; where that has another name,
 * or the Engine makes none (rootless without delegation), by the files that the Engine mounts over the container's own. Any other
 * line of mountinfo may hold the id in a process of the host, too: containerd's image store mounts the root of a container at
 * `…/overlayfs/ID`.
 */
export function isNamedAfter(id: string, cgroup: string, mountinfo: string): boolean {
  if (cgroup.includes(id)) return true;
  return mountinfo.split("\n").some((line) => {
    const [, , , root = "", target = ""] = line.split(" ");
    return root.includes(id) && nameFiles.has(target);
  });
}

const nameFiles: ReadonlySet<string> = new Set(["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"]);
