import { describe, expect, it } from "vitest";
import { ok } from "../base/result.ts";
import type { Before, Probe, ProbeTarget } from "./probe.ts";
import * as devices from "./probes/devices.ts";
import * as files from "./probes/files.ts";
import * as machine from "./probes/machine.ts";
import * as rights from "./probes/rights.ts";
import * as users from "./probes/users.ts";
import {
  type Asked,
  almighty,
  errno,
  type FakeKernel,
  fakeTarget,
  usualMounts,
} from "./testing/fake-kernel.ts";

/** Rights that the container's own processes use by system calls alone. */
const all: readonly Probe[] = [
  ...[rights.chown, rights.chroot, rights.mount, rights.openByHandle, rights.setuid],
  ...[rights.unshareMount, rights.unshareUser],
  ...[machine.rawSocket, machine.corePattern, machine.sysctl, machine.cgroupWrite, machine.kernelLog],
  ...[machine.loadModule, machine.reboot, machine.setClock, machine.setHostname, machine.swapoff],
  ...[files.maskedPaths, devices.mknodOpen, users.ptraceNeighbour],
];

const known = {
  ...{ ...almighty, ...usualMounts },
  "/proc/partitions": "major minor  #blocks  name\n\n 254        0   10485760 vda\n",
};

/** What calls give where they are let through: what their probes take for success. */
function success({ name, text, given }: Asked): number | undefined {
  if (name === "setfsuid") return 3;
  if (name === "openat") return text(1) in known ? undefined : 900;
  if (name === "read") return given[0] === 900 ? 5 : undefined;
  return name === "getdents64" ? 120 : undefined;
}

/** Refuses all that is tried in the children that `isRefused` names; what the helper reads by itself it may. */
function refusing(isRefused: (child: number) => boolean, error: number): FakeKernel {
  return {
    files: known,
    answer: (asked) => (asked.child > 0 && isRefused(asked.child) ? error : success(asked)),
  };
}

async function provedIn(probe: Probe, subject: FakeKernel, control?: FakeKernel): Promise<Before> {
  const target = (kernel: FakeKernel, role: ProbeTarget["role"]) =>
    fakeTarget(kernel, { role, beside: async (_, during) => await during(4_321) });
  const looser = async () => ok(target(control ?? { files: known, answer: success }, "looser"));
  return (await probe.prove(target(subject, "subject"), looser)).judgement;
}

/** How many ways it tries, each by each ABI: a child for each. */
async function childrenOf(probe: Probe): Promise<number> {
  let most = 0;
  await provedIn(probe, {
    files: known,
    answer(asked) {
      most = Math.max(most, asked.child);
      return asked.child > 0 ? errno.EPERM : undefined;
    },
  });
  return most;
}

describe.each(all.map((probe) => [probe.id, probe] as const))("%s", (id, probe) => {
  const refusal = id === "masked-paths" ? errno.EACCES : errno.EPERM;

  it("is held where every way is refused, and works in the looser container", async () => {
    const judgement = await provedIn(
      probe,
      refusing(() => true, refusal),
    );
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
    expect(judgement.evidence).toContain("in a privileged container of the same image it succeeds");
  });

  it("is not held where a single way is open, whichever it is", async () => {
    const count = await childrenOf(probe);
    expect(count).toBeGreaterThan(1);
    const said = new Set<string>();
    for (let one = 1; one <= count; one += 1) {
      const judgement = await provedIn(
        probe,
        refusing((child) => child !== one, refusal),
      );
      expect(judgement, `way ${one} of ${count}: ${judgement.evidence}`).toMatchObject({
        outcome: "notHeld",
      });
      expect(judgement.evidence).toMatch(/succeeds$/);
      said.add(judgement.evidence);
    }
    // Each is named.
    expect(said.size).toBe(count);
  });

  it("is held by a filter that kills who tries", async () => {
    const judgement = await provedIn(probe, { files: known, answer: success, kills: () => 31 });
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
    expect(judgement.evidence).toContain("SIGSYS");
  });

  it("shows nothing where the looser container is refused as well", async () => {
    const refused = refusing(() => true, refusal);
    expect((await provedIn(probe, refused, refused)).outcome).not.toMatch(/^(?:held|notHeld)$/);
  });

  it("shows nothing by an error that no layer gives", async () => {
    const full = refusing(() => true, -28);
    expect((await provedIn(probe, full)).outcome).toBe("inconclusive");
  });
});

