import { daemonJson, testControl, view } from "../../../test/support/control-table.ts";
import { engine, type SocketFile } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { engineSocketPermissions } from "./engine-socket-permissions.ts";

function socket(mode: number, uid = 0): SocketFile {
  return { path: "/run/docker.sock", mode, uid, gid: 999 };
}

function live(file: SocketFile, rootless = false) {
  return engine("configured", { socketFiles: [set(file)], rootless: set(rootless) });
}

testControl(engineSocketPermissions, {
  fails: [
    view("mode 0666", live(socket(0o666)), { message: /mode 0666/ }),
    view("mode 0777 with the file type's bits", live(socket(0o140_777))),
    view("an owner other than root", live(socket(0o660, 1000)), { message: /uid 1000/ }),
    view("mode 0666 of a rootless engine", live(socket(0o666, 1000), true)),
    view("an ACL", live({ ...socket(0o660), openTo: "uid 1001 (by its ACL)" }), {
      severity: "medium",
      message: /lets uid 1001 \(by its ACL\) use/,
    }),
  ],
  passes: [
    view("mode 0660", live(socket(0o660))),
    view("mode 0600", live(socket(0o600))),
    view("a rootless engine's own", live(socket(0o660, 1000), true)),
  ],
  unknown: [
    view("unreadable", engine("configured", { socketFiles: [unresolved("it cannot be read")] })),
    view("an ACL that cannot be seen", live({ ...socket(0o660), acl: "unread" })),
    view("no socket in sight", engine("configured")),
  ],
  notApplicable: [daemonJson("{}")],
});
