import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { remoteLogDriver } from "./remote-log-driver.ts";

const fluentd = engine("configured", { logDriver: set("fluentd") });

testControl(remoteLogDriver, {
  fails: [
    compose(
      "services: { a: { image: nginx, logging: { driver: syslog, options: { syslog-address: 'tcp://10.0.0.1:514' } } } }",
      { message: /to tcp:\/\/10\.0\.0\.1:514/ },
    ),
    run(
      "docker run --log-driver splunk --log-opt splunk-url=https://user:word@splunk.example.com:8088 nginx",
      {
        message: /to https:\/\/splunk\.example\.com:8088:/,
      },
    ),
    run("docker run --log-driver fluentd nginx"),
    run("docker run --log-driver example/plugin nginx", { message: /example\/plugin/ }),
    run("docker run --log-opt fluentd-address=x:1 nginx", { context: { engine: fluentd } }),
    inspect({ HostConfig: { LogConfig: { Type: "gelf", Config: { "gelf-address": "udp://x:1" } } } }),
  ],
  passes: [
    run("docker run nginx"),
    run("docker run --log-driver local nginx"),
    run("docker run --log-driver syslog nginx"),
    run("docker run --log-driver syslog --log-opt syslog-address=unix:///dev/log nginx"),
    run("docker run --log-driver journald nginx"),
  ],
  unknown: [compose("services: { a: { image: nginx, logging: { driver: '${DRIVER:?}' } } }")],
});