/** Errors that the kernel gives only once the right was granted, by the call that meets them. */
const granted: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  chroot: { pivot_root: [errno.EBUSY, errno.EINVAL] },
  "open-by-handle": { open_by_handle_at: [errno.ESTALE, errno.EINVAL, errno.EOPNOTSUPP] },
  "load-module": {
    init_module: [errno.ENOEXEC, -14, errno.EINVAL],
    finit_module: [errno.EBADF, errno.ENOEXEC],
    delete_module: [errno.ENOENT],
  },
  reboot: { reboot: [errno.EINVAL], kexec_load: [errno.EINVAL], kexec_file_load: [errno.EINVAL] },
  "set-clock": {
    ...{ settimeofday: [errno.EINVAL], adjtimex: [errno.EINVAL], clock_adjtime: [errno.EINVAL] },
    clock_settime: [errno.EINVAL],
  },
  "set-hostname": { sethostname: [errno.EINVAL], setdomainname: [errno.EINVAL] },
  swapoff: { swapoff: [errno.ENOENT, errno.EINVAL], swapon: [errno.ENOENT, errno.EINVAL] },
};

const byCall = Object.entries(granted).flatMap(([id, calls]) =>
  Object.entries(calls).flatMap(([call, errors]) => errors.map((error) => [id, call, error] as const)),
);

function meeting(call: string, error: number, files: Readonly<Record<string, string>>): FakeKernel {
  return {
    files,
    answer: ({ name, child }) => (child === 0 ? undefined : name === call ? error : errno.EPERM),
  };
}

it.each(byCall)("%s is not held where %s meets %d, which comes after the right", async (id, call, error) => {
  const probe = all.find((each) => each.id === id);
  if (!probe) throw new Error(id);
  const judgement = await provedIn(probe, meeting(call, error, known));
  expect(judgement, judgement.evidence).toMatchObject({ outcome: "notHeld" });
});

it("a call that shows only that it is let through is granted by the capability, in the first user namespace", async () => {
  const status = known["/proc/self/status"];
  const without = {
    ...known,
    "/proc/self/status": status
      .replace("CapEff:\t000001ff", "CapEff:\t000000ff")
      .replace(/CapEff:\t\w+/, "CapEff:\t0000000000000000"),
  };
  const mapped = { ...known, "/proc/self/uid_map": "0 100000 65536\n" };
  for (const files of [without, mapped]) {
    const judgement = await provedIn(machine.setClock, meeting("clock_settime", errno.EINVAL, files));
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
  }
});

describe("as another user than root", () => {
  const status = known["/proc/self/status"].replace("Uid:\t0\t0\t0\t0", "Uid:\t1000\t1000\t1000\t1000");
  const user = (fields: Readonly<Record<string, string>>): FakeKernel => {
    const text = Object.entries(fields).reduce(
      (before, [field, value]) => before.replace(new RegExp(`^${field}:.*$`, "m"), `${field}:\t${value}`),
      status.replace(/CapEff:\t\w+/, "CapEff:\t0000000000000000"),
    );
    return { ...refusing(() => true, errno.EPERM), files: { ...known, "/proc/self/status": text } };
  };
  const looser = async () => ok(fakeTarget({ files: known, answer: success }, { role: "looser" }));
  const chown = async (fields: Readonly<Record<string, string>>, setuid?: FakeKernel) => {
    const { run } = fakeTarget(setuid ?? user(fields));
    const more = setuid && { throughSetuid: run };
    return (await rights.chown.prove(fakeTarget(user(fields), more), looser)).judgement;
  };

  it("is not held where a program that is setuid root can", async () => {
    const judgement = await chown({}, { files: known, answer: success });
    expect(judgement).toMatchObject({ outcome: "notHeld" });
    expect(judgement.evidence).toContain("through a program that is setuid root");
  });

  it("is held where that program cannot, either", async () => {
    const judgement = await chown(
      {},
      refusing(() => true, errno.EPERM),
    );
    expect(judgement, judgement.evidence).toMatchObject({ outcome: "held" });
  });

  it("is not known where none can be started, and the bounding set lets it", async () => {
    const judgement = await chown({});
    expect(judgement).toMatchObject({ outcome: "inconclusive" });
    expect(judgement.evidence).toContain("the bounding set allows it");
  });

  it("is held without one where it could not gain the right", async () => {
    for (const fields of [{ NoNewPrivs: "1" }, { CapBnd: "0000000000000000" }])
      expect(await chown(fields)).toMatchObject({ outcome: "held" });
  });
});

it("names the layer: a missing capability before a filter, and a filter where nothing is missing", async () => {
  const evidence = async (replace: (status: string) => string) => {
    const files = { ...known, "/proc/self/status": replace(known["/proc/self/status"]) };
    return (await provedIn(rights.chown, { ...refusing(() => true, errno.EPERM), files })).evidence;
  };
  expect(await evidence((text) => text.replace(/CapEff:\t\w+/, "CapEff:\t0000000000000000"))).toContain(
    "no CAP_CHOWN",
  );
  expect(await evidence((text) => text.replace("Seccomp:\t0", "Seccomp:\t2"))).toContain("(seccomp)");
});
