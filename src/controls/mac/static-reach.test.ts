import { expect, it } from "vitest";
import { containerFromRun } from "../../../test/support/subjects.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { readReach } from "./static-reach.ts";

/** Of a `docker run` line: what each interface comes to, with what stops it. */
function reach(flags: string, on?: Parameters<typeof engine>[1]): ReadonlyMap<string, string> {
  const view = containerFromRun(`docker run ${flags} nginx`);
  const known = on && engine("configured", { product: set("docker"), ...on });
  return new Map(
    readReach(view, known).map(({ row, state, by }) => [row.id, state === "stopped" ? by.join() : state]),
  );
}

it("takes what a newer Engine's profile decides for unknown where the Engine is not seen", () => {
  const plain = reach("");
  expect(plain.get("user-namespace")).toBe("seccomp");
  expect(plain.get("socket-packet")).toBe("reached");
  expect(plain.get("netlink-xfrm")).toBe("no CAP_NET_ADMIN");
  expect(plain.get("io-uring")).toBe("unknown");
  expect(plain.get("proc-core-pattern")).toBe("how it is mounted");
});

it("reads the Engine's version, its users, its kernel and its AppArmor profile", () => {
  expect(reach("", { version: set("24.0.7") }).get("io-uring")).toBe("reached");
  expect(reach("", { version: set("25.0.0") }).get("io-uring")).toBe("seccomp");
  // A candidate is older than its release; a distribution may have brought the profile of a newer one to its own.
  expect(reach("", { version: set("25.0.0-rc.1") }).get("io-uring")).toBe("reached");
  expect(reach("", { version: set("24.0.7+dfsg1") }).get("io-uring")).toBe("unknown");
  expect(reach("", { version: set("29.4.3"), absentModules: set(["net-pf-38"]) }).get("socket-alg")).toBe(
    "kernel",
  );
  const confined = { version: set("29.4.3"), apparmorEnabled: set(true) };
  expect(reach("", confined).get("socket-alg")).toBe("AppArmor docker-default");
  expect(reach("--security-opt apparmor=unconfined", confined).get("socket-alg")).toBe("reached");
  const remapped = { version: set("26.1.5"), usernsRemap: set("default") };
  expect(reach("--cap-add SYS_TIME", remapped).get("clock")).toBe("user namespace");
  expect(reach("--cap-add NET_ADMIN", remapped).get("netlink-xfrm")).toBe("reached");
});

it("a capability, no filter and --privileged open what they open", () => {
  expect(reach("--cap-drop ALL").get("socket-packet")).toBe("no CAP_NET_RAW");
  expect(reach("--cap-add SYS_ADMIN").get("mount-api")).toBe("reached");
  const open = reach("--security-opt seccomp=unconfined");
  expect([open.get("io-uring"), open.get("mount-api")]).toEqual(["reached", "no CAP_SYS_ADMIN"]);
  expect([...new Set(reach("--privileged").values())]).toEqual(["reached"]);
  expect(reach("--security-opt systempaths=unconfined").get("proc-sysrq")).toBe("reached");
  expect(reach("--security-opt seccomp=missing.json").get("splice")).toBe("unknown");
});
