import { expect, test } from "vitest";
import { memoryDisk } from "../../../test/support/memory-disk.ts";
import type { EnginePatch } from "../../model/patch.ts";
import { givenAsFlag } from "./engine.ts";

const icc: EnginePatch = { op: "set", field: "icc", value: false };
const unit = "[Unit]\nAfter=x\n[Service]\nExecStart=/usr/bin/dockerd \\\n  -H fd:// \\\n  --icc=true\n";

test.each<[string, readonly string[], Readonly<Record<string, string>>, string | undefined]>([
  ["no flag says it", ["dockerd", "-H", "fd://"], {}, undefined],
  [
    "a flag of its unit",
    ["/usr/bin/dockerd", "-H", "fd://", "--icc=true"],
    { "/lib/systemd/system/docker.service": unit },
    "dockerd has icc from a flag and refuses to start with both: change it at /lib/systemd/system/docker.service:6 (systemctl edit docker.service)",
  ],
  [
    "a flag of nobody knows what",
    ["dockerd", "--icc"],
    {},
    "dockerd has icc from a flag and refuses to start with both: change it where dockerd is started",
  ],
])("%s", (_, commandLine, texts, reason) => {
  expect(givenAsFlag(icc, commandLine, memoryDisk(texts))).toBe(reason);
});
