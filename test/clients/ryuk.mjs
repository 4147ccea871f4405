// What Testcontainers' Ryuk asks of the Engine, for a test without a registry: main.go and reaper.go of
// https://github.com/testcontainers/moby-ryuk/blob/0.14.0/reaper.go. It takes filters, one a line, and removes what has them
// once its last client is gone.
import { request } from "node:http";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

const filters = new Set();
let clients = 0;

async function ask(method, path) {
  return await new Promise((resolve, reject) => {
    const asked = request({ socketPath: "/var/run/docker.sock", method, path }, async (answer) => {
      const chunks = [];
      for await (const chunk of answer) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      if (answer.statusCode >= 400) console.log(`${method} ${path}: ${answer.statusCode} ${text}`);
      resolve(answer.statusCode < 400 && text.startsWith("[") ? JSON.parse(text) : text);
    });
    asked.once("error", reject);
    asked.end();
  });
}

async function prune() {
  for (const filter of filters) {
    const query = `filters=${encodeURIComponent(JSON.stringify({ label: { [filter.replace(/^label=/, "")]: true } }))}`;
    const containers = await ask("GET", `/v1.45/containers/json?all=1&${query}`);
    const networks = await ask("GET", `/v1.45/networks?${query}`);
    const { Volumes: volumes } = JSON.parse(await ask("GET", `/v1.45/volumes?${query}`));
    const images = await ask("GET", `/v1.45/images/json?${query}`);
    for (const { Id, Labels } of containers)
      if (Labels["org.testcontainers.ryuk"] !== "true")
        await ask("DELETE", `/v1.45/containers/${Id}?force=1&v=1`);
    for (const { Id } of networks) await ask("DELETE", `/v1.45/networks/${Id}`);
    for (const { Name } of volumes ?? []) await ask("DELETE", `/v1.45/volumes/${Name}?force=1`);
    for (const { Id } of images) await ask("DELETE", `/v1.45/images/${Id}`);
  }
}

await ask("HEAD", "/_ping");
createServer((socket) => {
  clients += 1;
  createInterface(socket).on("line", (line) => {
    filters.add(line.trim());
    socket.write("ACK\n");
  });
  socket.on("error", () => undefined);
  socket.on("close", async () => {
    clients -= 1;
    if (clients > 0) return;
    await prune();
    process.exit(0);
  });
}).listen(8080, () => console.log("Started"));
