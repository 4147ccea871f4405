import { expect, test } from "vitest";
import { testControl, view } from "../../../test/support/control-table.ts";
import { watchedPaths } from "../../engine/benchmark/host.ts";
import { container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import type {
  BenchmarkSight,
  HostFile,
  HostFileRole,
  HostObservations,
} from "../../model/host/benchmark-sight.ts";
import { image } from "../../model/image.ts";
import { bareContext, type Checks, type Control } from "../control.ts";
import { engineFiles } from "./files.ts";
import { dockerGroupMembers, engineVersion, hostAuditRules, hostPartition } from "./host.ts";
import { contentTrust, imageSetuidFiles } from "./images.ts";
import {
  containerSprawl,
  imageSprawl,
  swarmAutoLock,
  swarmCertificates,
  swarmListenAddress,
  swarmManagers,
  swarmOverlayEncryption,
  swarmSecrets,
} from "./operations.ts";
import { containerImageCurrent, engineSwarm } from "./runtime.ts";

const roles: readonly HostFileRole[] = [
  ...(["dockerd", "runContainerd", "dataRoot", "etcDocker", "dockerService", "containerdSocket"] as const),
  ...(["dockerSocketUnit", "etcDefault", "daemonJson", "containerdConfig", "etcSysconfig"] as const),
  ...(["containerd", "containerdShim", "containerdShimRuncV1", "containerdShimRuncV2", "runc"] as const),
  ...(["registryCertificates", "tlsCa", "tlsCertificate", "tlsKey", "dockerSocket"] as const),
];

function file(path: string, mode: number, uid = 0, gid = 0): HostFile {
  return { path, mode, uid, gid, origin: { kernel: path, field: "mode" } };
}

function host(
  files: Partial<Record<HostFileRole, readonly HostFile[]>>,
  more: Partial<HostObservations> = {},
): BenchmarkSight {
  const none = Object.fromEntries(roles.map((role) => [role, []])) as unknown as HostObservations["files"];
  return sight({
    host: {
      files: { ...none, ...files },
      ownPartition: true,
      dataRoot: "/var/lib/docker",
      dockerGroup: { gid: 101, members: [] },
      audit: { from: "files", watched: [], origin: { kernel: "/etc/audit/rules.d" } },
      ...more,
    },
  });
}

function sight(more: Partial<BenchmarkSight>): BenchmarkSight {
  return {
    host: undefined,
    swarm: undefined,
    images: undefined,
    stock: undefined,
    setuidFiles: new Map(),
    contentTrust: undefined,
    ...more,
  };
}

function swarm(details: Record<string, unknown> = {}, whole: Record<string, unknown> = {}): BenchmarkSight {
  const usual = { autoLock: false, nodeCertificateHours: 2160, secrets: 0, services: 1, overlays: [] };
  return sight({
    swarm: {
      managers: 1,
      details: { ...usual, ...details },
      managerAddresses: ["10.0.0.1"],
      dataPathAddress: undefined,
      advertiseAddress: "10.0.0.1",
      ...whole,
    },
  });
}

const live = (label: string, seen: BenchmarkSight | undefined, message?: RegExp) =>
  view(label, engine("configured"), { context: { sight: seen }, ...(message && { message }) });

/** One recommendation of a control that stands for several. */
function only(control: Control, number: string): Control {
  const check: Checks = control.recommendations?.[number] ?? {};
  return { ...control, id: `${control.id} ${number}`, check };
}

testControl(hostPartition, {
  fails: [live("shared", host({}, { ownPartition: false }), /\/var\/lib\/docker on the host's own/)],
  passes: [live("apart", host({}))],
  unknown: [live("unread", host({}, { ownPartition: undefined })), live("unseen", undefined)],
});

testControl(dockerGroupMembers, {
  fails: [live("members", host({}, { dockerGroup: { gid: 1, members: ["ann", "bob"] } }), /ann, bob/)],
  passes: [live("none", host({})), live("no group", host({}, { dockerGroup: undefined }))],
  unknown: [live("unseen", undefined)],
});

const dockerd = {
  dockerd: [file("/usr/bin/dockerd", 0o755)],
  daemonJson: [file("/etc/docker/daemon.json", 0o644)],
};
const rules = (...watched: readonly string[]) => ({
  audit: { from: "kernel" as const, watched, origin: { kernel: "auditctl -l" } },
});

testControl(only(hostAuditRules, "1.1.3"), {
  fails: [live("no rule", host(dockerd, rules()), /\/usr\/bin\/dockerd in the kernel's list/)],
  passes: [live("a rule", host(dockerd, rules("/usr/bin/dockerd")))],
  notApplicable: [live("no file", host({}))],
  unknown: [live("unread", host(dockerd, { audit: { from: "nowhere", reason: "permission denied" } }))],
});

testControl(only(hostAuditRules, "1.1.11"), {
  fails: [live("another file's rule", host(dockerd, rules("/etc/docker/daemon.json.bak")))],
  passes: [live("a rule on its folder", host(dockerd, rules("/etc/docker")))],
});

testControl(only(engineFiles, "3.1"), {
  fails: [
    live("a user's", host({ dockerService: [file("/s", 0o644, 1000)] }), /1000:0 instead of root:root/),
  ],
  passes: [live("root's", host({ dockerService: [file("/s", 0o644)] }))],
  notApplicable: [live("missing", host({}))],
  unknown: [live("unseen", undefined)],
});

testControl(only(engineFiles, "3.2"), {
  // 633 is a smaller number than 644, and others may write.
  fails: [
    live("world-writable", host({ dockerService: [file("/s", 0o646)] }), /others can change it/),
    live("633", host({ dockerService: [file("/s", 0o633)] })),
  ],
  passes: [live("less", host({ dockerService: [file("/s", 0o600)] }))],
});

testControl(only(engineFiles, "3.14"), {
  fails: [live("readable", host({ tlsKey: [file("/k", 0o440)] }), /others can read it/)],
  passes: [live("400", host({ tlsKey: [file("/k", 0o400)] }))],
});

testControl(only(engineFiles, "3.15"), {
  fails: [live("another group", host({ dockerSocket: [file("/s", 0o660, 0, 102)] }))],
  passes: [live("docker's", host({ dockerSocket: [file("/s", 0o660, 0, 101)] }))],
});

testControl(engineVersion, {
  fails: [
    view("old", engine("configured", { version: set("20.10.24") }), {
      message: /CVE-2026-34040/,
      severity: "high",
    }),
  ],
  passes: [view("new", engine("configured", { version: set("29.9.0") }))],
  unknown: [
    view("of a distribution", engine("configured", { version: set("20.10.24+dfsg1") })),
    view("of a line that a vendor maintains", engine("configured", { version: set("25.0.13") })),
    view("none", engine("configured")),
    view("a build", engine("configured", { version: set("dev") })),
  ],
});

testControl(imageSetuidFiles, {
  fails: [
    view("su", image("configured"), {
      message: /\/bin\/su/,
      context: { subject: "app", sight: sight({ setuidFiles: new Map([["app", [set("/bin/su")]]]) }) },
    }),
  ],
  passes: [
    view("none", image("configured"), {
      context: { subject: "app", sight: sight({ setuidFiles: new Map([["app", []]]) }) },
    }),
  ],
  unknown: [view("unread", image("configured"), { context: { subject: "app", sight: sight({}) } })],
});

testControl(contentTrust, {
  fails: [live("not set", sight({}))],
  passes: [live("set", sight({ contentTrust: "1" }))],
  unknown: [live("not asked", undefined)],
});

const active = (services: number) =>
  view(`${services} services`, engine("configured", { swarmActive: set(true) }), {
    context: { sight: swarm({ services }) },
  });

testControl(engineSwarm, {
  fails: [active(0)],
  passes: [active(2), view("off", engine("configured", { swarmActive: set(false) }))],
  unknown: [view("a worker", engine("configured", { swarmActive: set(true) }))],
});

const current = (images: readonly (readonly [string, string])[], name = "app") =>
  view(
    name,
    container("configured", {
      image: set(name),
      inspected: { imageId: "sha256:1", networks: [] },
    }),
    { context: { sight: sight({ images: new Map(images) }) } },
  );

testControl(containerImageCurrent, {
  fails: [current([["app:latest", "sha256:2"]]), current([])],
  passes: [current([["app:latest", "sha256:1"]]), current([], "app@sha256:0")],
});

const stock = (more: Partial<NonNullable<BenchmarkSight["stock"]>>) =>
  sight({ stock: { images: 4, usedImages: 2, containers: 30, runningContainers: 10, ...more } });

testControl(imageSprawl, {
  fails: [live("unused", stock({ usedImages: 1 }))],
  passes: [live("used", stock({}))],
  unknown: [live("not asked", undefined)],
});
testControl(containerSprawl, {
  fails: [live("stopped", stock({ runningContainers: 4 }))],
  passes: [live("running", stock({}))],
});

testControl(swarmManagers, {
  fails: [live("two", swarm({}, { managers: 2 })), live("nine", swarm({}, { managers: 9 }))],
  passes: [live("one", swarm()), live("three", swarm({}, { managers: 3 }))],
  notApplicable: [live("no swarm", sight({}))],
  unknown: [live("a worker", swarm({}, { details: undefined }))],
});
testControl(swarmListenAddress, {
  fails: [
    live("v4", swarm({}, { managerAddresses: ["0.0.0.0"] })),
    live("v6", swarm({}, { managerAddresses: ["::"] })),
  ],
  passes: [live("one", swarm())],
  unknown: [live("unseen", swarm({}, { managerAddresses: undefined }))],
});
testControl(swarmOverlayEncryption, {
  fails: [live("plain", swarm({ overlays: [{ name: "ingress", encrypted: false }] }), /ingress/)],
  passes: [live("encrypted", swarm({ overlays: [{ name: "a", encrypted: true }] }))],
});
testControl(swarmSecrets, {
  fails: [live("none", swarm())],
  passes: [live("one", swarm({ secrets: 1 })), live("no service", swarm({ services: 0 }))],
});
testControl(swarmAutoLock, {
  fails: [live("off", swarm())],
  passes: [live("on", swarm({ autoLock: true }))],
});
testControl(swarmCertificates, {
  fails: [live("a year", swarm({ nodeCertificateHours: 8760 }), /365 days/)],
  passes: [live("the default", swarm())],
});

test("audit rules in both of auditctl's spellings, and none that only excludes", () => {
  expect(
    watchedPaths(
      [
        "-w /usr/bin/dockerd -p rwxa -k docker",
        "# -w /etc/docker",
        "-a always,exit -F path=/usr/bin/runc -F perm=x",
        "-a always,exit -S all -F dir=/etc/docker/ -F key=docker",
        "-a never,exit -F path=/usr/bin/containerd",
      ].join("\n"),
    ),
  ).toEqual(["/usr/bin/dockerd", "/usr/bin/runc", "/etc/docker"]);
});

test("each remedy of a rule on a file names the path that was looked at", () => {
  const files = Object.fromEntries(
    roles.map((role) => [role, [file(`/odd/${role}`, 0o777, 1000, 1000)]]),
  ) as unknown as HostObservations["files"];
  const context = bareContext("engine-api", { sight: host(files) });
  for (const { id, recommendations = {} } of [engineFiles, hostAuditRules]) {
    for (const [number, { engine: check }] of Object.entries(recommendations)) {
      const verdict = check?.(engine("configured"), context);
      const problems = verdict?.verdict === "fail" ? verdict.problems : [];
      expect(problems, `${id} ${number}`).toHaveLength(1);
      for (const { evidence, advice } of problems) expect(advice, `${id} ${number}`).toContain(evidence);
    }
  }
});
