import { dockerfile, testControl, view } from "../../../test/support/control-table.ts";
import { set, unresolved } from "../../model/fact.ts";
import { image } from "../../model/image.ts";
import { imageHealthcheck } from "./image-healthcheck.ts";

testControl(imageHealthcheck, {
  fails: [
    dockerfile("FROM nginx:1.27", { message: /unless its base has one/ }),
    dockerfile("FROM nginx:1.27\nHEALTHCHECK CMD curl localhost\nHEALTHCHECK NONE", { message: /turns its/ }),
    view("an image", image("configured"), { message: /has no health check:/ }),
  ],
  passes: [
    dockerfile("FROM nginx:1.27\nHEALTHCHECK --interval=30s CMD curl -f localhost || exit 1"),
    dockerfile("FROM nginx:1.27 AS base\nHEALTHCHECK CMD true\nFROM base"),
    view("an image", image("configured", { healthcheck: set("command") })),
  ],
  unknown: [view("unreadable", image("configured", { healthcheck: unresolved("Test is not an array") }))],
});
