import { describe, expect, test } from "vitest";
import { ask, decideIn, outcomeOf, policy, run } from "../../../../test/support/guard/guard.ts";
import { recordAt, textsOf } from "../../../base/json.ts";
import { asAsked, askedLabel } from "./folders.ts";

const volume = "bulkhead-0123456789abcdef01234567";
const folder = { root: "/srv/app", volume, device: "/srv/app", lasts: true, isFirm: true, isMapped: false };
const folders = {
  at: () => folder,
  named: (name: string) => (name === volume ? folder : undefined),
  refused: () => undefined,
};

describe("a container that mounts a folder by the guard's volume", () => {
  const mounted = { Type: "volume", Name: volume, Driver: "local", Source: "/var/lib/x", Destination: "/x/" };
  const other = { Type: "volume", Name: "data", Driver: "local", Source: "/var/lib/y", Destination: "/y" };
  const asked = { mounts: ["/srv/app:/x:ro"], restart: { Name: "always" } };
  const document = {
    Config: { Labels: { [askedLabel]: JSON.stringify(asked), own: "1" } },
    Mounts: [mounted, other],
    HostConfig: {
      Binds: null,
      Mounts: [
        { Type: "volume", Source: volume },
        { Type: "volume", Source: "data" },
      ],
    },
  };

  test("is shown as it was asked for", () => {
    expect(asAsked(document, folders)).toEqual({
      Config: { Labels: { own: "1" } },
      Mounts: [
        { Type: "bind", Source: "/srv/app", Destination: "/x/", Mode: "ro", Propagation: "rprivate" },
        other,
      ],
      HostConfig: {
        Binds: ["/srv/app:/x:ro"],
        Mounts: [{ Type: "volume", Source: "data" }],
        RestartPolicy: { Name: "always" },
      },
    });
  });

  test("in a list, too; a mount that was not asked for stays as it is", () => {
    const elsewhere = { ...mounted, Destination: "/other" };
    const { Labels } = document.Config;
    expect(asAsked([{ Labels, Mounts: [elsewhere] }], folders)).toEqual([
      { Labels: { own: "1" }, Mounts: [elsewhere] },
    ]);
  });

  test("without the guard's label it is nothing of the guard's", () => {
    const plain = { ...document, Config: { Labels: { own: "1" } } };
    expect(asAsked(plain, folders)).toBe(plain);
  });
});

test("the guard's volumes are in no list, and its paths in no message", () => {
  const Volumes = [{ Name: volume }, { Name: "data" }];
  expect(asAsked({ Volumes, Warnings: null }, folders)).toEqual({
    Volumes: [{ Name: "data" }],
    Warnings: null,
  });
  const message = `failed to mount /var/lib/docker/volumes/${volume}/_data/secret: no such file`;
  expect(asAsked({ message }, folders)).toEqual({ message: expect.not.stringContaining("secret") });
  expect(asAsked({ message: "no such volume" }, folders)).toEqual({ message: "no such volume" });
});

test("nobody makes a volume of the guard's name", () => {
  const under = policy({ folders });
  const make = (Name: string) => outcomeOf(decideIn({}, ask("volume-create", {}, { body: { Name } }), under));
  expect(make(volume)).toEqual(["guard-own-files"]);
  expect(make("data")).toBe("allow");
});

test("a container that can write to a folder makes no devices there, but where the Engine remaps its users", () => {
  const under = policy({ folders, allow: { mounts: [{ source: "/srv/*", readOnly: false }] } });
  const dropped = (SecurityOptions: readonly string[], line: string) => {
    const decided = decideIn({ info: { SecurityOptions } }, run(line), under);
    if (decided.verdict === "deny") return decided.reasons;
    return textsOf(recordAt({ body: decided.request.body }, "body", "HostConfig").CapDrop);
  };
  expect(dropped([], "-v /srv/app:/x app")).toContain("MKNOD");
  expect(dropped([], "-v /srv/app:/x:ro app")).not.toContain("MKNOD");
  expect(dropped(["name=userns"], "-v /srv/app:/x app")).not.toContain("MKNOD");
});
