import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where the packages are kept between runs; scripts/test.sh puts them there, too. */
const folder = resolve("node_modules/.cache/server-packages");

/** Fetches the packages where they are not there. The reason is apt's. */
export async function serverPackages(): Promise<
  { readonly ok: true } | { readonly ok: false; readonly reason: string }
> {
  try {
    await run("sh", ["scripts/server-packages.sh", folder]);
    return { ok: true };
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    return {
      ok: false,
      reason: `Debian's packages of the servers cannot be had: ${said.split("\n").at(-1)}`,
    };
  }
}

/** What the dependencies bring along and none of the servers here runs: half of the size. */
const spare =
  /^(?:lib)?(?:perl|llvm|z3|locales|libc-l10n|systemd$|debconf|gdbm|.*-perl$|db5|ucf|procps|openssl$|tzdata|ssl-cert|init-system)|^apparmor/;

/** The files of the packages that the servers need, as `dpkg -x` gives them to a folder. */
export async function filesOf(servers: readonly string[]): Promise<readonly string[]> {
  const needed = new Set<string>();
  for (const server of servers) {
    const names = (await readFile(join(folder, `${server}.needs`), "utf8")).split("\n");
    for (const name of names) if (name !== "" && !spare.test(name)) needed.add(name);
  }
  const files = (await readdir(folder)).filter((file) => needed.has(file.split("_")[0] ?? ""));
  return files.map((file) => join(folder, file));
}
