import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  access,
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { TestEngine } from "../engine.ts";
import { filesOf } from "./packages.ts";

const run = promisify(execFile);

/** An image made of Debian's packages, laid out as the official one of its name. Plain data: its hash names the archive. */
export interface ServerImage {
  /** Debian packages, unpacked with all that they need. */
  readonly packages: readonly string[];
  /** Whether this machine's Node goes in, at /usr/local/bin/node. */
  readonly node?: boolean;
  /** Text by path; a text that begins with `#!` can be executed. */
  readonly files?: Readonly<Record<string, string>>;
  /** Folders with the uid (and gid) that own them. */
  readonly folders?: Readonly<Record<string, number>>;
  /** Modes of some of these folders: `0o3777`. */
  readonly modes?: Readonly<Record<string, number>>;
  /** Paths that get a copy of another file of the image. */
  readonly copies?: Readonly<Record<string, string>>;
  /** File capabilities, as setcap takes them. */
  readonly capabilities?: Readonly<Record<string, string>>;
  /** What a path leads to. */
  readonly links?: Readonly<Record<string, string>>;
  /** Users beside root, with their uids; the group has the same name and number. */
  readonly users?: Readonly<Record<string, number>>;
  /** Dockerfile instructions. */
  readonly changes: readonly string[];
}

const archives = resolve("node_modules/.cache/server-images");

/** Gives the engine the image under a name. Its archive is made once and kept for the next engine, and the next run. */
export async function importServerImage(
  engine: TestEngine,
  reference: string,
  image: ServerImage,
): Promise<void> {
  const archive = await archiveOf(image);
  const all = ["ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", ...image.changes];
  await engine.docker(["import", ...all.flatMap((change) => ["--change", change]), archive, reference]);
}

async function archiveOf(image: ServerImage): Promise<string> {
  const { changes: _, ...content } = image;
  const parts = [
    JSON.stringify(content),
    process.version,
    ...(await filesOf(image.packages)).map((file) => basename(file)),
  ];
  const hash = createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 24);
  const archive = join(archives, `${hash}.tar`);
  if (
    await access(archive).then(
      () => true,
      () => false,
    )
  )
    return archive;
  await mkdir(archives, { recursive: true });
  const root = await mkdtemp(join(tmpdir(), "bulkhead-server-"));
  const made = `${archive}.${randomBytes(4).toString("hex")}`;
  try {
    await fill(root, image);
    await run("tar", ["-C", root, "--xattrs", "--xattrs-include=security.capability", "-cf", made, "."]);
    await rename(made, archive);
    return archive;
  } finally {
    await rm(made, { force: true });
    await rm(root, { recursive: true, force: true });
  }
}

async function fill(root: string, image: ServerImage): Promise<void> {
  await chmod(root, 0o755);
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(root, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  for (const folder of ["etc", "dev", "proc", "sys", "root", "run", "var/log", "var/lib"]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await symlink("/run", join(root, "var/run"));
  await mkdir(join(root, "tmp"));
  await chmod(join(root, "tmp"), 0o1777);
  for (const file of await filesOf(image.packages)) await run("dpkg", ["-x", file, root]);
  if (image.node) await addNode(root);
  const users = [["root", 0] as const, ["www-data", 33] as const, ...Object.entries(image.users ?? {})];
  await put(
    root,
    "etc/passwd",
    users.map(([name, id]) => `${name}:x:${id}:${id}::/${name}:/bin/sh\n`).join(""),
  );
  await put(
    root,
    "etc/group",
    [["adm", 4] as const, ...users].map(([name, id]) => `${name}:x:${id}:\n`).join(""),
  );
  await addBusybox(root);
  for (const useless of ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/i18n"]) {
    await rm(join(root, useless), { recursive: true, force: true });
  }
  for (const [name, text] of Object.entries(image.files ?? {})) await put(root, name, text);
  for (const [name, target] of Object.entries(image.links ?? {})) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await rm(join(root, name), { force: true });
    await symlink(target, join(root, name));
  }
  for (const [name, uid] of Object.entries(image.folders ?? {})) {
    await mkdir(join(root, name), { recursive: true });
    await chown(join(root, name), uid, uid);
  }
  for (const [name, mode] of Object.entries(image.modes ?? {})) await chmod(join(root, name), mode);
  for (const [name, from] of Object.entries(image.copies ?? {}))
    await copyFile(join(root, from), join(root, name));
  for (const [name, capabilities] of Object.entries(image.capabilities ?? {})) {
    await run("setcap", [capabilities, join(root, name)]);
  }
}

async function addNode(root: string): Promise<void> {
  const node = await realpath(process.execPath);
  const { stdout: linked } = await run("ldd", [node]);
  const paths = [...linked.matchAll(/(?:=> )?(\/\S+) \(/g)].map(([, path = ""]) => path);
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await copyFile(await realpath(path), join(root, path));
  }
  await mkdir(join(root, "usr/local/bin"), { recursive: true });
  await copyFile(node, join(root, "usr/local/bin/node"));
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

async function put(root: string, name: string, text: string): Promise<void> {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await writeFile(path, text);
  await chmod(path, text.startsWith("#!") ? 0o755 : 0o644);
}
