import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { realtimeCpu } from "./realtime-cpu.ts";

testControl(realtimeCpu, {
  fails: [
    compose("services: { a: { image: nginx, cpu_rt_runtime: '400ms' } }", { message: /400000 microseconds/ }),
    run("docker run --cpu-rt-runtime 95000 nginx"),
    inspect({ HostConfig: { CpuRealtimeRuntime: 1000 } }),
    inspect({ HostConfig: { CpuRealtimeRuntime: -1 } }, { message: /unlimited/ }),
  ],
  passes: [
    run("docker run nginx"),
    inspect({ HostConfig: { CpuRealtimePeriod: 1000000, CpuRealtimeRuntime: 0 } }),
  ],
  unknown: [compose("services: { a: { image: nginx, cpu_rt_runtime: '${RT:?}' } }")],
});
