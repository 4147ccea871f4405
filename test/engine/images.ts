import { execFile } from "node:child_process";
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { TestEngine } from "./engine.ts";

const run = promisify(execFile);

/** No registry is reachable from a test: images are made from this machine's static busybox. */
export const busybox = "busybox:test";

/** Gives the engine an image `busybox:test`, with a shell and the usual tools, that runs `sh` as root. */
export async function importBusybox(engine: TestEngine): Promise<string> {
  return importImage(engine, busybox);
}

export interface ImageOptions {
  /** Dockerfile instructions: `USER 1000`, `ENV A=b`, `HEALTHCHECK NONE`. */
  readonly changes?: readonly string[];
  /** More files, by path in the image; what begins with `#!` can be executed. */
  readonly files?: Readonly<Record<string, string>>;
  /** Folders that belong to another user than root, by path in the image. */
  readonly owned?: Readonly<Record<string, number>>;
}

/** Gives the engine a busybox image under another name, with a configuration; gives the name back. */
export async function importImage(
  engine: TestEngine,
  reference: string,
  { changes = [], files = {}, owned = {} }: ImageOptions = {},
): Promise<string> {
  const isPlain = Object.keys({ ...files, ...owned }).length === 0;
  const rootfs = isPlain ? await plainRootfs() : await archive(files, owned);
  const instructions = ['CMD ["sh"]', "ENV PATH=/bin", ...changes].flatMap((change) => ["--change", change]);
  await engine.docker(["import", ...instructions, "-", reference], rootfs);
  return reference;
}

let plain: Promise<Buffer> | undefined;

/** The archive without more files is the same for every engine of a test process. */
function plainRootfs(): Promise<Buffer> {
  plain ??= archive({}, {});
  return plain;
}

async function archive(
  files: Readonly<Record<string, string>>,
  owned: Readonly<Record<string, number>>,
): Promise<Buffer> {
  const root = await mkdtemp(join(tmpdir(), "bulkhead-rootfs-"));
  try {
    await chmod(root, 0o755);
    for (const folder of ["bin", "etc", "dev", "proc", "sys", "root", "home", "var", "usr"]) {
      await mkdir(join(root, folder));
    }
    await mkdir(join(root, "tmp"));
    await chmod(join(root, "tmp"), 0o1777);
    const { stdout: path } = await run("sh", ["-c", "command -v busybox"]);
    await copyFile(path.trim(), join(root, "bin/busybox"));
    await chmod(join(root, "bin/busybox"), 0o755);
    const { stdout: applets } = await run("busybox", ["--list"]);
    for (const applet of applets.split("\n").filter((name) => name !== "" && name !== "busybox")) {
      await symlink("busybox", join(root, "bin", applet));
    }
    await writeFile(
      join(root, "etc/passwd"),
      "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home:/bin/sh\n",
    );
    await writeFile(join(root, "etc/group"), "root:x:0:\napp:x:1000:\n");
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
    for (const [name, uid] of Object.entries(owned)) {
      await mkdir(join(root, name), { recursive: true });
      await chown(join(root, name), uid, uid);
    }
    const tar = await run("tar", ["-C", root, "-c", "."], {
      encoding: "buffer",
      maxBuffer: 256 * 1024 * 1024,
    });
    return tar.stdout;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
