import { testControl, view } from "../../../test/support/control-table.ts";
import { engine, type Units } from "../../model/engine.ts";
import { set, unresolved } from "../../model/fact.ts";
import { engineUnitFiles } from "./engine-unit-files.ts";

const path = "/etc/systemd/system/docker.service";
const file = { path, mode: 0o644, uid: 0, gid: 0 };
const live = (units: Units) => engine("configured", { units: set(units) });
const named = (name: string, units: Units) => view(name, live(units));
const other = (name: string, units: Units) => view(name, live(units), { severity: "medium" });

testControl(engineUnitFiles, {
  fails: [
    named("everybody writes it", { files: [{ ...file, mode: 0o666 }] }),
    named("a group of users writes it", { files: [{ ...file, mode: 0o664, gid: 999 }] }),
    named("a user owns it", { files: [{ ...file, uid: 1000 }] }),
    named("one of several", { files: [file, { ...file, path: `${path}.d`, mode: 0o777 }] }),
    named("an ACL lets a user write it", {
      files: [{ ...file, mode: 0o664, openTo: "uid 1001 (by its ACL)" }],
    }),
    other("it gets an argument", {
      files: [file],
      next: { unit: "docker.service", gains: ["-H tcp://0.0.0.0:2375"], loses: [] },
    }),
    other("it loses an argument", {
      files: [file],
      next: { unit: "docker.service", gains: [], loses: ["--icc=false"] },
    }),
  ],
  passes: [
    named("root's", { files: [file] }),
    named("root's group may write it", { files: [{ ...file, mode: 0o664 }] }),
  ],
  unknown: [
    view("not seen", engine("configured")),
    view("not read", engine("configured", { units: unresolved("it cannot be read") })),
    named("an ACL that cannot be seen", { files: [{ ...file, mode: 0o664, acl: "unknown" }] }),
    named("a variable that is not known", {
      files: [file],
      next: { unit: "docker.service", unknown: "$OPTS is not known here" },
    }),
  ],
  notApplicable: [view("a file", engine("declared")), named("no systemd", { files: [] })],
});
