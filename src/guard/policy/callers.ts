import { BlockList, isIP } from "node:net";

/** Whom a client's connections come from; without a word, from anywhere. */
export interface Callers {
  readonly from?: readonly string[];
  readonly fromLabels?: readonly string[];
}

/** Who calls: the address at the other end of TCP, and the labels of the container that has it. */
export interface Caller {
  readonly address: string;
  /** Undefined where no container of the Engine has the address, or more than one. */
  readonly labels: Readonly<Record<string, unknown>> | undefined;
}

/** `192.0.2.7`, `10.1.0.0/16`, `fd00::/8`. */
export function isAddress(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

export function namesCallers({ from = [], fromLabels = [] }: Callers): boolean {
  return from.length > 0 || fromLabels.length > 0;
}

/** Whether the caller is one of them. Over a unix socket nobody has an address. */
export function isCaller({ from = [], fromLabels = [] }: Callers, caller: Caller | undefined): boolean {
  if (from.length === 0 && fromLabels.length === 0) return true;
  if (!caller) return false;
  const { labels = {} } = caller;
  const hasLabels = fromLabels.every((word) => {
    const sign = word.indexOf("=");
    const name = word.slice(0, sign);
    return Object.hasOwn(labels, name) && labels[name] === word.slice(sign + 1);
  });
  return hasLabels && (from.length === 0 || isInNetworks(caller.address, from));
}

export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = "", bits] = network.split("/");
    const family = isIP(base) === 4 ? "ipv4" : "ipv6";
    if (bits === undefined) list.addAddress(base, family);
    else list.addSubnet(base, Number(bits), family);
  }
  return list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

/** IPv4 as such, also on a listener for both: `::ffff:192.0.2.7`. */
export function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}
