import { setItems } from "../../model/fact.ts";
import type { Mount } from "../../model/mount.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";

export const mountPropagation: Control = {
  id: "mount-propagation",
  title: "Mounts propagate between the container and the host",
  why: "With shared propagation, what is mounted or unmounted inside the container appears on the host and in every other container that shares the place: a container can cover the host's files with its own. With slave propagation it goes one way only: whatever the host mounts below, a USB disk or another container's secrets, becomes visible inside. Docker's default is rprivate.",
  row: "1.3",
  severity: "medium",
  guard: "harden",
  cis: ["5.20"],
  attack: ["T1611"],
  cwe: [668],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/storage/bind-mounts/#configure-bind-propagation",
    "https://man7.org/linux/man-pages/man7/mount_namespaces.7.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run -v /mnt:/mnt:rshared alpine" },
      {
        syntax: "run",
        text: "docker run --mount type=bind,src=/mnt,dst=/mnt,bind-propagation=rslave alpine",
      },
      {
        syntax: "compose",
        text: "services:\n  csi:\n    image: example/csi\n    volumes:\n      - type: bind\n        source: /mnt\n        target: /mnt\n        bind:\n          propagation: shared\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run -v /mnt:/mnt:rprivate alpine" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    volumes:\n      - /mnt:/mnt:ro\n",
      },
    ],
  },
  check: {
    container: ({ mounts }) =>
      judgeItems(mounts, ({ value, origins }) => {
        const { propagation, target } = value;
        if (!isShared(value)) return pass(propagation);
        const oneWay = propagation === "slave" || propagation === "rslave";
        return fail(
          oneWay
            ? `receives the host's mounts below ${target} (${propagation}): whatever is mounted there later becomes visible in it`
            : `shares its mounts below ${target} with the host (${propagation}): a process in it that may mount can cover the host's files with its own`,
          {
            origins,
            severity: oneWay ? "low" : undefined,
            evidence: target,
            about: "mounts",
            observed: `${target} ${propagation}`,
          },
        );
      }),
  },
  remedy: {
    container: ({ mounts }) => ({
      kind: "decision",
      summary: "Leave the propagation at Docker's default, rprivate.",
      patches: setItems(mounts)
        .filter(({ value }) => isShared(value))
        .map(({ value }) => ({
          op: "replace",
          field: "mounts",
          value,
          with: { ...value, propagation: "rprivate" },
        })),
      breaks:
        "A container that mounts file systems for others (a storage plugin, FUSE) no longer shows them to the host; one that waits for the host's mounts must be restarted to see new ones.",
    }),
  },
};

function isShared({ propagation }: Mount): boolean {
  return propagation !== undefined && !propagation.endsWith("private");
}
