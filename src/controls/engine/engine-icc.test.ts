import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { engineIcc } from "./engine-icc.ts";

testControl(engineIcc, {
  fails: [
    daemonJson("{}"),
    daemonJson('{ "icc": true }'),
    dockerd("dockerd --icc"),
    view("live", engine("configured", { icc: set(true) })),
  ],
  passes: [
    daemonJson('{ "icc": false }'),
    dockerd("dockerd --icc=false"),
    daemonJson('{ "bridge": "none" }'),
  ],
  unknown: [dockerd("dockerd --icc=$ICC")],
  notApplicable: [view("Podman", engine("configured", { product: set("podman") }))],
});
