import { setItems } from "../../model/fact.ts";
import { canonicalPath, isAtOrBelow } from "../../model/host/path.ts";
import { combine, fail, pass, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeItems } from "../facts.ts";
import { byLayer, copyOf, type Flaw } from "./by-layer.ts";

export const imageWholeRoot: Control = {
  id: "image-whole-root",
  title: "A whole root file system is copied",
  why: "COPY --from=… / takes everything along: compilers, package caches, shell histories and whatever secret a build step left behind. A stage exists to leave those out.",
  row: undefined,
  severity: "low",
  guard: "off",
  cis: [],
  attack: ["T1525", "T1552.001"],
  cwe: [538],
  where: ["D"],
  references: ["https://docs.docker.com/build/building/multi-stage/"],
  examples: {
    bad: [{ syntax: "dockerfile", text: "FROM debian:12 AS build\nFROM scratch\nCOPY --from=build / /\n" }],
    good: [
      { syntax: "dockerfile", text: "FROM debian:12 AS build\nFROM scratch\nCOPY --from=build /app /app\n" },
    ],
  },
  check: { image: byLayer(copiesRoot, "no whole root file system is copied") },
  remedy: { image: () => manual("Name what the image needs: COPY --from=build /app /app.") },
};

function copiesRoot(instruction: string): Flaw | undefined {
  const copy = copyOf(instruction);
  if (!copy || !/--from=/i.test(copy.flags)) return undefined;
  const whole = copy.sources.find((source) => /^\/+\.?\/?\*?$/.test(source));
  return whole === undefined
    ? undefined
    : {
        message: `copies the whole of another root file system (${whole}): what its build left behind comes along`,
        evidence: whole,
      };
}

export const imageKernelWorkdir: Control = {
  id: "image-kernel-workdir",
  title: "The working folder is one of the kernel's",
  why: "/proc and /sys show the kernel, not files: what the build writes there is not in the image. As a working folder /proc/self/fd/N has opened the host's file system to a container (CVE-2024-21626).",
  row: undefined,
  severity: "medium",
  guard: "off",
  cis: [],
  attack: ["T1611"],
  cwe: [426],
  where: ["D", "A"],
  references: [
    "https://docs.docker.com/reference/dockerfile/#workdir",
    "https://github.com/opencontainers/runc/security/advisories/GHSA-xr7r-f8xq-vfvv",
  ],
  examples: {
    bad: [{ syntax: "dockerfile", text: "FROM debian:12\nWORKDIR /proc/self/fd/8\n" }],
    good: [{ syntax: "dockerfile", text: "FROM debian:12\nWORKDIR /app\n" }],
  },
  check: {
    image: ({ workingDirectories }): Verdict =>
      combine([
        judgeItems(workingDirectories, ({ value, origins }) => {
          const path = canonicalPath(value);
          const folder = ["/proc", "/sys", "/dev"].find((each) => isAtOrBelow(path, each));
          if (folder === undefined || isAtOrBelow(path, "/dev/shm")) return pass(value);
          const isLeak = /^\/proc\/(?:self|thread-self|\d+)\/(?:fd|root|cwd)/.test(path);
          return fail(
            isLeak
              ? `works in ${value}: with a runc older than 1.1.12 the container starts in the host's file system`
              : `works in ${value}, where the kernel keeps its own: what is written there is not in the image`,
            { origins, evidence: value, observed: value, severity: isLeak ? "high" : undefined },
          );
        }),
        pass(),
      ]),
  },
  remedy: {
    image: ({ workingDirectories }) =>
      manual(
        `Use a folder of the image's own, such as /app${setItems(workingDirectories).length > 1 ? ", each time" : ""}.`,
      ),
  },
};
