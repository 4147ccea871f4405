import { expect, test } from "vitest";
import { failed, ok } from "../../base/result.ts";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import type { Before, Facts, Probe } from "../probe.ts";
import { publishedBy } from "../subject/subject.ts";
import { type Asked, errno, fakeTarget, plainFacts } from "../testing/fake-kernel.ts";
import { engineTcp, hostPorts, metadata } from "./network.ts";

const [inProgress, already, isConnected] = [-115, -114, -106];

/** What stands behind an address: it takes the connection (and says something), refuses, or never answers. */
type Behind = "taken" | "refused" | "silent" | "slow" | { readonly says: string };

/** A network in which these addresses are reached; all others refuse. */
function network(behind: Readonly<Record<string, Behind>>, gateway?: string) {
  const sockets: string[] = [];
  const asked = new Set<string>();
  const stateOf = (socket: number) => behind[sockets[socket - 100] ?? ""] ?? "refused";
  const answer = ({ name, given }: Asked): number | undefined => {
    const socket = Number(given[0]);
    if (name === "socket") return 99 + sockets.push("");
    if (name === "connect") {
      const address = addressIn(given[1]);
      const isAgain = sockets[socket - 100] === address;
      sockets[socket - 100] = address;
      asked.add(address);
      const state = stateOf(socket);
      if (state === "refused") return errno.ECONNREFUSED;
      if (state === "silent") return isAgain ? already : inProgress;
      if (state === "slow") return isAgain ? isConnected : inProgress;
      return isAgain ? isConnected : 0;
    }
    if (name !== "read" || socket < 100) return undefined;
    const state = stateOf(socket);
    if (typeof state === "string" || !Buffer.isBuffer(given[1])) return 0;
    return given[1].write(state.says, "latin1");
  };
  // In the machine's byte order.
  const hex = gateway
    ?.split(".")
    .toReversed()
    .map((part) => Number(part).toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
  const route = `Iface\tDestination\tGateway\neth0\t00000000\t${hex ?? "00000000"}\n`;
  return { kernel: { files: { "/proc/net/route": route }, answer }, asked };
}

function addressIn(bytes: unknown): string {
  if (!Buffer.isBuffer(bytes)) return "";
  const port = bytes.readUInt16BE(2);
  if (bytes.readUInt16LE(0) === 2) return `${[...bytes.subarray(4, 8)].join(".")}:${port}`;
  const words = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(8 + at * 2).toString(16));
  return `[${words.join(":")}]:${port}`;
}

async function proved(
  probe: Probe,
  here: ReturnType<typeof network>,
  there: ReturnType<typeof network> | undefined,
  facts: Partial<Facts> = {},
): Promise<Before> {
  const known = { ...plainFacts, ...facts };
  const looser = async () =>
    there ? ok(fakeTarget(there.kernel, { role: "looser", facts: known })) : failed("the Engine refused it");
  return (
    probe.before?.(known) ?? (await probe.prove(fakeTarget(here.kernel, { facts: known }), looser)).judgement
  );
}

const pong = { says: "HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\n\r\nOK" };
const tls = { says: "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n" };
const nobody = network({});

test.each([
  ["its own loopback", "127.0.0.1:2375", undefined],
  ["the gateway, by the port of TLS", "172.17.0.1:2376", "172.17.0.1"],
])("an Engine that answers at %s is not held", async (_, address, gateway) => {
  const judgement = await proved(engineTcp, network({ [address]: pong }, gateway), undefined);
  expect(judgement).toMatchObject({ outcome: "notHeld" });
  expect(judgement.evidence).toContain(`${address}, where an Engine answers with API 1.45`);
});

test("an Engine at any port that listens on the host is found", async () => {
  const facts = { tcp: [{ ip: "10.1.2.3", port: 9000 }], hostPorts: [{ ip: "::", port: 7000 }] };
  for (const address of ["10.1.2.3:9000", "127.0.0.1:7000"])
    expect(await proved(engineTcp, network({ [address]: pong }), undefined, facts)).toMatchObject({
      outcome: "notHeld",
    });
});

test("another server is no Engine, and one that speaks TLS is not known", async () => {
  const there = network({ "127.0.0.1:2375": pong });
  const other = await proved(engineTcp, network({ "127.0.0.1:2375": { says: "SSH-2.0" } }), there);
  expect(other, other.evidence).toMatchObject({ outcome: "held" });
  const locked = await proved(engineTcp, network({ "127.0.0.1:2376": tls }), there);
  expect(locked).toMatchObject({ outcome: "inconclusive" });
  expect(locked.evidence).toContain("127.0.0.1:2376 speaks TLS");
});

test("no Engine is reached: held where the host's network reaches one, else there is none", async () => {
  expect(await proved(engineTcp, nobody, network({ "127.0.0.1:2375": pong }))).toMatchObject({
    outcome: "held",
  });
  expect(await proved(engineTcp, nobody, nobody)).toMatchObject({ outcome: "notApplicable" });
  expect(await proved(engineTcp, nobody, undefined)).toMatchObject({ outcome: "inconclusive" });
});

const listening = {
  hostPorts: [
    { ip: "0.0.0.0", port: 5432 },
    { ip: "10.0.0.5", port: 6379 },
  ],
};

