/** Milliseconds within which so many returns to the address before are no change of address, but two machines. */
const within = 15 * 60_000;
const returns = 4;
/** Milliseconds for which one address has to report alone. */
const alone = 60 * 60_000;
const mostHosts = 50_000;

interface Seen {
  current: string;
  before: string | undefined;
  /** When it came back to the address before, the last ones. */
  returned: readonly number[];
  /** Since when the current one reports. */
  since: number;
}

type Clones = (host: string, address: string, now: number) => readonly [string, string] | "one" | undefined;

/**
 * Notices a host whose key two machines have: their addresses report in turn. A machine that moves, or comes by a new address each
 * time, does not return. `one`: a single address has reported for an hour.
 */
export function openClones(): Clones {
  const hosts = new Map<string, Seen>();
  return (host, address, now) => {
    const seen = hosts.get(host);
    if (!seen) {
      if (hosts.size >= mostHosts) hosts.clear();
      hosts.set(host, { current: address, before: undefined, returned: [], since: now });
      return undefined;
    }
    if (address === seen.current) return now - seen.since >= alone ? "one" : undefined;
    const isReturn = address === seen.before;
    seen.returned = isReturn ? [...seen.returned, now].slice(-returns) : [];
    seen.before = seen.current;
    seen.current = address;
    seen.since = now;
    const [first] = seen.returned;
    return seen.returned.length === returns && first !== undefined && now - first <= within
      ? [address, seen.before]
      : undefined;
  };
}
