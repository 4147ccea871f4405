import { expect, test } from "vitest";
import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { bareContext } from "../control.ts";
import { memoryLimit } from "./memory-limit.ts";

const small = engine("configured", { memoryTotal: set(2 * 1024 ** 3) });

testControl(memoryLimit, {
  fails: [
    // A server in the background, and one with a port, is no job.
    run("docker run --rm -d nginx"),
    run("docker run --rm -p 80:80 nginx"),
    run("docker run --rm --detach=$DETACH nginx"),
    run("docker run redis", { message: /no memory limit/ }),
    run("docker run --memory-reservation 64m redis"),
    run("docker run -m 0 redis"),
    run("docker run -m 4g redis", { context: { engine: small }, message: /4 GiB on a host with 2 GiB/ }),
    run("docker run -m 128m --oom-kill-disable redis", { severity: "high", message: /it hangs/ }),
    run("docker run --oom-kill-disable redis", { severity: "high", message: /hang the whole host/ }),
    compose("services: { db: { image: redis, mem_limit: 64m, oom_kill_disable: true } }", {
      severity: "high",
    }),
    inspect({ HostConfig: { Memory: 0, OomKillDisable: false } }),
    view("kernel: none", container("effective", { memory: set(0) })),
  ],
  notApplicable: [run("docker run --rm alpine ls", { message: /--rm/ })],
  passes: [
    run("docker run --memory 128m redis", { message: /128 MiB/ }),
    run("docker run -m 2g redis", { context: { engine: small } }),
    compose("services: { db: { image: redis, deploy: { resources: { limits: { memory: 1.5gb } } } } }"),
    inspect({ HostConfig: { Memory: 134217728, OomKillDisable: null } }),
    view("kernel: an ancestor's", container("effective", { memory: set(1024 ** 3) })),
  ],
  unknown: [
    view("unreadable", container("effective", { memory: unresolved("memory.max cannot be read") })),
    view(
      "OOM killer unreadable",
      container("effective", { memory: set(1), oomKillDisable: unresolved("no") }),
    ),
  ],
});

test("the fix goes neither below the reservation nor above the host or the swap limit", () => {
  const suggested = (facts: Parameters<typeof container>[1], context = bareContext("compose")) =>
    memoryLimit.remedy.container?.(container("declared", facts), context).patches;
  const gibibyte = 1024 ** 3;
  expect(suggested({})).toMatchObject([{ field: "memory", value: 512 * 1024 ** 2 }]);
  expect(suggested({ memoryReservation: set(gibibyte) })).toMatchObject([{ value: gibibyte }]);
  expect(suggested({ memorySwap: set(1024 ** 2) })).toMatchObject([{ value: 1024 ** 2 }]);
  const tiny = engine("configured", { memoryTotal: set(256 * 1024 ** 2) });
  expect(suggested({}, bareContext("engine-api", { engine: tiny }))).toMatchObject([
    { value: 256 * 1024 ** 2 },
  ]);
});
