import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeFact } from "../facts.ts";

export const readOnlyRootfs: Control = {
  id: "read-only-rootfs",
  title: "The root file system is writable",
  why: "A process that is taken over can replace the program it runs, drop tools and persist in the container's own layer. A read-only root file system leaves it nothing to write to but the volumes and tmpfs mounts that the workload was given. A process with SYS_ADMIN can mount it writable again, so the kernel's word counts where it is seen.",
  row: "1.4",
  severity: "medium",
  guard: "harden",
  cis: ["5.13"],
  attack: ["T1554", "T1105"],
  cwe: [732],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#read-only",
    "https://docs.docker.com/reference/compose-file/services/#read_only",
    "https://docs.docker.com/engine/storage/tmpfs/",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    read_only: false\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --read-only --tmpfs /tmp:size=64m nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    read_only: true\n    tmpfs:\n      - /var/cache/nginx:size=64m\n      - /run:size=1m\n",
      },
    ],
  },
  check: {
    container: ({ readonlyRootfs }) =>
      judgeFact(readonlyRootfs, (value, origins) =>
        value
          ? pass("read-only")
          : fail("runs on a writable root file system: an intruder can replace programs in it and persist", {
              origins,
              observed: "writable",
            }),
      ),
  },
  remedy: {
    container: () => ({
      kind: "decision",
      summary: "Make the root file system read-only, with a tmpfs where the workload writes.",
      patches: [{ op: "set", field: "readonlyRootfs", value: true }],
      breaks:
        "A program that writes outside its volumes fails with EROFS (“Read-only file system”); `docker diff` of a running container shows where it writes.",
    }),
  },
};
