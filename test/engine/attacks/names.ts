import { itemsOf, recordAt } from "../../../src/base/json.ts";
import { busybox } from "../images.ts";
import { tarOf } from "./archive.ts";
import type { Attack } from "./attack.ts";
import { create, harmless, someContainer } from "./make.ts";
import type { Stage } from "./stage.ts";

const owner = "{ owner: { label: owner, value: mine } }";
const images = async (stage: Stage) => itemsOf((await stage.ask("GET", "/images/json")).json);
const named = (name: string) => async (stage: Stage) =>
  (await images(stage)).some((each) =>
    JSON.stringify(recordAt({ each }, "each").RepoTags).includes(`"${name}"`),
  );

/** Names that somebody else's reference leads to, or by which the guard or a tool tells whose a thing is. */
export const nameAttacks: readonly Attack[] = [
  {
    name: "a name that nobody has yet, by a tag",
    policy: owner,
    attempt: (door) => door.call("POST", `/images/${busybox}/tag?repo=postgres&tag=17`),
    seen: named("postgres:17"),
  },
  {
    name: "a name that nobody has yet, by a build",
    policy: owner,
    attempt: async (door) =>
      door.send("POST", "/build?t=docker/dockerfile:1", await tarOf({ Dockerfile: `FROM ${busybox}\n` })),
    seen: named("docker/dockerfile:1"),
  },
  {
    name: "a name in the space of another client",
    attempt: (door) =>
      door.call("POST", `/images/${busybox}/tag?repo=bulkhead.invalid/ci/docker.io/library/app&tag=1`),
    seen: named("bulkhead.invalid/ci/docker.io/library/app:1"),
  },
  {
    name: "a tag that is the beginning of an image's id",
    attempt: (door) => door.call("POST", `/images/${busybox}/tag?repo=abcdef012345&tag=latest`),
    seen: named("abcdef012345:latest"),
  },
  {
    name: "a name that the policy of another client trusts",
    policy: "{ clients: { other: { allow: { images: [trusted] } } } }",
    attempt: (door) => door.call("POST", `/images/${busybox}/tag?repo=trusted&tag=latest`),
    seen: named("trusted:latest"),
  },
  {
    name: "a container of the operator's Compose project",
    policy: owner,
    attempt: (door) => create(door, { Labels: { owner: "mine", "com.docker.compose.project": "shop" } }),
    seen: (stage) => someContainer(stage, { Config: { Labels: { "com.docker.compose.project": "shop" } } }),
  },
  {
    name: "an image that makes what the operator runs of it the client's",
    policy: owner,
    attempt: async (door) =>
      door.send(
        "POST",
        "/build?t=mine:1",
        await tarOf({ Dockerfile: `FROM ${busybox}\nLABEL owner=mine\n` }),
      ),
    seen: async (stage) =>
      (await images(stage)).some((each) => recordAt({ each }, "each", "Labels").owner === "mine"),
  },
  {
    name: "the label of another client with an owner",
    policy: "{ clients: { b: { owner: { label: team, value: b } } } }",
    attempt: (door) => create(door, { Labels: { team: "b" } }),
    seen: (stage) => someContainer(stage, { Config: { Labels: { team: "b" } } }),
  },
  {
    name: "a container that the guard takes for another client, started",
    policy: "{ clients: { ops: { fromLabels: ['role=ops'] } } }",
    prepare: (stage) =>
      stage.make("other", { Cmd: ["sleep", "1d"], Labels: { role: "ops" }, HostConfig: harmless }),
    attempt: (door) => door.call("POST", "/containers/other/start"),
    seen: (stage) => someContainer(stage, { Name: "/other", State: { Running: true } }),
  },
  ...["nobody", "nobody:1000", "1000:staff"].map(
    (user): Attack => ({
      name: `the user ${user}, who is decided by the image`,
      policy: "{ allow: { users: [1000, 65534] } }",
      attempt: (door) => create(door, { User: user }),
      seen: (stage) => someContainer(stage, { Config: { User: user } }),
    }),
  ),
];
