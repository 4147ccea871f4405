import { compose, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { hostIpc } from "./host-ipc.ts";

const shareable = engine("configured", { defaultIpcMode: set("shareable") });

testControl(hostIpc, {
  fails: [
    run("docker run --ipc=host ubuntu"),
    run("docker run --ipc shareable ubuntu", { severity: "low" }),
    run("docker run ubuntu", {
      severity: "low",
      context: { engine: shareable },
      message: /engine's default/,
    }),
    compose("services: { a: { image: ubuntu, ipc: host } }"),
    compose(`
      services:
        a: { image: ubuntu, ipc: "service:b" }
        b: { image: ubuntu, ipc: host }
    `),
    inspect({ HostConfig: { IpcMode: "shareable" } }, { severity: "low" }),
  ],
  passes: [
    run("docker run ubuntu"),
    run("docker run --ipc=private ubuntu", { context: { engine: shareable } }),
    run("docker run --ipc=none ubuntu"),
    compose(`
      services:
        a: { image: ubuntu, ipc: "service:b" }
        b: { image: ubuntu, ipc: shareable }
    `),
    inspect({ HostConfig: { IpcMode: "private" } }),
  ],
  unknown: [run("docker run --ipc container:x ubuntu")],
});
