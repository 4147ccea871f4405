import { describe, expect, it } from "vitest";
import { type AppArmorFacts, appArmorProfile, parseProfile } from "./learnt.ts";

const web: AppArmorFacts = {
  name: "bulkhead-shop-web",
  capabilities: ["SETUID", "CHOWN"],
  writable: ["/run", "/var/cache/nginx"],
  network: { stream: true, datagram: false },
  calls: new Set(["read", "accept4"]),
};

describe("an AppArmor profile", () => {
  it("lets a container write where it writes, and use what it uses", () => {
    expect(
      appArmorProfile(web),
    ).toBe(`# Learnt by bulkhead. Load it: apparmor_parser -r FILE. Use it: --security-opt apparmor=bulkhead-shop-web
#include <tunables/global>

profile bulkhead-shop-web flags=(attach_disconnected,mediate_deleted) {
  #include <abstractions/base>

  capability chown,
  capability setuid,

  network unix,
  network inet stream,
  network inet6 stream,
  network netlink raw,

  / r,
  /** mrix,
  /dev/pts/* rwk,
  /dev/ptmx rwk,
  /dev/shm/** rwk,
  /dev/mqueue/** rwk,
  @{PROC}/@{pid}/** rwk,
  /run/ rw,
  /run/** rwkl,
  /var/cache/nginx/ rw,
  /var/cache/nginx/** rwkl,
  deny @{PROC}/kcore rwklx,

  deny mount,
  deny umount,
  deny pivot_root,

  deny ptrace (trace, tracedby),
  ptrace (read, readby) peer=bulkhead-shop-web,

  signal (send, receive) peer=bulkhead-shop-web,
  # docker stop and docker kill.
  signal (receive) peer=unconfined,
  signal (receive) peer=runc,
  signal (receive) peer=crun,
  signal (receive) peer=/usr/bin/dockerd,
}
`);
  });

  it.each<[string, Partial<AppArmorFacts>, RegExp, RegExp]>([
    ["no network", { network: { stream: false, datagram: false } }, /network unix,/, /inet|netlink/],
    ["a writable root", { writable: undefined }, /^ {2}file,$/m, /mrix/],
    ["a debugger", { calls: new Set(["ptrace"]) }, /ptrace \(trace/, /deny ptrace/],
    ["mounts", { capabilities: ["SYS_ADMIN"], calls: new Set(["mount"]) }, /^ {2}mount,$/m, /deny mount/],
    ["raw sockets", { capabilities: ["NET_RAW"] }, /network packet,/, /setuid/],
    ["odd paths", { writable: ["/a b", "/c*d[e]", '/f"g'] }, /"\/a b\/\*\*" rwkl,/, /^ {2}\/c\*d/m],
  ])("with %s", (_, facts, has, hasNot) => {
    const text = appArmorProfile({ ...web, ...facts });
    expect(text).toMatch(has);
    expect(text).not.toMatch(hasNot);
    expect(parseProfile(text)).toEqual(parsed);
  });

  it("is taken by apparmor_parser, and a wrong one is not", () => {
    expect(parseProfile(appArmorProfile(web))).toEqual(parsed);
    expect(parseProfile("profile x { nonsense }").ok).toBe(parsed.ok === undefined ? undefined : false);
  });
});

/** Without the parser (Debian: apparmor) only its absence can be told; in CI it is there. */
const isHere = process.env.CI === "true" || parseProfile("profile x {}\n").ok !== undefined;
const parsed = isHere
  ? { ok: true, reason: undefined }
  : { ok: undefined, reason: "apparmor_parser is not installed here" };
