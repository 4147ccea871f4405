import { execFile } from "node:child_process";
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { TestEngine } from "./engine.ts";

const run = promisify(execFile);

/**
 * Real servers for tests: nginx-light and redis-server as Debian packages them, unpacked into images. An image is laid out
 * as the official one of that name (its user, its folders, its entrypoint's way of stepping down), so that what is known
 * of that one can be tried; `debian` leaves Debian's own layout.
 */
export type Layout = "official" | "debian";

/** Where the packages are kept between runs; scripts/test.sh puts them there, too. */
const packages = resolve("node_modules/.cache/server-packages");

/** Fetches the packages where they are not there. The reason is apt's. */
export async function serverPackages(): Promise<
  { readonly ok: true } | { readonly ok: false; readonly reason: string }
> {
  try {
    await run("sh", ["scripts/server-packages.sh", packages]);
    return { ok: true };
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    return {
      ok: false,
      reason: `Debian's packages of the servers cannot be had: ${said.split("\n").at(-1)}`,
    };
  }
}

/** Gives the engine nginx under a name. It serves what is in /usr/share/nginx/html on port 80. */
export async function importNginx(engine: TestEngine, reference: string, layout: Layout): Promise<void> {
  await importRoot(engine, reference, ['CMD ["nginx", "-g", "daemon off;"]', "EXPOSE 80"], async (root) => {
    await unpack(root, /^(?:lib|zlib|nginx)/);
    await put(root, "usr/share/nginx/html/index.html", "nginx serves\n");
    if (layout === "official") {
      await put(root, "etc/nginx/nginx.conf", officialNginx);
      await mkdir(join(root, "var/cache/nginx"), { recursive: true });
      await mkdir(join(root, "var/log/nginx"), { recursive: true });
      await symlink("/dev/stdout", join(root, "var/log/nginx/access.log"));
      await symlink("/dev/stderr", join(root, "var/log/nginx/error.log"));
    } else {
      // What the package's installation makes.
      await symlink("../sites-available/default", join(root, "etc/nginx/sites-enabled/default"));
    }
  });
}

/** Gives the engine redis under a name: data in /data, port 6379. */
export async function importRedis(engine: TestEngine, reference: string): Promise<void> {
  const changes = [
    'ENTRYPOINT ["/entrypoint.sh"]',
    'CMD ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no"]',
    ...["EXPOSE 6379", "VOLUME /data", "WORKDIR /data"],
  ];
  await importRoot(engine, reference, changes, async (root) => {
    await unpack(root, /^(?:lib|zlib|redis|util-linux)/);
    await put(root, "entrypoint.sh", redisEntrypoint, 0o755);
    await mkdir(join(root, "data"));
    await chown(join(root, "data"), 999, 999);
  });
}

/** nginx where the official image has its user, its pid, its temporary folders and its logs. */
const officialNginx = `user nginx;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log notice;
events {}
http {
  access_log /var/log/nginx/access.log;
  client_body_temp_path /var/cache/nginx/client_temp;
  proxy_temp_path /var/cache/nginx/proxy_temp;
  fastcgi_temp_path /var/cache/nginx/fastcgi_temp;
  uwsgi_temp_path /var/cache/nginx/uwsgi_temp;
  scgi_temp_path /var/cache/nginx/scgi_temp;
  server {
    listen 80;
    root /usr/share/nginx/html;
    # A body larger than its buffer goes through the temporary folder.
    location /upload { client_body_in_file_only clean; proxy_pass http://127.0.0.1:80/index.html; proxy_method GET; }
  }
}
`;

/** Starts as the official entrypoint does: as root it gives the data away, then becomes redis and can gain nothing more. */
const redisEntrypoint = `#!/bin/sh
set -e
as_redis="/usr/bin/setpriv --reuid redis --regid redis --clear-groups"
if [ "$(id -u)" = 0 ]; then
  find /data ! -user redis -exec chown redis {} +
  exec $as_redis --nnp --inh-caps=-all --ambient-caps=-all --bounding-set=-all "$0" "$@"
fi
umask 0077
exec "$@"
`;

const users = `root:x:0:0:root:/root:/bin/sh
www-data:x:33:33::/var/www:/bin/false
nginx:x:101:101::/nonexistent:/bin/false
redis:x:999:999::/data:/bin/false
`;

const groups = "root:x:0:\nwww-data:x:33:\nadm:x:4:\nnginx:x:101:\nredis:x:999:\n";

async function importRoot(
  engine: TestEngine,
  reference: string,
  changes: readonly string[],
  fill: (root: string) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "bulkhead-server-"));
  try {
    await chmod(root, 0o755);
    for (const name of ["bin", "sbin", "lib", "lib64"]) {
      await mkdir(join(root, "usr", name), { recursive: true });
      await symlink(`usr/${name}`, join(root, name));
    }
    for (const folder of ["etc", "dev", "proc", "sys", "root", "run", "var/log", "var/lib"]) {
      await mkdir(join(root, folder), { recursive: true });
    }
    await mkdir(join(root, "tmp"));
    await chmod(join(root, "tmp"), 0o1777);
    await fill(root);
    await put(root, "etc/passwd", users);
    await put(root, "etc/group", groups);
    await addBusybox(root);
    for (const spare of ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/i18n"]) {
      await rm(join(root, spare), { recursive: true, force: true });
    }
    const { stdout: tar } = await run("tar", ["-C", root, "-c", "."], {
      encoding: "buffer",
      maxBuffer: 512 * 1024 * 1024,
    });
    const all = ["ENV PATH=/usr/sbin:/usr/bin", ...changes].flatMap((change) => ["--change", change]);
    await engine.docker(["import", ...all, "-", reference], tar);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function unpack(root: string, wanted: RegExp): Promise<void> {
  for (const name of await readdir(packages)) {
    if (name.endsWith(".deb") && wanted.test(name)) await run("dpkg", ["-x", join(packages, name), root]);
  }
}

/** A shell and the usual tools, where the packages bring none. */
async function addBusybox(root: string): Promise<void> {
  const { stdout: path } = await run("sh", ["-c", "command -v busybox"]);
  await copyFile(path.trim(), join(root, "usr/bin/busybox"));
  await chmod(join(root, "usr/bin/busybox"), 0o755);
  const { stdout: applets } = await run("busybox", ["--list"]);
  for (const applet of applets.split("\n").filter((name) => name !== "" && name !== "busybox")) {
    const there = await lstat(join(root, "usr/bin", applet)).catch(() => undefined);
    if (!there) await symlink("busybox", join(root, "usr/bin", applet));
  }
}

async function put(root: string, name: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await rm(join(root, name), { force: true });
  await writeFile(join(root, name), text);
  await chmod(join(root, name), mode);
}
