import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { set, unresolved } from "../../model/fact.ts";
import { memorySwapLimit } from "./memory-swap-limit.ts";

testControl(memorySwapLimit, {
  fails: [
    run("docker run -m 128m --memory-swap -1 redis", { message: /unlimited swap/ }),
    run("docker run -m 128m --memory-swap 257m redis", { message: /129 MiB of swap/ }),
    compose("services: { db: { image: redis, mem_limit: 128m, memswap_limit: -1 } }"),
    inspect({ HostConfig: { Memory: 134217728, MemorySwap: -1 } }),
    run("docker run -m 128m --memory-swappiness 100 redis", { message: /memory-swappiness 100/ }),
    compose("services: { db: { image: redis, mem_swappiness: 80 } }"),
    inspect({ HostConfig: { MemorySwappiness: 61 } }),
    view("kernel: no limit", container("effective", { memory: set(1024), memorySwap: set(-1) })),
  ],
  passes: [
    run("docker run -m 128m redis", { message: /as much swap as memory/ }),
    run("docker run -m 128m --memory-swap 256m redis"),
    run("docker run -m 128m --memory-swap 128m redis"),
    compose("services: { db: { image: redis, mem_limit: 128m, memswap_limit: 200m } }"),
    inspect({ HostConfig: { Memory: 134217728, MemorySwap: 268435456 } }),
    run("docker run -m 128m --memory-swappiness 0 redis"),
  ],
  unknown: [
    view(
      "an unset variable",
      container("declared", { memory: set(1024), memorySwap: unresolved("the variable SWAP is not set") }),
    ),
  ],
  notApplicable: [
    run("docker run redis"),
    compose("services: { db: { image: redis, memswap_limit: -1 } }"),
    view("no swap accounting", container("effective", { memory: set(1024) })),
  ],
});
