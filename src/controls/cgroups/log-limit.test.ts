import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { logLimit } from "./log-limit.ts";

const plain = engine("declared");
const limited = engine("declared", { logOptions: [set({ name: "max-size", value: "10m" })] });
const local = engine("configured", { logDriver: set("local") });

testControl(logLimit, {
  fails: [
    // A server in the background, and one with a port, is no job.
    run("docker run --rm -d --log-driver json-file nginx"),
    run("docker run --rm -p 80:80 --log-driver json-file nginx"),
    run("docker run --log-driver json-file nginx"),
    run("docker run --log-driver=json-file --log-opt max-size=-1 nginx", {
      message: /max-size=-1, which is none/,
    }),
    run("docker run nginx", { context: { engine: plain } }),
    run("docker run --log-driver json-file nginx", { context: { engine: local } }),
    compose(
      "services: { web: { image: nginx, logging: { driver: json-file, options: { max-file: '3' } } } }",
    ),
    inspect({ HostConfig: { LogConfig: { Type: "json-file", Config: {} } } }),
    // It was made before the engine had a default: its own options are what counts.
    inspect({ HostConfig: { LogConfig: { Type: "json-file" } } }, { context: { engine: limited } }),
  ],
  passes: [
    run("docker run --log-driver json-file --log-opt max-size=10m nginx"),
    run("docker run --log-opt max-size=10m nginx"),
    run("docker run --log-driver local nginx"),
    run("docker run --log-driver none nginx"),
    run("docker run nginx", { context: { engine: limited }, message: /engine's default/ }),
    run("docker run --log-driver json-file nginx", { context: { engine: limited } }),
    run("docker run nginx", { context: { engine: local } }),
    compose(
      "services: { web: { image: nginx, logging: { driver: json-file, options: { max-size: 10m } } } }",
    ),
    inspect({ HostConfig: { LogConfig: { Type: "json-file", Config: { "max-size": "10m" } } } }),
  ],
  unknown: [
    run("docker run nginx"),
    compose("services: { web: { image: nginx } }"),
    run("docker run --log-opt max-file=3 nginx"),
  ],
  notApplicable: [
    run("docker run --rm --log-driver json-file alpine ls", { message: /--rm/ }),
    run("docker run --rm -it --log-driver json-file alpine"),
    run("docker run --log-driver journald nginx"),
    compose("services: { web: { image: nginx, logging: { driver: fluentd } } }"),
  ],
});
