// An Engine that answers at once: `tsx bench/guard-mock.ts SOCKET`. What is left of a create is then the guard's own time.
import { createServer } from "node:http";

const image = {
  Id: `sha256:${"a".repeat(64)}`,
  RepoTags: ["nginx:latest"],
  Config: { Env: ["PATH=/bin"], Cmd: ["nginx"], User: "", ExposedPorts: { "80/tcp": {} } },
};
const documents: Readonly<Record<string, unknown>> = {
  "/info": {
    ID: "mock",
    Name: "mock",
    SecurityOptions: ["name=seccomp,profile=builtin"],
    CgroupVersion: "2",
    OSType: "linux",
    Driver: "overlay2",
    DefaultRuntime: "runc",
    Runtimes: { runc: {} },
    PidsLimit: true,
    MemoryLimit: true,
  },
  "/version": { Version: "28.5.2", ApiVersion: "1.51", MinAPIVersion: "1.24", Os: "linux", Arch: "amd64" },
  "/networks": [],
};

createServer((request, response) => {
  const path = (request.url ?? "").replace(/^\/v1\.\d+/, "");
  response.setHeader("Api-Version", "1.51");
  response.setHeader("Content-Type", "application/json");
  request.resume();
  request.on("end", () => {
    if (path === "/_ping") response.end("OK");
    else if (path.startsWith("/containers/create"))
      response.writeHead(201).end(JSON.stringify({ Id: "b".repeat(64), Warnings: [] }));
    else if (path.startsWith("/images/")) response.end(JSON.stringify(image));
    else if (path in documents) response.end(JSON.stringify(documents[path]));
    else response.writeHead(404).end(JSON.stringify({ message: `no such thing: ${path}` }));
  });
}).listen(process.argv[2], () => console.log("ready"));
