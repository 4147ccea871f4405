import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readRunLine } from "./read.ts";

test("a line becomes a container with its flags as facts", () => {
  const reading = readRunLine(
    "docker run -d --name web --read-only -v /etc:/e:ro nginx",
    "run.sh",
    memoryFiles(),
  );
  expect(reading.gaps).toEqual([]);
  expect(reading.subjects).toMatchObject([
    {
      id: "run.sh#web",
      name: "web",
      source: "run-command",
      location: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 57 },
      views: [
        {
          image: { value: "nginx" },
          readonlyRootfs: { value: true, origins: [{ startColumn: 26, endColumn: 37 }] },
          mounts: [{ value: { type: "bind", hostPath: "/etc", readOnly: true } }],
        },
      ],
    },
  ]);
});
