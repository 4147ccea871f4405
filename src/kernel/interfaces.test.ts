import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { testFolder } from "../../test/support/test-folder.ts";
import { readForwarding, readInterfaces } from "./interfaces.ts";

const head = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 591643 1435427    0    0    0     0          0         0 591643 1435427    0    0    0     0       0          0
`;

function interfaces(lines: string): readonly string[] | undefined {
  const folder = testFolder();
  mkdirSync(join(folder, "net"));
  writeFileSync(join(folder, "net/dev"), head + lines);
  return readInterfaces(folder)?.value;
}

it("are those that the kernel does not make in each namespace", () => {
  expect(interfaces("")).toEqual([]);
  expect(interfaces("  tunl0:       0       0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n")).toEqual([]);
  expect(
    interfaces(
      "  eth0:       0       0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n veth1:0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
    ),
  ).toEqual(["eth0", "veth1"]);
});

it("are those that have a name of the kernel's and carried something, too", () => {
  expect(interfaces("  tunl0:       0       0 0 0 0 0 0 0 42 1 0 0 0 0 0 0\n")).toEqual(["tunl0"]);
});

it("are not known where they cannot be read", () => {
  expect(readInterfaces("/nonexistent")).toBeUndefined();
});

it("forward what is not theirs where the network namespace says so", () => {
  const forwarding = (text: string) => {
    const folder = testFolder();
    mkdirSync(join(folder, "net"));
    writeFileSync(join(folder, "net/snmp"), text);
    return readForwarding(folder)?.value;
  };
  const names = "Ip: Forwarding DefaultTTL InReceives\n";
  expect(forwarding(`${names}Ip: 1 64 3116742\nIcmp: InMsgs\n`)).toBe(true);
  expect(forwarding(`${names}Ip: 2 64 3116742\n`)).toBe(false);
  expect(forwarding("Tcp: 1\n")).toBeUndefined();
  expect(readForwarding("/nonexistent")).toBeUndefined();
});
