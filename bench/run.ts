// npm run bench [-- FOLDER]: start-up, one file, a folder of files (twice and four times as many for linearity), what fix
// takes of the same folder, what run adds to docker run, and 100 running containers against a bare script. Ratios in one run.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { measure, show } from "./measure.ts";

const bulkhead = resolve("bulkhead");
const folder = resolve(process.argv[2] ?? "examples");
const anyStatus = [0, 1, 2];

show(
  "Start-up",
  measure(
    [
      { name: "node -e 0", argv: ["node", "-e", "0"] },
      { name: "bulkhead --help", argv: [bulkhead, "--help"] },
      {
        name: "bulkhead audit compose.yaml",
        argv: [bulkhead, "audit", "examples/insecure/compose.yaml"],
        allow: anyStatus,
      },
    ],
    25,
  ),
  "bounds: --help × 1.25, audit × 2",
);

const copies = mkdtempSync(join(tmpdir(), "bulkhead-bench-"));
try {
  const sizes = [1, 2, 4].map((times) => {
    const target = join(copies, String(times));
    for (let copy = 0; copy < times; copy += 1)
      cpSync(folder, join(target, String(copy)), { recursive: true });
    return { times, target };
  });
  mkdirSync(join(copies, "empty"));
  show(
    `Every file below ${process.argv[2] ?? "examples"}`,
    measure(
      [
        {
          name: "an empty folder (start-up)",
          argv: [bulkhead, "audit", "--quiet", join(copies, "empty")],
          allow: anyStatus,
        },
        ...sizes.map(({ times, target }) => ({
          name: `× ${times}`,
          argv: [bulkhead, "audit", "--format", "json", target] as const,
          allow: anyStatus,
        })),
      ],
      7,
    ),
    "bound: under 1 s above start-up; linear",
  );
} finally {
  rmSync(copies, { recursive: true, force: true });
}

show(
  `Fixing every file below ${process.argv[2] ?? "examples"}`,
  measure(
    [
      { name: "bulkhead audit", argv: [bulkhead, "audit", "--no-config", folder], allow: anyStatus },
      { name: "bulkhead fix", argv: [bulkhead, "fix", "--no-config", folder], allow: anyStatus },
    ],
    11,
  ),
  "bound: × 1.5",
);

const { benchEngine } = await import("./engine.ts");
await benchEngine(bulkhead);
