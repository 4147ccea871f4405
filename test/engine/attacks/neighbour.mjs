// Services of the host that trust its loopback address, as one process in the network namespace of a dockerd. It says a
// line for each connection or request that it gets. usage: node neighbour.mjs
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { createServer as createLineServer } from "node:net";
import { gzipSync } from "node:zlib";

const layer = gzipSync(Buffer.alloc(1024));
const config = Buffer.from(
  JSON.stringify({
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: { Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: [digestOf(Buffer.alloc(1024))] },
    history: [{ created_by: "neighbour" }],
  }),
);
const manifestType = "application/vnd.docker.distribution.manifest.v2+json";
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: {
      mediaType: "application/vnd.docker.container.image.v1+json",
      size: config.length,
      digest: digestOf(config),
    },
    layers: [
      {
        mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
        size: layer.length,
        digest: digestOf(layer),
      },
    ],
  }),
);
const blobs = new Map([layer, config].map((content) => [digestOf(content), content]));

function digestOf(content) {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** As much of a registry as a pull, a push and a search take: every name is the same image. */
createServer((request, response) => {
  console.log(`${request.method} ${request.url}`);
  const url = new URL(request.url, "http://127.0.0.1:5000");
  const answer = (status, headers, body = "") => {
    response.writeHead(status, { "Content-Length": Buffer.byteLength(body), ...headers });
    response.end(request.method === "HEAD" ? undefined : body);
  };
  request.resume();
  request.on("end", () => {
    const blob = /\/blobs\/(sha256:[0-9a-f]+)$/.exec(url.pathname)?.[1];
    if (/\/manifests\//.test(url.pathname)) {
      if (request.method === "PUT") answer(201, {});
      else
        answer(200, { "Content-Type": manifestType, "Docker-Content-Digest": digestOf(manifest) }, manifest);
    } else if (blob) {
      const content = blobs.get(blob);
      if (content) answer(200, { "Content-Type": "application/octet-stream" }, content);
      else answer(404, {});
    } else if (/\/blobs\/uploads\//.test(url.pathname)) {
      const place = {
        Location: `${url.pathname.replace(/\/$/, "")}/1`,
        "Docker-Upload-UUID": "1",
        Range: "0-0",
      };
      answer(request.method === "PUT" ? 201 : 202, place);
    } else if (/\/tags\/list$/.test(url.pathname)) {
      answer(200, { "Content-Type": "application/json" }, JSON.stringify({ name: "x", tags: ["1"] }));
    } else if (url.pathname === "/v1/search") {
      answer(200, { "Content-Type": "application/json" }, JSON.stringify({ num_results: 0, results: [] }));
    } else if (url.pathname === "/Dockerfile") {
      answer(200, { "Content-Type": "text/plain" }, "FROM scratch\nLABEL remote=1\n");
    } else if (url.pathname === "/image.tar") {
      answer(200, { "Content-Type": "application/x-tar" }, Buffer.alloc(1024));
    } else {
      answer(
        200,
        { "Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0" },
        "{}",
      );
    }
  });
}).listen(5000, "127.0.0.1", () => console.log("listens"));

createLineServer((line) => {
  line.on("error", () => {});
  console.log("connected");
  line.on("data", () => {});
}).listen(5001, "127.0.0.1");

createSocket("udp4")
  .on("message", () => console.log("datagram"))
  .bind(5002, "127.0.0.1");
