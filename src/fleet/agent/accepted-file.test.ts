import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { readConfig } from "../../config/config.ts";
import { readAccepted, writeAccepted } from "./accepted.ts";

const ignores = [
  { control: "privileged", image: "nginx:1", reason: "the driver: #1", until: "2027-02-10" },
  { control: "*", project: "shop", reason: "x", until: "2027-02-10" },
];

it("holds what was written, as a bulkhead.yaml that only its owner reads", () => {
  const path = join(testFolder(), "accepted.yaml");
  expect(readAccepted(path)).toEqual({ ok: true, value: undefined });
  const unknown = { ...ignores[0], control: "host-silent" } as (typeof ignores)[number];
  expect(writeAccepted(path, { revision: "r-1", ignores: [...ignores, unknown] }).ok).toBe(true);
  expect(readAccepted(path)).toEqual({ ok: true, value: { revision: "r-1", ignores } });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readConfig(path, diskFiles())).toEqual({ ok: true, value: { ignores } });
});

it("says in one line that it was damaged", () => {
  const path = join(testFolder(), "accepted.yaml");
  writeAccepted(path, { revision: "r-1", ignores });
  const text = readFileSync(path, "utf8");
  for (const broken of [
    "",
    "{",
    text.replace("until: 2027", "until: 20x7"),
    text.replace("r-1", ""),
    "a: [".repeat(99),
  ]) {
    writeFileSync(path, broken);
    expect(readAccepted(path)).toEqual({ ok: false, reason: `${path} is not as bulkhead watch wrote it` });
  }
});

it("says why it cannot be written", () => {
  const path = join(testFolder(), "none", "accepted.yaml");
  expect(writeAccepted(path, { revision: "r", ignores })).toMatchObject({
    ok: false,
    reason: expect.stringContaining(path),
  });
});
