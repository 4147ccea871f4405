import { execFileSync } from "node:child_process";
import type { AuditRules } from "../../model/host/benchmark-sight.ts";
import type { HostFiles } from "../host/files.ts";

const folder = "/etc/audit/rules.d";

/**
 * The paths that audit rules watch: those that the kernel has loaded, where this process may ask it (`auditctl -l`), else
 * those of auditd's files.
 *
 * @see https://man7.org/linux/man-pages/man8/auditctl.8.html
 */
export function readAuditRules(root: string, files: HostFiles): AuditRules {
  const loaded = root === "" ? loadedRules() : undefined;
  if (loaded !== undefined) {
    return { from: "kernel", watched: watchedPaths(loaded), origin: { kernel: "auditctl -l" } };
  }
  const paths = [
    "/etc/audit/audit.rules",
    ...files
      .list(`${root}${folder}`)
      .filter((name) => name.endsWith(".rules"))
      .map((name) => `${folder}/${name}`),
  ];
  const texts = paths.map((path) => files.read(`${root}${path}`));
  const unread = texts.find(
    (text) => !text.ok && !/no such file|not exist|missing|there is no/i.test(text.reason),
  );
  if (unread && !unread.ok)
    return { from: "nowhere", reason: `auditd's rules cannot be read: ${unread.reason}` };
  const watched = texts.flatMap((text) => (text.ok ? watchedPaths(text.value) : []));
  return { from: "files", watched, origin: { kernel: folder } };
}

/** Undefined where there is no auditctl or the kernel does not answer it. */
function loadedRules(): string | undefined {
  for (const program of ["/usr/sbin/auditctl", "/sbin/auditctl"]) {
    try {
      return execFileSync(program, ["-l"], {
        encoding: "utf8",
        timeout: 5000,
        stdio: ["ignore", "pipe", "ignore"],
      });
    } catch {
      // Not there, or not allowed: the next one, or the files.
    }
  }
  return undefined;
}

/** `-w /etc/docker -p wa`, `-a always,exit -F path=/usr/bin/dockerd`, `-a always,exit -F dir=/etc/docker`. */
export function watchedPaths(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const rule = line.trim();
    if (rule.startsWith("#") || /(?:^|\s)-a\s+(?:never,|\S+,never)/.test(rule)) return [];
    return [...rule.matchAll(/(?:^|\s)(?:-w\s+|-F\s+(?:path|dir)=)"?([^\s"]+)/g)].map(([, path = ""]) =>
      path.replace(/(.)\/+$/, "$1"),
    );
  });
}
