import { describe, expect, it } from "vitest";
import { failed, ok, type Result } from "../../base/result.ts";
import { container } from "../../model/container.ts";
import type { Attempt } from "../experiment/attempts.ts";
import type { Before, Facts, ProbeOf } from "../probe.ts";
import { cgroupWrite } from "./cgroup-write.ts";
import { chown } from "./chown.ts";
import { chroot } from "./chroot.ts";
import { corePattern } from "./core-pattern.ts";
import { kernelLog } from "./kernel-log.ts";
import { loadModule } from "./load-module.ts";
import { mount } from "./mount.ts";
import { rawSocket } from "./raw-socket.ts";
import { engineSocket } from "./reach/engine-socket.ts";
import { mknodOpen } from "./reach/mknod-open.ts";
import { scriptFromTmpfs } from "./reach/script-from-tmpfs.ts";
import { writeReadOnlyVolume } from "./reach/write-read-only-volume.ts";
import { beyondReadOnly, writeRoot } from "./reach/write-root.ts";
import { reboot } from "./reboot.ts";
import { setClock } from "./set-clock.ts";
import { setHostname } from "./set-hostname.ts";
import { setuid } from "./setuid.ts";
import { swapoff } from "./swapoff.ts";
import { sysctl } from "./sysctl.ts";
import { unshareMount } from "./unshare-mount.ts";
import { unshareUser } from "./unshare-user.ts";
import { ptraceNeighbour } from "./users/ptrace-neighbour.ts";
import { runAsRoot } from "./users/run-as-root.ts";
import { setuidBinary } from "./users/setuid-binary.ts";

type AttemptProbe = Pick<ProbeOf<readonly Attempt[]>, "judge" | "id">;

/** Each probe with the errors that its control gives. */
const expected: readonly (readonly [AttemptProbe, ...string[]])[] = [
  [rawSocket, "EPERM"],
  [mount, "EPERM", "EACCES"],
  [unshareUser, "EPERM", "SIGSYS"],
  [unshareMount, "EPERM", "SIGSYS"],
  [mknodOpen, "EPERM", "EACCES"],
  [chroot, "EPERM"],
  [chown, "EPERM"],
  [setuid, "EPERM"],
  [corePattern, "EROFS", "EACCES"],
  [sysctl, "EROFS", "EACCES"],
  [cgroupWrite, "EROFS", "EACCES"],
  [loadModule, "EPERM"],
  [kernelLog, "EPERM"],
  [swapoff, "EPERM"],
  [setHostname, "EPERM"],
  [setClock, "EPERM"],
  [reboot, "EPERM"],
  [ptraceNeighbour, "EPERM"],
  [writeRoot, "EROFS"],
  [writeReadOnlyVolume, "EROFS"],
  [scriptFromTmpfs, "EACCES"],
  [setuidBinary, "it stays uid 65534"],
  [runAsRoot, "it is uid 1000"],
  [engineSocket, "ENOENT", "ECONNREFUSED", "no socket of an engine"],
];

const facts: Facts = {
  view: container("configured"),
  sockets: [],
  tcp: [],
  hostPorts: [],
  cpus: 2,
  memoryTotal: 2 ** 33,
};

function judged(
  { judge }: AttemptProbe,
  errors: readonly (string | undefined)[],
  control: Result<readonly (string | undefined)[]> = ok(errors.map(() => undefined)),
): Before {
  const attempts = (all: readonly (string | undefined)[]) =>
    all.map((error, index) => ({ what: `try ${index}`, error }));
  return judge({
    subject: attempts(errors),
    control: control.ok ? ok(attempts(control.value)) : control,
    facts,
  });
}

describe("the judgement of attempts", () => {
  for (const [probe, ...errors] of expected) {
    it(`${probe.id} holds on ${errors.join(", ")} alone, and where it succeeds in a looser container`, () => {
      for (const error of errors) {
        expect(judged(probe, [error, error]).outcome).toBe("held");
        expect(judged(probe, [error, error]).evidence).toContain(error);
        // One that gets through is enough.
        expect(judged(probe, [error, undefined])).toMatchObject({
          outcome: "notHeld",
          evidence: expect.stringContaining("try 1"),
        });
        // An experiment that cannot succeed proves nothing.
        expect(judged(probe, [error], ok([error])).outcome).toBe("inconclusive");
        expect(judged(probe, [error], failed("it was refused"))).toEqual({
          outcome: "inconclusive",
          evidence: expect.stringContaining("it was refused"),
        });
      }
      expect(judged(probe, [undefined], failed("not needed")).outcome).toBe("notHeld");
      if (probe !== runAsRoot) expect(judged(probe, ["EIO"]).outcome).toBe("inconclusive");
      expect(judged(probe, []).outcome).toBe("inconclusive");
    });
  }

  it("takes what comes only after a mount let a write through for a writable mount", () => {
    const seen = (error: string | undefined) => beyondReadOnly({ what: "a file", error }).error;
    expect(["EOPNOTSUPP", "EISDIR", "EACCES", "EPERM", undefined].map(seen)).toEqual(
      Array(5).fill(undefined),
    );
    expect(["EROFS", "EIO"].map(seen)).toEqual(["EROFS", "EIO"]);
    expect(beyondReadOnly({ what: "a file", error: "EACCES" }).what).toContain("permissions alone");
  });
});
