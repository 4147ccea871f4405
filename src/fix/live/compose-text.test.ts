import { expect, test } from "vitest";
import { factsOf } from "../../../test/support/formats/law.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readCompose } from "../../formats/compose/read.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import type { Container } from "../../model/container.ts";
import { composeTextOf } from "./compose-text.ts";

const bare = { Image: "app:1", HostConfig: { NetworkMode: "default" } };

/** What the Compose file says, and what the request says. */
function both(body: Readonly<Record<string, unknown>>): readonly [Container, Container] {
  const { text } = composeTextOf({ body, networks: [] }, "web");
  const reading = readCompose({ files: ["c.yaml"], io: memoryFiles({ "c.yaml": text }) });
  expect(reading.gaps, text).toEqual([]);
  const view = reading.subjects[0]?.kind === "container" ? reading.subjects[0].views[0] : undefined;
  const request = readCreateRequest(body);
  if (!view) throw new Error(`no service in ${text}`);
  return [view, request];
}

test.each<[string, Readonly<Record<string, unknown>>]>([
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
])("the file says what the request says: %s", (_, given) => {
  const body = { ...bare, ...given, HostConfig: { ...bare.HostConfig, ...Object(given.HostConfig) } };
  const [file, request] = both(body);
  // A file defines its networks and hooks; a request only names networks, and knows no hooks.
  expect(without(file, ["networkMode", "networkDefinitions", "hooks"])).toEqual(
    without(request, ["networkMode", "networkDefinitions", "hooks"]),
  );
});

function without(view: Parameters<typeof factsOf>[0], fields: readonly string[]) {
  const facts = factsOf(view) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(facts).filter(([field]) => !fields.includes(field)));
}

test("what may be taken for a variable or another type stays text, and secrets stay out", () => {
  const { text, notes } = composeTextOf(
    {
      body: {
        ...bare,
        Env: ["TOKEN=hunter2"],
        Cmd: ["sh", "-c", "echo $HOME", "yes", "0644", "22:22"],
        Labels: { "com.docker.compose.project": "shop", own: "true" },
      },
      networks: [["back", { Aliases: ["web"] }]],
    },
    "web",
  );
  expect(text).toBe(
    [
      "services:",
      "  web:",
      "    container_name: web",
      '    image: "app:1"',
      "    command:",
      "      - sh",
      '      - "-c"',
      '      - "echo $$HOME"',
      '      - "yes"',
      '      - "0644"',
      '      - "22:22"',
      "    environment:",
      "      - TOKEN",
      "    labels:",
      '      own: "true"',
      "    networks:",
      "      back:",
      "        aliases:",
      "          - web",
      "networks:",
      "  back:",
      "    external: true",
      "    name: back",
      "",
    ].join("\n"),
  );
  expect(notes).toEqual([expect.stringContaining("The values of TOKEN are not shown")]);
});
