import fc from "fast-check";
import { expect, test } from "vitest";
import { factsOf } from "../../../test/support/formats/law.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { shellWords } from "../../base/shell-words.ts";
import { readCompose } from "../../formats/compose/read.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import { readRunLine } from "../../formats/run-command/read.ts";
import type { Container } from "../../model/container.ts";
import type { Reading } from "../../model/reading.ts";
import { composeTextOf } from "./compose-text.ts";
import { runWordsOf } from "./run-words.ts";

const bare = { Image: "app:1", HostConfig: { NetworkMode: "default" } };

/** Each form that a person pastes, by what our own readers make of it. */
const forms: Readonly<Record<string, (body: typeof bare) => Reading>> = {
  "docker run": (body) =>
    readRunLine(shellWords(runWordsOf({ body, networks: [] }, "web").words), "run", memoryFiles({})),
  compose: (body) => {
    const { text } = composeTextOf({ body, networks: [] }, "web");
    return readCompose({ files: ["c.yaml"], io: memoryFiles({ "c.yaml": text }) });
  },
};

function expectSame(form: string, given: object): void {
  const host = "HostConfig" in given ? given.HostConfig : {};
  const body = { ...bare, ...given, HostConfig: { ...bare.HostConfig, ...Object(host) } };
  const reading = forms[form]?.(body);
  expect(reading?.gaps).toEqual([]);
  const [subject] = reading?.subjects ?? [];
  const view = subject?.kind === "container" ? subject.views[0] : undefined;
  if (!view) throw new Error(`${form} makes no container`);
  expect(without(view)).toEqual(without(readCreateRequest(body)));
}

/** A file defines its networks and hooks; a request only names networks, and knows no hooks. */
function without(view: Container) {
  const left = ["networkMode", "networkDefinitions", "hooks"];
  const facts = factsOf(view) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(facts).filter(([field]) => !left.includes(field)));
}

const requests: readonly (readonly [string, object])[] = [
  [
    "isolation",
    {
      User: "1000:1000",
      HostConfig: {
        CapDrop: ["ALL"],
        CapAdd: ["NET_BIND_SERVICE"],
        SecurityOpt: ["no-new-privileges", "apparmor=docker-default"],
        ReadonlyRootfs: true,
        PidMode: "host",
        IpcMode: "shareable",
        Devices: [{ PathOnHost: "/dev/null", PathInContainer: "/dev/x", CgroupPermissions: "r" }],
        DeviceRequests: [{ Count: -1, Capabilities: [["gpu"]] }],
        DeviceCgroupRules: ["c 1:3 r"],
        Ulimits: [{ Name: "nofile", Soft: 64, Hard: 128 }],
        Sysctls: { "net.ipv4.ip_forward": "0" },
      },
    },
  ],
  [
    "limits",
    {
      HostConfig: {
        NanoCpus: 1_500_000_000,
        Memory: 512 * 1024 ** 2,
        MemorySwap: -1,
        MemoryReservation: 256 * 1024 ** 2,
        PidsLimit: 100,
        CpuShares: 512,
        CpusetCpus: "0",
        BlkioWeight: 300,
        BlkioDeviceReadBps: [{ Path: "/dev/sda", Rate: 1024 }],
        LogConfig: { Type: "json-file", Config: { "max-size": "10m" } },
        StorageOpt: { size: "5G" },
      },
    },
  ],
  [
    "storage and ports",
    {
      HostConfig: {
        Binds: ["/usr:/u:ro", "data:/data"],
        Mounts: [{ Type: "bind", Source: "/srv", Target: "/s", ReadOnly: true }],
        Tmpfs: { "/run": "size=64m,mode=1777", "/tmp": "" },
        PortBindings: {
          "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }],
          "53/udp": [{ HostIp: "", HostPort: "53" }],
        },
      },
    },
  ],
];

test.each(Object.keys(forms).flatMap((form) => requests.map(([name, body]) => [form, name, body] as const)))(
  "%s says what the request says: %s",
  (form, _, body) => expectSame(form, body),
);

// What is Docker's default is another daemon's choice (default-ipc-mode, default-cgroupns-mode, the version of its cgroups).
const gpu = [["gpu"]];
const modes = fc.record(
  {
    PidMode: fc.constantFrom("", "host"),
    IpcMode: fc.constantFrom("", "private", "shareable", "host", "none"),
    UTSMode: fc.constantFrom("", "host"),
    UsernsMode: fc.constantFrom("", "host"),
    CgroupnsMode: fc.constantFrom("", "private", "host"),
    Runtime: fc.constantFrom("", "runc", "runsc"),
    ReadonlyRootfs: fc.constant(true),
    Init: fc.constantFrom(true, false),
    DeviceRequests: fc.constantFrom(
      [{ Count: -1, Capabilities: gpu }],
      [{ Count: 2, Driver: "nvidia", Capabilities: gpu }],
      [{ DeviceIDs: ["0", "GPU-3a23c669"], Capabilities: [["compute", "utility", "gpu"]] }],
    ),
  },
  { requiredKeys: [] },
);

test.each(Object.keys(forms))("%s says every mode that the request says, the usual ones, too", (form) => {
  fc.assert(fc.property(modes, (HostConfig) => expectSame(form, { HostConfig })));
});
