import { dockerfile, testControl } from "../../../test/support/control-table.ts";
import { imageKernelWorkdir, imageWholeRoot } from "./image-layout.ts";

testControl(imageWholeRoot, {
  fails: [
    dockerfile("FROM debian:12 AS build\nFROM scratch\nCOPY --from=build / /"),
    dockerfile('FROM debian:12 AS build\nFROM scratch\nCOPY --from=build ["/", "/"]'),
    dockerfile("FROM alpine:3.22\nCOPY --from=debian:12 /* /root/"),
  ],
  passes: [dockerfile("FROM debian:12 AS b\nFROM scratch\nCOPY --from=b /app /\nCOPY . /")],
});

testControl(imageKernelWorkdir, {
  fails: [
    dockerfile("FROM debian:12\nWORKDIR /proc"),
    dockerfile("FROM debian:12\nWORKDIR /sys/kernel"),
    dockerfile("FROM debian:12\nWORKDIR /app/../proc/self/fd/7", { severity: "high" }),
    dockerfile("FROM debian:12\nARG D=/proc\nWORKDIR $D"),
    dockerfile("FROM debian:12 AS a\nWORKDIR /dev\nFROM a"),
  ],
  passes: [dockerfile("FROM debian:12\nWORKDIR /app"), dockerfile("FROM debian:12\nWORKDIR /process")],
  unknown: [dockerfile("FROM debian:12\nARG D\nWORKDIR $D")],
});
