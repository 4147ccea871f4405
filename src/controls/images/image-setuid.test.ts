import { dockerfile, testControl, view } from "../../../test/support/control-table.ts";
import { unresolved } from "../../model/fact.ts";
import { image } from "../../model/image.ts";
import { imageSetuid } from "./image-setuid.ts";

testControl(imageSetuid, {
  fails: [
    dockerfile("FROM debian:12\nRUN chmod u+s /bin/ping", { message: /chmod u\+s/ }),
    dockerfile("FROM debian:12\nRUN chmod 4755 /bin/ping && chmod 2755 /bin/x"),
    dockerfile("FROM debian:12\nRUN install -m 4755 helper /usr/bin/helper"),
    dockerfile("FROM debian:12\nCOPY --chmod=6755 helper /usr/bin/helper"),
  ],
  passes: [
    dockerfile("FROM debian:12\nRUN chmod 0755 /bin/ping"),
    dockerfile("FROM debian:12\nRUN chmod a-s /bin/ping"),
    dockerfile("FROM debian:12 AS build\nRUN chmod u+s /bin/ping\nFROM debian:12"),
  ],
  unknown: [view("not read", image("declared", { setuidCommands: [unresolved("the mode is a variable")] }))],
  notApplicable: [view("an image of the Engine's", image("configured"))],
});
