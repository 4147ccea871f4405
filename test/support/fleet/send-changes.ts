// Run as a process by a test that kills it: sends changes to an address by way of a queue in a folder, and prints the number of
// each once it was sent. Arguments: the address, the folder, a name for this run.

import { webhook } from "../../../src/watch/outputs/http.ts";
import { openQueue } from "../../../src/watch/outputs/queue/queue.ts";
import { queuedOutput } from "../../../src/watch/outputs/queue/queued.ts";
import { changeOf, findingOf } from "../changes.ts";

const [, , address = "", folder = "", run = ""] = process.argv;
const say = (text: string) => void process.stderr.write(`${text}\n`);
const output = queuedOutput({
  destination: { ...webhook, batch: 7 },
  to: { target: address, secret: null, token: null, facility: null },
  source: { host: "host1", sender: "host1", version: "1.2.3" },
  timeout: 1_000,
  queue: openQueue({ folder, size: 16 * 1024 * 1024, say }),
  setAside: () => {},
  say,
  pauses: { first: 5, longest: 20, end: 300 },
});
let number = 0;
setInterval(() => {
  for (let each = 0; each < 5; each += 1) {
    number += 1;
    output.send(changeOf("opened", findingOf("privileged", { subject: `container:${run}-${number}` })));
    process.stdout.write(`${number}\n`);
  }
}, 1);
