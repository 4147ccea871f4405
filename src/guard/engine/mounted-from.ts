/**
 * Where a path of the guard's container is on the host, by the guard's own mountinfo: what is mounted over the path is mounted
 * below `root` as well, with the rest of the host. Undefined where it is not, as of the container's own files.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 */
export function mountedFrom(path: string, root: string, mountinfo: string): string | undefined {
  const mounts = mountinfo.split("\n").flatMap((line) => {
    const [, , device, from, at] = line.split(" ");
    return device === undefined || from === undefined || at === undefined
      ? []
      : [{ device, from: unescaped(from), at: unescaped(at) }];
  });
  const isOver = (at: string) => at === "/" || path === at || path.startsWith(`${at}/`);
  const own = mounts.filter(({ at }) => isOver(at)).sort((one, other) => other.at.length - one.at.length)[0];
  if (!own) return undefined;
  const onDevice = below(own.from, below("", path.slice(own.at === "/" ? 0 : own.at.length)));
  const host = mounts
    .filter(({ device, at }) => device === own.device && (at === root || at.startsWith(`${root}/`)))
    .filter(({ from }) => from === "/" || onDevice === from || onDevice.startsWith(`${from}/`))
    .sort((one, other) => other.from.length - one.from.length)[0];
  if (!host) return undefined;
  return below(host.at.slice(root.length), onDevice.slice(host.from === "/" ? 0 : host.from.length)) || "/";
}

function below(folder: string, rest: string): string {
  return `${folder === "/" ? "" : folder}${rest}`;
}

/** Spaces and the like are octal there. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}
