import { spawnSync } from "node:child_process";

/** What apparmor_parser said of a profile. */
export interface Parsed {
  /** Undefined where nobody could ask it. */
  readonly ok: boolean | undefined;
  /** A clause: why it was not parsed, or what is wrong with it. */
  readonly reason: string | undefined;
}

/** Has apparmor_parser compile a profile without loading it (apparmor_parser(8)). Needs no AppArmor in the kernel. */
export function parseProfile(text: string): Parsed {
  const ran = spawnSync("apparmor_parser", ["--skip-kernel-load", "--skip-cache"], {
    input: text,
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` },
  });
  if (ran.error) return { ok: undefined, reason: "apparmor_parser is not installed here" };
  if (ran.status === 0) return { ok: true, reason: undefined };
  const said = ran.stderr.trim().split("\n").at(-1) ?? "";
  return { ok: false, reason: said === "" ? `exit status ${ran.status}` : said };
}
