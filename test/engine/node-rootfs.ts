import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** As a tar archive: a root file system that is this machine's Node and what it links, where the image's base has it. */
export function nodeRootfs(folder: string): Buffer {
  const root = join(folder, "rootfs");
  const put = (from: string, to: string) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    cpSync(realpathSync(from), join(root, to));
  };
  const node = realpathSync(process.execPath);
  put(node, "/nodejs/bin/node");
  // The password library is the one addon that needs more of glibc than Node does.
  const addons = addonsOf("node_modules/@node-rs");
  const linked = execFileSync("ldd", [node, ...addons], { encoding: "utf8" });
  for (const [, path] of linked.matchAll(/(?:=> )?(\/\S+) \(/g)) if (path !== undefined) put(path, path);
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/root:/none\nnonroot:x:65532:65532::/home:/none\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\nnonroot:x:65532:\n");
  return execFileSync("tar", ["-C", root, "-c", "."], { maxBuffer: 1024 ** 3 });
}

function addonsOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".node"))
    .map((path) => join(folder, path));
}
