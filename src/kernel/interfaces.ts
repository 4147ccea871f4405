import { type SetFact, set } from "../model/fact.ts";
import { readText, remembered } from "./files.ts";

/**
 * The network interfaces of a process's network namespace, without those that the kernel makes in each (the loopback, the fallback of
 * tunnels: Documentation/networking/ip-sysctl, fb_tunnels_only_for_init_net). One of their names that carried something is another
 * interface that was given the name.
 */
export function readInterfaces(folder: string): SetFact<readonly string[]> | undefined {
  const file = `${folder}/net/dev`;
  const read = readText(file);
  return read.ok ? set(parseInterfaces(read.value), { kernel: file }) : undefined;
}

/**
 * Whether a process's network namespace forwards packets (net.ipv4.ip_forward): /proc/PID/net/snmp is the process's, while
 * /proc/PID/root/proc/sys/net shows the reader's own namespace. RFC 1213, ipForwarding: 1 forwards, 2 does not.
 */
export function readForwarding(folder: string): SetFact<boolean> | undefined {
  const file = `${folder}/net/snmp`;
  const read = readText(file);
  const word = read.ok ? /^Ip: Forwarding .*\nIp: ([12]) /m.exec(read.value)?.[1] : undefined;
  return word === undefined ? undefined : set(word === "1", { kernel: file, field: "Forwarding" });
}

const kernels = /^(?:lo|tunl0|sit0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6tnl0|ip6gre0)$/;

/** proc_pid_net(5): `eth0: BYTES PACKETS …`, eight numbers received, then eight sent. */
const parseInterfaces = remembered((text): readonly string[] =>
  text.split("\n").flatMap((line) => {
    const [, name = "", numbers = ""] = /^\s*([^\s:]+):(.*)$/.exec(line) ?? [];
    const amounts = numbers.trim().split(/\s+/);
    const isUsed = name !== "lo" && [amounts[0], amounts[8]].some((bytes) => Number(bytes) > 0);
    return name === "" || (kernels.test(name) && !isUsed) ? [] : [name];
  }),
);
