import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { engineSeccomp } from "./engine-seccomp.ts";

testControl(engineSeccomp, {
  fails: [
    daemonJson('{ "seccomp-profile": "unconfined" }'),
    dockerd("dockerd --seccomp-profile unconfined"),
    view("live", engine("configured", { seccompProfile: set("unconfined"), seccompSupported: set(true) })),
    view(
      "a profile that was read and allows all",
      engine("declared", { seccompProfile: set("/etc/docker/all.json"), seccompAllowsAll: set(true) }),
      { message: /\(\/etc\/docker\/all\.json\) that allows almost every system call/ },
    ),
  ],
  passes: [
    daemonJson("{}"),
    daemonJson('{ "seccomp-profile": "" }'),
    daemonJson('{ "seccomp-profile": "builtin" }'),
    dockerd("dockerd --seccomp-profile=/etc/docker/seccomp.json"),
  ],
  unknown: [dockerd("dockerd --seccomp-profile=$PROFILE")],
  notApplicable: [view("a kernel without seccomp", engine("configured", { seccompSupported: set(false) }))],
});
