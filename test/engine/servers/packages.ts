import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where the packages are kept between runs; scripts/test.sh puts the first there, too. */
const folder = resolve("node_modules/.cache/server-packages");
const stackFolder = resolve("node_modules/.cache/stack-packages");

/** What only `npm run test:stacks` unpacks. */
const ofStacks = [
  ...["apache2", "libapache2-mod-php8.4", "docker-registry", "rabbitmq-server", "prometheus"],
  ...["sudo", "gosu", "memcached", "bind9", "bind9-dnsutils"],
  ...["etcd-server", "etcd-client", "caddy", "gunicorn"],
];

/** Fetches the packages where they are not there. The reason is apt's. */
export async function serverPackages(
  wanted: "servers" | "stacks" = "servers",
): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }> {
  try {
    await run("sh", ["scripts/server-packages.sh", folder]);
    if (wanted === "stacks") await run("sh", ["scripts/server-packages.sh", stackFolder, ...ofStacks]);
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
  const files = new Map<string, string>();
  for (const server of servers) {
    const from = ofStacks.includes(server) ? stackFolder : folder;
    const needed = new Set((await readFile(join(from, `${server}.needs`), "utf8")).split("\n"));
    for (const file of await readdir(from)) {
      const name = file.split("_")[0] ?? "";
      if (file.endsWith(".deb") && needed.has(name) && !spare.test(name)) files.set(file, join(from, file));
    }
  }
  return [...files.values()];
}
