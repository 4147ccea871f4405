import { posix } from "node:path";
import type { KernelProgram } from "../../model/engine.ts";
import { type Fact, set, unresolved } from "../../model/fact.ts";
import { type HostFiles, readWriters } from "./files.ts";
import type { HostSight } from "./host.ts";

/**
 * The programs that the host's kernel starts as root. core(5): a core_pattern without `|` is the name of a file. A setting that is empty,
 * or that this kernel does not have, starts none.
 */
export function readKernelPrograms(
  { folder, root }: Pick<HostSight, "folder" | "root">,
  files: HostFiles,
): Fact<readonly KernelProgram[]> {
  const proc = posix.dirname(folder);
  const sysctl = `${proc}/sys/kernel`;
  const pattern = files.read(`${sysctl}/core_pattern`);
  if (!pattern.ok)
    return unresolved(`the settings of the host's kernel cannot be read: ${pattern.reason}`, {
      kernel: `${sysctl}/core_pattern`,
    });
  const textOf = (path: string) => {
    const text = files.read(path);
    return text.ok ? text.value.trim() : "";
  };
  const binfmt = `${proc}/sys/fs/binfmt_misc`;
  const cgroups = `${root}/sys/fs/cgroup`;
  // A hierarchy of cgroup v1; in the one of v2 all but a few names have a full stop.
  const hierarchies = files.list(cgroups).filter((name) => !name.includes("."));
  const settings: readonly (readonly [setting: string, value: string])[] = [
    ["kernel.core_pattern", /^\s*\|\s*(.*)/s.exec(pattern.value)?.[1]?.trim() ?? ""],
    ["kernel.modprobe", textOf(`${sysctl}/modprobe`)],
    ["/sys/kernel/uevent_helper", textOf(`${root}/sys/kernel/uevent_helper`)],
    ...hierarchies.map((name) => {
      const path = `${name}/release_agent`;
      return [`/sys/fs/cgroup/${path}`, textOf(`${cgroups}/${path}`)] as const;
    }),
    ...files.list(binfmt).map((name) => {
      const text = textOf(`${binfmt}/${name}`);
      return [`binfmt_misc ${name}`, /^interpreter (.*)$/m.exec(text)?.[1] ?? ""] as const;
    }),
  ];
  const programs = settings.flatMap(([setting, value]): readonly KernelProgram[] => {
    const paths = value.split(/\s+/).filter((word) => word.startsWith("/"));
    const targets = paths.flatMap((path) => {
      const real = files.realPath(`${root}${path}`);
      return [
        path,
        ...(real === undefined ? [] : [real.startsWith(`${root}/`) ? real.slice(root.length) : real]),
      ];
    });
    const there = [...new Set(targets.flatMap(withFolders))].flatMap((path) => {
      const status = files.stat(`${root}${path}`);
      if (!status || status.node !== undefined) return [];
      const { mode, uid, gid } = status;
      return [{ path, mode, uid, gid, ...readWriters(`${root}${path}`, mode, files) }];
    });
    return paths.length === 0 ? [] : [{ setting, value, paths, files: there }];
  });
  return set(programs, { kernel: sysctl });
}

/** `/usr/bin/x`, `/usr/bin`, `/usr`, `/`. */
function withFolders(path: string): readonly string[] {
  const folder = posix.dirname(path);
  return folder === path ? [path] : [path, ...withFolders(folder)];
}
