import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeRootfs } from "../engine/node-rootfs.ts";
import { folderOf } from "../support/cli.ts";
import { freePort } from "../support/free-port.ts";
import { hasProgram } from "../support/has-program.ts";

const isRoot = process.getuid?.() === 0;
const reason = [
  ...(isRoot ? [] : ["it needs root"]),
  ...(hasProgram("dpkg-deb", "--version") ? [] : ["there is no dpkg-deb here"]),
].join(", ");

describe.skipIf(reason !== "")(
  reason === "" ? "the Debian package" : `the Debian package (skipped: ${reason})`,
  () => {
    const folder = folderOf({});
    const root = join(folder.path, "root");
    let archive = "";

    beforeAll(() => {
      archive = build(join(folder.path, "first"));
      makeRoot();
      dpkg("--install", archive);
    }, 300_000);

    afterAll(() => folder.remove());

    /** A system with a shell, Node.js and dpkg's database, and nothing else. */
    function makeRoot(): void {
      mkdirSync(root);
      execFileSync("tar", ["-x", "-C", root], { input: nodeRootfs(folder.path) });
      for (const path of [
        "bin",
        "usr/bin",
        "tmp",
        "dev",
        "proc",
        "work",
        "var/lib/dpkg/info",
        "var/lib/dpkg/updates",
      ])
        mkdirSync(join(root, path), { recursive: true });
      execFileSync("mknod", ["-m", "666", join(root, "dev/null"), "c", "1", "3"]);
      execFileSync("sh", ["-c", 'cp "$(command -v busybox)" "$1/bin/busybox"', "sh", root]);
      for (const tool of ["sh", "rm", "ls", "stat"]) symlinkSync("busybox", join(root, "bin", tool));
      symlinkSync("/nodejs/bin/node", join(root, "usr/bin/node"));
      for (const file of ["status", "available"]) writeFileSync(join(root, "var/lib/dpkg", file), "");
    }

    function dpkg(...args: readonly string[]): void {
      // Node.js is here, but not as a package of this root.
      execFileSync("dpkg", [`--root=${root}`, "--force-depends", ...args], { stdio: "pipe" });
    }

    function inRoot(command: string): string {
      const env = { PATH: "/usr/bin:/bin", HOME: "/tmp", DOCKER_HOST: "unix:///nonexistent/docker.sock" };
      return execFileSync("/usr/sbin/chroot", [root, "/bin/sh", "-c", command], { env, encoding: "utf8" });
    }

    test("installs a command that audits", () => {
      writeFileSync(join(root, "work/compose.yaml"), readFileSync("examples/insecure/compose.yaml"));
      const { findings } = JSON.parse(
        inRoot("bulkhead audit --format json --fail-on none /work/compose.yaml"),
      );
      expect(findings.map((each: { control: string }) => each.control)).toContain("docker-socket-mount");
      expect(inRoot("bulkhead --version").trim()).toBe(
        JSON.parse(readFileSync("package.json", "utf8")).version,
      );
    });

    test("brings the database driver, so that a history can be kept", () => {
      const query = `require("better-sqlite3")("/tmp/history.db").prepare("select 6 * 7 as answer").get().answer`;
      expect(inRoot(`cd /usr/lib/bulkhead && node -p '${query}'`).trim()).toBe("42");
    });

    test("brings the page, the database and the passwords of bulkhead serve", async () => {
      const address = `127.0.0.1:${await freePort()}`;
      const command = `exec bulkhead serve --listen ${address} --store /tmp/serve.db`;
      const serve = spawn("/usr/sbin/chroot", [root, "/bin/sh", "-c", command], {
        env: { PATH: "/usr/bin:/bin", HOME: "/tmp", DOCKER_HOST: "unix:///nonexistent/docker.sock" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = once(serve, "exit");
      let said = "";
      for (const stream of [serve.stdout, serve.stderr]) stream.on("data", (chunk) => (said += chunk));
      try {
        await expect.poll(() => said, { timeout: 60_000 }).toContain(`http://${address}/#/join/`);
        const page = await fetch(`http://${address}/`);
        expect(await page.text()).toContain("<title>");
      } finally {
        serve.kill("SIGTERM");
      }
      expect((await ended)[0]).toBe(0);
    });

    test("brings units, manual pages, completions, licences and a configuration that dpkg keeps", () => {
      const listed = execFileSync("dpkg-deb", ["--contents", archive], { encoding: "utf8" });
      const paths = listed
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/)[5]);
      expect(paths).toEqual(
        expect.arrayContaining([
          "./usr/lib/systemd/system/bulkhead-guard-proxy.service",
          "./usr/lib/systemd/system/bulkhead-guard-authz.service",
          "./usr/lib/systemd/system/bulkhead-serve.service",
          "./usr/lib/systemd/system/bulkhead-watch.service",
          "./usr/lib/systemd/user/bulkhead-serve.service",
          "./usr/share/man/man1/bulkhead-audit.1.gz",
          "./usr/share/bash-completion/completions/bulkhead",
          "./usr/share/zsh/vendor-completions/_bulkhead",
          "./usr/share/fish/vendor_completions.d/bulkhead.fish",
          "./usr/share/doc/bulkhead/copyright",
        ]),
      );
      expect(listed.split("\n").filter((line) => line !== "" && !line.includes(" root/root "))).toEqual([]);
      expect(paths.filter((path) => path?.endsWith(".cache"))).toEqual([]);
      expect(inRoot("bulkhead guard policy --config /etc/bulkhead/bulkhead.yaml")).not.toBe("");
      const conffiles = execFileSync("dpkg-deb", ["--info", archive, "conffiles"], { encoding: "utf8" });
      expect(conffiles.trim()).toBe("/etc/bulkhead/bulkhead.yaml");
    });

    test("starts nothing, keeps an edited configuration when it is removed, and leaves nothing when purged", () => {
      const config = join(root, "etc/bulkhead/bulkhead.yaml");
      expect(existsSync(join(root, "etc/systemd"))).toBe(false);
      writeFileSync(config, "guard: {} # mine\n");
      dpkg("--install", archive);
      expect(readFileSync(config, "utf8")).toBe("guard: {} # mine\n");
      // As systemctl is in a chroot: it does nothing, and succeeds.
      mkdirSync(join(root, "run/systemd/system"), { recursive: true });
      writeFileSync(join(root, "usr/bin/systemctl"), "#!/bin/sh\n[ -d /run/systemd/system ]\n", {
        mode: 0o755,
      });
      dpkg("--remove", "bulkhead");
      expect(existsSync(join(root, "usr/bin/bulkhead"))).toBe(false);
      expect(existsSync(config)).toBe(true);
      dpkg("--purge", "bulkhead");
      expect(existsSync(join(root, "etc/bulkhead"))).toBe(false);
      expect(existsSync(join(root, "usr/lib/bulkhead"))).toBe(false);
    });

    test("is the same, byte by byte, when it is built again", () => {
      const again = build(join(folder.path, "second"));
      expect(readFileSync(again).equals(readFileSync(archive))).toBe(true);
    });
  },
);

/** The path of the package that the script wrote. */
function build(into: string): string {
  const said = execFileSync("sh", [resolve("packaging/deb/build.sh"), into], {
    encoding: "utf8",
    env: { ...process.env, SOURCE_DATE_EPOCH: "1700000000" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return said.trim();
}
