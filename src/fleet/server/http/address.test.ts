import fc from "fast-check";
import { expect, it } from "vitest";
import { clientAddress, proxiesOf } from "./address.ts";

function proxies(...texts: string[]) {
  const list = proxiesOf(texts);
  if (!list.ok) throw new Error(list.reason);
  return list.value;
}

it("believes X-Forwarded-For from a configured proxy only, and of it what that proxy wrote", () => {
  const behind = proxies("10.0.0.7", "10.1.0.0/16", "fd00::/8");
  expect(clientAddress("192.0.2.1", "198.51.100.9", proxies())).toBe("192.0.2.1");
  expect(clientAddress("192.0.2.1", "198.51.100.9", behind)).toBe("192.0.2.1");
  expect(clientAddress("10.0.0.7", "6.6.6.6, 198.51.100.9", behind)).toBe("198.51.100.9");
  expect(clientAddress("::ffff:10.0.0.7", "6.6.6.6, 198.51.100.9, 10.1.2.3", behind)).toBe("198.51.100.9");
  expect(clientAddress("fd00::1", "2001:db8::1", behind)).toBe("2001:db8::1");
  expect(clientAddress("10.0.0.7", undefined, behind)).toBe("10.0.0.7");
  expect(clientAddress("10.0.0.7", "not an address", behind)).toBe("10.0.0.7");
});

it("takes nobody's word before the last proxy's", () => {
  const behind = proxies("10.0.0.7");
  fc.assert(
    fc.property(fc.string(), (written) => {
      expect(clientAddress("10.0.0.7", `${written}, 198.51.100.9`, behind)).toBe("198.51.100.9");
      expect(clientAddress("192.0.2.1", written, behind)).toBe("192.0.2.1");
    }),
  );
});

it.each(["proxy.example.org", "10.0.0.0/33", "10.0.0.0/", "::/129", ""])(
  "does not take %j for an address",
  (text) => {
    expect(proxiesOf([text])).toMatchObject({ ok: false });
  },
);
