import { describe, expect, it, test } from "vitest";
import { readListenAddress } from "./listen-address.ts";

describe("an address to listen on", () => {
  it("is a socket with its mode, owner and client", () => {
    expect(readListenAddress("unix:///run/a.sock")).toEqual({
      ok: true,
      value: {
        kind: "unix",
        address: "unix:///run/a.sock",
        client: undefined,
        path: "/run/a.sock",
        mode: 0o660,
        uid: undefined,
        gid: undefined,
      },
    });
    expect(readListenAddress("unix:///run/a.sock,mode=0600,owner=root:65534,client=ci")).toMatchObject({
      value: { mode: 0o600, uid: 0, gid: 65534, client: "ci" },
    });
    expect(readListenAddress("unix:///run/a.sock,owner=:0")).toMatchObject({
      value: { uid: undefined, gid: 0 },
    });
  });

  it("is TCP with the certificates of both sides, or plain where that was said", () => {
    expect(readListenAddress("tcp://0.0.0.0:2376,ca=/a,cert=/b,key=/c")).toMatchObject({
      value: { kind: "tcp", host: "0.0.0.0", port: 2376, tls: { ca: "/a", cert: "/b", key: "/c" } },
    });
    for (const host of ["127.0.0.1", "127.9.9.9", "[::1]", "localhost"])
      expect(readListenAddress(`tcp://${host}:2375,plain`)).toMatchObject({
        ok: true,
        value: { tls: undefined },
      });
    expect(readListenAddress("tcp://[::]:2375,plain=network")).toMatchObject({
      value: { host: "::", tls: undefined },
    });
  });

  test.each([
    ["tcp://127.0.0.1:2375", "needs certificates"],
    ["tcp://0.0.0.0:2375,plain", "for loopback alone"],
    ["tcp://[::]:2375,plain", "for loopback alone"],
    ["tcp://127.0.0.1.evil.com:2375,plain", "for loopback alone"],
    ["tcp://:2375,plain", "for loopback alone"],
    ["tcp://127.0.0.1:2375,plain=yes", "plain=yes is not known"],
    ["tcp://127.0.0.1:2375,plain,ca=/a", "exclude each other"],
    ["tcp://0.0.0.0:2376,ca=/a,cert=/b", "needs certificates"],
    ["tcp://0.0.0.0:99999,plain=network", "is no tcp://HOST:PORT"],
    ["tcp://0.0.0.0,plain=network", "is no tcp://HOST:PORT"],
    ["unix://run/a.sock", "begins with a slash"],
    ["unix:///run/a.sock,mode=rw", "is not a mode"],
    ["unix:///run/a.sock,mode=0600,mode=0666", "mode stands twice"],
    ["unix:///run/a.sock,plain", "plain is not an option"],
    ["unix:///run/a.sock,owner=nobody-has-this-name", "has no nobody-has-this-name"],
    ["/run/a.sock", "is not an address to listen on"],
    ["npipe:////./pipe/a", "is not an address to listen on"],
  ])("is refused with the reason: %s", (text, reason) => {
    expect(readListenAddress(text)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });
});
