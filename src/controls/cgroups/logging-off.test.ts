import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { loggingOff } from "./logging-off.ts";

testControl(loggingOff, {
  fails: [
    run("docker run --log-driver none nginx"),
    run("docker run --log-driver=json-file --log-driver=none nginx"),
    compose("services: { a: { image: nginx, logging: { driver: none } } }"),
    compose("services: { a: { image: nginx, logging: { driver: 'none' } } }"),
    inspect({ HostConfig: { LogConfig: { Type: "none" } } }),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run --log-driver local nginx"),
    compose("services: { a: { image: nginx, logging: { options: { max-size: 1m } } } }"),
  ],
  unknown: [compose("services: { a: { image: nginx, logging: { driver: '${D:?}' } } }")],
});
