import { describe, expect, it } from "vitest";
import { failed, ok, type Result } from "../../base/result.ts";
import { container } from "../../model/container.ts";
import type { WayTried } from "../experiment/ways.ts";
import type { Before, Facts, Measurement } from "../probe.ts";
import { mknodOpen } from "./devices.ts";
import { engineSocket } from "./engine-socket.ts";
import { beyondReadOnly, scriptFromTmpfs, writeReadOnlyVolume, writeRoot } from "./files.ts";
import {
  cgroupWrite,
  corePattern,
  kernelLog,
  loadModule,
  rawSocket,
  reboot,
  setClock,
  setHostname,
  swapoff,
  sysctl,
} from "./machine.ts";
import { chown, chroot, mount, setuid, unshareMount, unshareUser } from "./rights.ts";
import { ptraceNeighbour, runAsRoot, setuidBinary } from "./users.ts";

type AttemptProbe = Pick<Measurement<readonly WayTried[]>, "judge" | "id">;

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
  architecture: "x86_64",
  cpus: 2,
  memoryTotal: 2 ** 33,
};

function judged(
  { judge }: AttemptProbe,
  errors: readonly (string | undefined)[],
  control: Result<readonly (string | undefined)[]> = ok(errors.map(() => undefined)),
): Before {
  const attempts = (all: readonly (string | undefined)[]) =>
    all.map((error, index) => ({ what: `try ${index}`, error, abi: "native" as const }));
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
