import { engineAvailable, startEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";

// `npm run engine -- [dockerd flags]`: a throw-away Engine to try things on.
const available = engineAvailable();
if (!available.ok) {
  console.error(available.reason);
  process.exit(1);
}
const flags = process.argv.slice(2);
const engine = await startEngine({ bridge: true, flags });
const image = await importBusybox(engine);
console.log(`An Engine is running (dockerd ${engine.pid}, everything in ${engine.folder}). In another shell:

  export DOCKER_HOST=${engine.host}
  docker run -d --name web ${image} sleep 1d
  ./bulkhead audit engine

Ctrl-C stops it and removes everything.`);
// A timer keeps the process alive; the guardian alone would not.
const alive = setInterval(() => {}, 60_000);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    clearInterval(alive);
    void engine.stop();
  });
}
