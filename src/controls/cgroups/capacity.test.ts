import { daemonJson, testControl, view } from "../../../test/support/control-table.ts";
import { runningNamed } from "../../../test/support/running.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { capacity } from "./capacity.ts";

const gibibyte = 1024 ** 3;
const host = engine("configured", { memoryTotal: set(4 * gibibyte), cpus: set(2) });
const web = container("configured", { memory: set(3 * gibibyte), nanoCpus: set(1e9), cpuShares: set(768) });
const db = container("configured", { memory: set(2 * gibibyte), cpuQuota: set(50_000), cpuShares: set(256) });
const free = container("configured");

testControl(capacity, {
  fails: [
    view("5 GiB of 4", host, {
      context: { running: runningNamed({ web, db, free }) },
      message: /promises 5 GiB of memory to 2 containers \(1 more have none\) and has 4 GiB/,
    }),
    view("each one's share is said", host, {
      context: { running: runningNamed({ web, db }) },
      message: /web 75 %, db 25 %/,
    }),
    view("3 CPUs of 2", host, {
      context: {
        running: runningNamed({ a: web, b: { ...web, memory: set(1) }, c: { ...web, memory: set(1) } }),
      },
      message: /promises 3 of CPUs/,
    }),
  ],
  passes: [
    view("nothing runs", host),
    view("3 GiB of 4", host, { context: { running: runningNamed({ web, free }) }, message: /web 42\.86 %/ }),
  ],
  notApplicable: [daemonJson("{}")],
});
