import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { type Engine, engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { engineMac } from "./engine-mac.ts";

function live(facts: Partial<Engine>): Engine {
  return engine("configured", { apparmorEnabled: set(false), selinuxEnabled: set(false), ...facts });
}

testControl(engineMac, {
  fails: [
    daemonJson('{ "selinux-enabled": false }'),
    dockerd("dockerd --selinux-enabled=false"),
    view(
      "SELinux unused",
      live({ kernelLsm: set(["capability", "selinux"]), selinuxMode: set("enforcing") }),
    ),
    view(
      "SELinux permissive",
      live({
        kernelLsm: set(["selinux"]),
        selinuxEnabled: set(true),
        selinuxMode: set("permissive"),
      }),
      { message: /permissive/ },
    ),
    view("AppArmor unused", live({ kernelLsm: set(["lockdown", "apparmor"]) }), { message: /AppArmor/ }),
  ],
  passes: [
    daemonJson('{ "selinux-enabled": true }'),
    view("AppArmor", live({ kernelLsm: set(["apparmor"]), apparmorEnabled: set(true) })),
    view(
      "AppArmor beside an SELinux that is off",
      live({
        kernelLsm: set(["apparmor", "selinux"]),
        apparmorEnabled: set(true),
        selinuxMode: set("disabled"),
      }),
    ),
    view(
      "SELinux",
      live({
        kernelLsm: set(["selinux"]),
        selinuxEnabled: set(true),
        selinuxMode: set("enforcing"),
      }),
    ),
    view("AppArmor, seen from afar", live({ apparmorEnabled: set(true) })),
  ],
  unknown: [
    daemonJson("{}"),
    view("seen from afar", live({})),
    view("an unreadable list", live({ kernelLsm: unresolved("it cannot be read") })),
  ],
  notApplicable: [
    view("neither", live({ kernelLsm: set(["capability", "yama"]) }), {
      message: /neither AppArmor nor SELinux/,
    }),
    view("SELinux disabled", live({ kernelLsm: set(["selinux"]), selinuxMode: set("disabled") })),
  ],
});
