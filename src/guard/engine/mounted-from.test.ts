import { expect, it } from "vitest";
import { mountedFrom } from "./mounted-from.ts";

const mountinfo = `600 500 0:50 / / rw,relatime - overlay overlay rw
601 600 0:26 /bulkhead /run/bulkhead rw - tmpfs tmpfs rw
602 600 8:1 /srv/my\\040logs /var/log/bulkhead rw - ext4 /dev/sda1 rw
603 600 8:1 / /host ro - ext4 /dev/sda1 rw
604 603 0:26 / /host/run ro - tmpfs tmpfs rw
605 603 0:5 / /host/dev ro - devtmpfs udev rw
`;

it.each([
  ["/run/bulkhead/ci.sock", "/run/bulkhead/ci.sock"],
  ["/run/bulkhead", "/run/bulkhead"],
  ["/var/log/bulkhead/audit.log", "/srv/my logs/audit.log"],
  ["/opt/bulkhead/cli.js", undefined],
])("%s is %s on the host", (path, expected) => {
  expect(mountedFrom(path, "/host", mountinfo)).toBe(expected);
});
