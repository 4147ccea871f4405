import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { hostUts } from "./host-uts.ts";

testControl(hostUts, {
  fails: [
    run("docker run --uts=host ubuntu"),
    compose("services: { a: { image: ubuntu, uts: host } }"),
    inspect({ HostConfig: { UTSMode: "host" } }),
  ],
  passes: [
    run("docker run --hostname web ubuntu"),
    run("docker run --net=host ubuntu"),
    inspect({ HostConfig: { UTSMode: "" } }),
  ],
  unknown: [compose("services: { a: { image: ubuntu, uts: '${UTS:?}' } }")],
});
