import { expect, it } from "vitest";
import { planForCompose } from "../../../test/support/formats/plans.ts";
import type { Step } from "../../fix/plan/step.ts";
import type { Container } from "../../model/container.ts";
import type { WrittenFolder } from "../observe/places.ts";
import { stepsFor } from "./steps.ts";

/** The step for a read-only root of a service that was seen to write, and refused to write elsewhere. */
function rootStepFor(
  seen: readonly WrittenFolder[],
  refused: readonly string[],
  { isLoaded = false, startsAs = "" } = {},
) {
  const view = planForCompose("services: { db: { image: own:1 } }").subject.views[0] as Container;
  const steps = stepsFor({
    ...{ view, user: undefined, capabilities: [], scratch: refused, isLoaded },
    ...{ seccomp: undefined, hostCpus: undefined, limitsDisks: false },
    seen: {
      peaks: { memory: undefined, pids: undefined, cpus: undefined, disks: [] },
      users: { main: undefined, others: [] },
      network: { peers: [], sentBytes: 0 },
      ...{ listens: [], startsAs, mounted: [], asked: undefined },
      places: { scratch: seen, data: [], among: [] },
    },
  });
  return steps.find(({ controls }) => controls.includes("read-only-rootfs"));
}

function mountsIn(step: Step | undefined) {
  return step?.patches.flatMap((patch) =>
    patch.op === "add" && patch.field === "mounts" ? [[patch.value.type, patch.value.target]] : [],
  );
}

it("an idle run gives no folder a size that may get what users send, where a volume serves as well", () => {
  const uploads = {
    path: "/app/uploads",
    uid: 33,
    gid: 33,
    mode: 0o755,
    bytes: 6,
    written: ["/app/uploads/x"],
  };
  expect(mountsIn(rootStepFor([uploads], []))).toEqual([["volume", "/app/uploads"]]);
  expect(mountsIn(rootStepFor([uploads], [], { isLoaded: true }))).toEqual([["tmpfs", "/app/uploads"]]);
  // A volume would be root's.
  expect(mountsIn(rootStepFor([uploads], [], { startsAs: "33" }))).toEqual([["tmpfs", "/app/uploads"]]);
  const open = { ...uploads, mode: 0o1777 };
  expect(mountsIn(rootStepFor([open], [], { startsAs: "33" }))).toEqual([["volume", "/app/uploads"]]);
});

const written = { path: "/run/db", uid: 999, gid: 999, mode: 0o755, bytes: 6, written: ["/run/db/pid"] };

it("a folder whose files were seen is a tmpfs, one where no size was seen a volume, but for locks and sockets", () => {
  const step = rootStepFor([written], ["/tmp", "/run/lock"]);
  expect(mountsIn(step)).toEqual([
    ["tmpfs", "/run/db"],
    ["tmpfs", "/run/lock"],
    ["volume", "/tmp"],
  ]);
  expect(step?.summary).toBe(
    "Make the root file system read-only, with a tmpfs on /run/db, /run/lock and an anonymous volume on /tmp.",
  );
  // Nothing is said of the size of a volume.
  expect(step?.breaks.filter((text) => text.includes("ENOSPC"))).toHaveLength(2);
});

it("says nothing of folders where none are needed", () => {
  expect(rootStepFor([], [])?.summary).toBe("Make the root file system read-only.");
});
