import { compose, inspect, run, testControl, view } from "../../../test/support/control-table.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { hostUserNamespace } from "./host-user-namespace.ts";

const remapping = { context: { engine: engine("configured", { usernsRemap: set("default") }) } };
const plain = { context: { engine: engine("configured", { usernsRemap: set("") }) } };
const shared = container("effective", { usernsMode: set({ mode: "host" }) });

testControl(hostUserNamespace, {
  fails: [
    run("docker run --userns=host ubuntu", remapping),
    run("docker run --userns=host ubuntu", { severity: "low" }),
    run("docker run --userns=host ubuntu", { ...plain, severity: "low" }),
    compose("services: { a: { image: ubuntu, userns_mode: host } }", remapping),
    inspect({ HostConfig: { UsernsMode: "host" } }, remapping),
    view("the kernel sees the host's although the engine remaps", shared, remapping),
  ],
  passes: [
    run("docker run ubuntu", remapping),
    run("docker run ubuntu"),
    inspect({ HostConfig: { UsernsMode: "" } }, plain),
  ],
  notApplicable: [view("the kernel sees the host's where nobody is remapped", shared, plain)],
  unknown: [compose("services: { a: { image: ubuntu, userns_mode: '${NS:?}' } }")],
});
