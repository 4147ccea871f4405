import { beforeAll, expect, test } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";

let program = "";

beforeAll(() => {
  program = builtCommand();
});

test("bulkhead's own audit has nothing against its packaging but the socket, which is accepted with a reason", async () => {
  const ran = await runCli(program, ["audit", "--format", "json", "--fail-on", "info", "."], {
    cwd: "packaging/guard",
  });
  const { findings, gaps, summary } = JSON.parse(ran.stdout);
  expect(gaps).toEqual([]);
  expect(summary).toMatchObject({ fail: 0, unknown: 0, suppressed: 1 });
  const suppressed = findings.filter((each: { suppressed: unknown }) => each.suppressed !== null);
  expect(suppressed).toMatchObject([
    {
      control: "docker-socket-mount",
      subject: expect.stringContaining("guard"),
      suppressed: { kind: "config" },
    },
  ]);
  expect(ran.status).toBe(0);
});