test("a port of the host is tried at the loopback, the gateway and its own address", async () => {
  const here = network({}, "172.17.0.1");
  await proved(hostPorts, here, undefined, listening);
  expect([...here.asked].toSorted()).toEqual([...["10.0.0.5:6379", "127.0.0.1:5432", "172.17.0.1:5432"]]);
});

test.each(["10.0.0.5:6379", "127.0.0.1:5432", "172.17.0.1:5432"])(
  "a port of the host that takes a connection at %s is not held, also where it is slow",
  async (address) => {
    for (const state of ["taken", "slow"] as const) {
      const judgement = await proved(
        hostPorts,
        network({ [address]: state }, "172.17.0.1"),
        undefined,
        listening,
      );
      expect(judgement).toMatchObject({ outcome: "notHeld", evidence: `it connects to ${address}` });
    }
  },
);

test("six ports are named, and how many more", async () => {
  const facts = { hostPorts: Array.from({ length: 8 }, (_, at) => ({ ip: "0.0.0.0", port: 1_000 + at })) };
  const all = Object.fromEntries(facts.hostPorts.map(({ port }) => [`127.0.0.1:${port}`, "taken" as const]));
  expect((await proved(hostPorts, network(all), undefined, facts)).evidence).toMatch(/:1005 and 2 more$/);
});

test("ports of the host are held where only its own network reaches them", async () => {
  const there = network({ "127.0.0.1:5432": "taken" });
  expect(await proved(hostPorts, nobody, there, listening)).toMatchObject({ outcome: "held" });
  // Nobody answers there, either: a filter may drop it, or the time was too short.
  expect(await proved(hostPorts, nobody, network({ "127.0.0.1:5432": "silent" }), listening)).toMatchObject({
    outcome: "inconclusive",
  });
  expect(await proved(hostPorts, nobody, nobody, listening)).toMatchObject({ outcome: "notApplicable" });
});

test.each([
  ["by its number", "5432", "tcp", [], false],
  ["within a range", "5000-6000", "tcp", [], false],
  ["at a port that Docker chose", undefined, "tcp", [{ ip: "", port: 5432 }], false],
  ["beside a range", "5433-6000", "tcp", [], true],
  ["over UDP alone", "5432", "udp", [], true],
  ["at another port that Docker chose", undefined, "tcp", [{ ip: "", port: 32768 }], true],
] as const)(
  "a port that the container publishes %s is none of the host's",
  async (_, hostPort, protocol, published, isTried) => {
    const ports = [set({ hostIp: "", hostPort, containerPort: "5432", protocol })];
    const here = network({});
    const facts = {
      view: container("configured", { ports }),
      hostPorts: [{ ip: "0.0.0.0", port: 5432 }],
      published,
    };
    const judgement = await proved(hostPorts, here, nobody, facts);
    expect(here.asked.size > 0).toBe(isTried);
    if (!isTried) expect(judgement.evidence).toBe("nothing else listens on TCP at the host");
  },
);

test("another's server on the same port, at another address, is the host's", async () => {
  const at = { hostIp: "127.0.0.1", hostPort: "5432", containerPort: "5432", protocol: "tcp" };
  const both = ["127.0.0.1", "10.0.0.5"].map((ip) => ({ ip, port: 5432 }));
  for (const own of [
    { view: container("configured", { ports: [set(at)] }) },
    { published: [{ ip: "127.0.0.1", port: 5432 }] },
  ]) {
    const here = network({ "10.0.0.5:5432": "taken" });
    const judgement = await proved(hostPorts, here, nobody, { ...own, hostPorts: both });
    expect(judgement).toMatchObject({ outcome: "notHeld", evidence: "it connects to 10.0.0.5:5432" });
    expect([...here.asked]).toEqual(["10.0.0.5:5432"]);
  }
});

test("the ports of a running container are the Engine's word", () => {
  const Ports = {
    "80/tcp": [
      { HostIp: "0.0.0.0", HostPort: "8080" },
      { HostIp: "::", HostPort: "8081" },
    ],
    "53/udp": [{ HostIp: "0.0.0.0", HostPort: "53" }],
    "9000/tcp": null,
  };
  expect(publishedBy({ NetworkSettings: { Ports } })).toEqual([
    { ip: "0.0.0.0", port: 8080 },
    { ip: "::", port: 8081 },
  ]);
  expect(publishedBy({})).toEqual([]);
});

test("where the host's ports are not seen, none is tried", async () => {
  expect(await proved(hostPorts, nobody, nobody, { hostPorts: undefined })).toMatchObject({
    evidence: "the host's ports cannot be seen from here",
  });
});

const services = ["169.254.169.254:80", "[fd00:ec2:0:0:0:0:0:254]:80", "100.100.100.200:80"];

test.each(services)("the metadata service is not held where %s takes a connection", async (address) => {
  expect(await proved(metadata, network({ [address]: "taken" }), undefined)).toMatchObject({
    outcome: "notHeld",
  });
});

test("the metadata service is held where only the host reaches it, and there is none where nobody does", async () => {
  for (const address of services)
    expect(await proved(metadata, nobody, network({ [address]: "taken" }))).toMatchObject({
      outcome: "held",
    });
  expect(await proved(metadata, nobody, nobody)).toMatchObject({ outcome: "notApplicable" });
  expect(await proved(metadata, nobody, undefined)).toMatchObject({ outcome: "inconclusive" });
});
