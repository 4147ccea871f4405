import { spawn } from "node:child_process";
import type { TestEngine } from "./engine.ts";

export interface TestRegistry {
  /** `localhost:5000`, as the Engine reaches it. */
  readonly name: string;
  /** `sha256:…` of the only image, `NAME/app:1`. */
  readonly digest: string;
  stop(): void;
}

/** One image of one small layer, by the registry's protocol (distribution spec, pull alone). */
const program = `
const { createHash } = require("node:crypto");
const { createServer } = require("node:http");
const { gzipSync } = require("node:zlib");
const digestOf = (bytes) => "sha256:" + createHash("sha256").update(bytes).digest("hex");
const tar = Buffer.alloc(2048);
tar.write("hello", 0); tar.write(process.env.MODE + "\\0", 100); tar.write("0000000\\0", 108); tar.write("0000000\\0", 116);
tar.write("00000000000\\0", 124); tar.write("00000000000\\0", 136); tar.write("        ", 148); tar.write("0", 156);
tar.write("ustar\\x0000", 257);
const sum = tar.subarray(0, 512).reduce((all, byte) => all + byte, 0);
tar.write(sum.toString(8).padStart(6, "0") + "\\0 ", 148);
const layer = gzipSync(tar);
const config = Buffer.from(JSON.stringify({
  architecture: process.arch === "arm64" ? "arm64" : "amd64", os: "linux", config: { Cmd: ["/hello"] },
  rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
}));
const type = "application/vnd.docker.distribution.manifest.v2+json";
const manifest = Buffer.from(JSON.stringify({
  schemaVersion: 2, mediaType: type,
  config: { mediaType: "application/vnd.docker.container.image.v1+json", size: config.length, digest: digestOf(config) },
  layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", size: layer.length, digest: digestOf(layer) }],
}));
const blobs = new Map([layer, config].map((bytes) => [digestOf(bytes), bytes]));
createServer(({ url, method }, answer) => {
  const [, kind, reference] = /^\\/v2\\/app\\/(manifests|blobs)\\/(.+)$/.exec(url) ?? [];
  const bytes = url === "/v2/" ? Buffer.from("{}") : kind === "manifests" ? manifest : blobs.get(reference);
  if (!bytes) { answer.writeHead(404).end(); return; }
  answer.writeHead(200, {
    "Content-Type": kind === "manifests" ? type : "application/octet-stream",
    "Content-Length": bytes.length,
    "Docker-Content-Digest": digestOf(bytes),
  });
  answer.end(method === "HEAD" ? undefined : bytes);
}).listen(5000, "127.0.0.1", () => console.log(digestOf(manifest)));
`;

/**
 * A registry in the network namespace of an engine that has a bridge, where dockerd takes localhost for trusted. `mode` is the one
 * of the file in its image, in octal.
 */
export async function startRegistry({ pid }: TestEngine, mode = "0000644"): Promise<TestRegistry> {
  const child = spawn("nsenter", ["--net", "--target", String(pid), process.execPath, "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env.PATH ?? "", MODE: mode },
  });
  const digest = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the registry ended")));
    child.stdout.once("data", (line: Buffer) => resolve(line.toString().trim()));
  });
  return { name: "localhost:5000", digest, stop: () => child.kill("SIGKILL") };
}
