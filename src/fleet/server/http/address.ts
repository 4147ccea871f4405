import { BlockList, isIP } from "node:net";
import type { Context } from "hono";
import { failed, ok, type Result } from "../../../base/result.ts";

/** Who speaks for others: only from these addresses `X-Forwarded-For` is believed. */
export type Proxies = Pick<BlockList, "check">;

export function proxiesOf(texts: readonly string[]): Result<BlockList> {
  const list = new BlockList();
  for (const text of texts) {
    const [address = "", bits] = text.split("/");
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : Number(bits);
    if (version === 0 || !/^\d{0,3}$/.test(bits ?? "") || bits === "" || prefix > most) {
      return failed(`${text} is not an address such as 10.0.0.7 or 10.0.0.0/24`);
    }
    list.addSubnet(address, prefix, version === 6 ? "ipv6" : "ipv4");
  }
  return ok(list);
}

/** The address of who asks; "" if it is not known. */
export function addressOf(context: Context, proxies: Proxies): string {
  const env = context.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return clientAddress(
    env?.incoming?.socket?.remoteAddress ?? "",
    context.req.header("x-forwarded-for"),
    proxies,
  );
}

/** Each proxy appends whom it heard: the last that is not a proxy of ours is who asks, and what stands before it anybody can write. */
export function clientAddress(peer: string, forwarded: string | undefined, proxies: Proxies): string {
  const isProxy = (address: string) => {
    const version = isIP(address);
    return version !== 0 && proxies.check(address, version === 6 ? "ipv6" : "ipv4");
  };
  let address = plain(peer);
  const told = (forwarded ?? "").split(",").map((each) => plain(each.trim()));
  while (isProxy(address)) {
    const before = told.pop();
    if (before === undefined || isIP(before) === 0) break;
    address = before;
  }
  return address;
}

/** An IPv4 address that comes through an IPv6 socket, as IPv4. */
function plain(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  return mapped !== undefined && isIP(mapped) === 4 ? mapped : address;
}
