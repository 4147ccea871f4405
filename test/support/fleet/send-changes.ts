// Run as a process by a test that kills it: sends changes to an address by way of a queue in a folder, and prints the number of
// each once it was sent. Arguments: the address, the folder, a name for this run.

import { jsonBody } from "../../../src/watch/outputs/webhook/json.ts";
import { openQueue } from "../../../src/watch/outputs/webhook/queue.ts";
import { webhookOutput } from "../../../src/watch/outputs/webhook/webhook.ts";
import { changeOf, findingOf } from "../changes.ts";

const [, , address = "", folder = "", run = ""] = process.argv;
const say = (text: string) => void process.stderr.write(`${text}\n`);
const output = webhookOutput({
  name: "webhook",
  url: new URL(address),
  headers: {},
  secret: undefined,
  body: jsonBody,
  batch: 7,
  host: "host1",
  version: "1.2.3",
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
