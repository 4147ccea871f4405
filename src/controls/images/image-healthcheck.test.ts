import { dockerfile, testControl, view } from "../../../test/support/control-table.ts";
import { set, unresolved } from "../../model/fact.ts";
import { image } from "../../model/image.ts";
import { imageHealthcheck } from "./image-healthcheck.ts";

testControl(imageHealthcheck, {
  fails: [
    dockerfile("FROM nginx:1.27", { message: /unless its base image has one/ }),
    dockerfile("FROM nginx:1.27\nHEALTHCHECK CMD curl localhost\nHEALTHCHECK NONE", { message: /turns its/ }),
    view("a server", image("configured", { exposedPorts: [set("80/tcp")] }), {
      message: /has no health check:/,
    }),
    dockerfile("FROM debian:12\nEXPOSE 8080\n"),
    dockerfile("FROM debian:12 AS base\nEXPOSE 8080\nFROM base\nCMD x\n"),
  ],
  passes: [
    dockerfile("FROM nginx:1.27\nHEALTHCHECK --interval=30s CMD curl -f localhost || exit 1"),
    dockerfile("FROM nginx:1.27 AS base\nHEALTHCHECK CMD true\nFROM base"),
    view("an image", image("configured", { healthcheck: set("command") })),
  ],
  notApplicable: [
    dockerfile("FROM debian:12\nRUN make"),
    dockerfile("FROM debian:12\nHEALTHCHECK NONE"),
    view("no server", image("configured")),
  ],
  unknown: [view("unreadable", image("configured", { healthcheck: unresolved("Test is not an array") }))],
});
