import { against } from "../policy/rules.ts";
import type { RouteCheck } from "../route-check.ts";

/** Columns that show nothing of an environment; a command line is shown without being asked for. */
const columns = new Set([
  ...["pid", "ppid", "pgid", "sid", "tid", "lwp", "nlwp", "user", "uid", "euid", "ruid", "ruser", "euser"],
  ...["group", "gid", "egid", "rgid", "comm", "args", "cmd", "command", "ucmd", "etime", "etimes", "time"],
  ...["start", "lstart", "stime", "start_time", "tty", "tt", "stat", "state", "s", "wchan", "ni", "nice"],
  ...[
    "pri",
    "rss",
    "rssize",
    "vsz",
    "sz",
    "size",
    "pcpu",
    "%cpu",
    "pmem",
    "%mem",
    "c",
    "psr",
    "cgroup",
    "label",
  ],
]);

/**
 * `GET /containers/{container}/top`: dockerd hands `ps_args` to the host's ps. `e` among the options without a dash shows the
 * environment of each process, which a policy that redacts keeps from the client. What is not known to be harmless is denied.
 */
export const checkTop: RouteCheck = ({ query }, { policy }) => {
  const options = query.get("ps_args")?.[0] ?? "";
  if (!policy.redact || isHarmless(options)) return {};
  return {
    reasons: against(
      policy,
      "guard-process-options",
      `asks ps for ${options}, which may show the environment of each process: ask with -ef, aux or -o and plain columns`,
    ),
  };
};

function isHarmless(options: string): boolean {
  const words = options.split(/\s+/).filter((word) => word !== "");
  return words.every((word, at) => {
    const list = words[at - 1];
    if (list !== undefined && /^-[AefFlLyw]*o$/.test(list)) return areColumns(word);
    if (/^-[AefFlLyw]*o$/.test(word)) return at + 1 < words.length;
    const joined = /^-[AefFlLyw]*o(.+)$/.exec(word)?.[1];
    if (joined !== undefined) return areColumns(joined);
    return /^-[AefFlLywZ]+$/.test(word) || /^[auxwflj]+$/.test(word);
  });
}

function areColumns(list: string): boolean {
  return list.split(",").every((name) => columns.has(name.replace(/[=:].*$/, "").toLowerCase()));
}
