import { daemonJson, dockerd, testControl, view } from "../../../test/support/control-table.ts";
import { engine } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { engineUserNamespaces } from "./engine-user-namespaces.ts";

testControl(engineUserNamespaces, {
  fails: [
    daemonJson("{}", { message: /rootless cannot be seen here/ }),
    daemonJson('{ "userns-remap": "" }'),
    dockerd("dockerd -H fd://"),
    view("live, neither", engine("configured", { usernsRemap: set(""), rootless: set(false) })),
  ],
  passes: [
    daemonJson('{ "userns-remap": "default" }'),
    dockerd("dockerd --userns-remap=alice:alice"),
    view("rootless", engine("configured", { rootless: set(true) })),
  ],
  unknown: [view("not shown", engine("configured", { usernsRemap: unresolved("the Engine does not say") }))],
  notApplicable: [view("Podman", engine("configured", { product: set("podman") }), { message: /podman/ })],
});
