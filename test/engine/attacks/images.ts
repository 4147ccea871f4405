import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { recordAt, textsOf } from "../../../src/base/json.ts";
import { solveRequest } from "../../../src/guard/buildkit/messages.ts";
import { writeMessage } from "../../../src/guard/buildkit/protobuf.ts";
import { callBuildkit } from "../../support/guard/buildkit-call.ts";
import { busybox } from "../images.ts";
import { tarOf } from "./archive.ts";
import type { Attack } from "./attack.ts";
import type { Door } from "./door.ts";
import { idIn } from "./make.ts";
import type { Stage } from "./stage.ts";

const registry = "127.0.0.1:5000";

const named = (part: string) => async (stage: Stage) =>
  (await stage.ask("GET", "/images/json")).text.includes(part);

const heard = (pattern: RegExp) => (stage: Stage) => pattern.test(stage.neighbour.heard());

/** An image that came from a registry, `trusted:1`, and another one. */
async function pulled(stage: Stage): Promise<void> {
  await stage.ask("POST", `/images/create?fromImage=${registry}/trusted&tag=1`);
  stage.neighbour.forget();
}

const trusted = `${registry}/trusted:1`;
const isTrusted = async (stage: Stage) => {
  const { json } = await stage.ask("GET", `/images/${trusted}/json`);
  return (
    textsOf(recordAt({ json }, "json").RepoDigests).length > 0 &&
    idIn({ status: 200, text: "", json }) !== stage.image
  );
};
const isFaked = async (stage: Stage) => (await named(`"${trusted}"`)(stage)) && !(await isTrusted(stage));
const isTaken = async (stage: Stage) => !(await isTrusted(stage));

const names: readonly Attack[] = [
  {
    name: "a name that an image of a registry has, for another",
    prepare: pulled,
    attempt: (door) => door.call("POST", `/images/${busybox}/tag?repo=${registry}/trusted&tag=1`),
    seen: isTaken,
  },
  {
    name: "the same by its id, and with the tag in the name",
    prepare: pulled,
    attempt: (door, { image }) =>
      door.call("POST", `/images/${image.slice(7, 19)}/tag?repo=${registry}/trusted:1`),
    seen: isTaken,
  },
  {
    name: "a name that an image of a registry has, by a build",
    prepare: pulled,
    attempt: (door) => build(door, `FROM ${busybox}\nLABEL evil=1\n`, `t=${registry}/trusted:1`),
    seen: isTaken,
  },
  {
    name: "the same as the second name of a build",
    prepare: pulled,
    attempt: (door) => build(door, `FROM ${busybox}\nLABEL evil=1\n`, `t=mine:1&t=${registry}/trusted:1`),
    seen: isTaken,
  },
  {
    name: "the same by a commit",
    prepare: async (stage) => {
      await pulled(stage);
      await stage.make("other", {});
    },
    attempt: (door) => door.call("POST", `/commit?container=other&repo=${registry}/trusted&tag=1`, {}),
    seen: isTaken,
  },
  {
    name: "a name that an image of a registry has, by removing that first",
    prepare: pulled,
    async attempt(door) {
      await door.call("DELETE", `/images/${trusted}`);
      await door.call("POST", `/images/${busybox}/tag?repo=${registry}/trusted&tag=1`);
    },
    // That it is gone is the client's right.
    seen: isFaked,
  },
  {
    name: "the same by removing it by its id, and building",
    prepare: pulled,
    async attempt(door, stage) {
      const { json } = await stage.ask("GET", `/images/${trusted}/json`);
      await door.call("DELETE", `/images/${idIn({ status: 200, text: "", json })}?force=1`);
      await build(door, `FROM ${busybox}\nLABEL evil=1\n`, `t=${registry}/trusted:1`);
    },
    seen: isFaked,
  },
  {
    name: "the same by removing all that no container uses",
    prepare: async (stage) => {
      await pulled(stage);
      // It keeps its image.
      await stage.make("other", {});
    },
    async attempt(door) {
      const filters = encodeURIComponent('{"dangling":["false"]}');
      await door.call("POST", `/images/prune?filters=${filters}`);
      await door.call("POST", `/images/${busybox}/tag?repo=${registry}/trusted&tag=1`);
    },
    seen: isFaked,
  },
  {
    name: "a name that another client's image has, by removing that first",
    policy: "{ owner: { label: owner, value: mine } }",
    prepare: async (stage) => {
      const archive = await tarOf({ Dockerfile: `FROM ${busybox}\nLABEL owner=theirs\n` });
      await stage.door.send("POST", "/build?t=theirs:1", archive);
    },
    async attempt(door) {
      await door.call("DELETE", "/images/theirs:1");
      await door.call("POST", `/images/${busybox}/tag?repo=theirs&tag=1`);
    },
    seen: async (stage) =>
      recordAt((await stage.door.call("GET", "/images/theirs:1/json")).json, "Config", "Labels").owner !==
      "theirs",
  },
  {
    name: "a name that the policy trusts",
    policy: "{ allow: { images: [trusted] } }",
    attempt: (door) => door.call("POST", `/images/${busybox}/tag?repo=trusted&tag=latest`),
    seen: named('"trusted:latest"'),
  },
  {
    name: "a name that the policy trusts, spelled in full",
    policy: "{ allow: { images: [trusted] } }",
    attempt: (door) => door.call("POST", `/images/${busybox}/tag?repo=docker.io/library/trusted`),
    seen: named('"trusted:latest"'),
  },
  {
    name: "a container of an image off the list",
    policy: "{ allow: { images: [trusted] } }",
    attempt: (door) =>
      door.call("POST", "/containers/create?name=evil", {
        Image: busybox,
        HostConfig: { NetworkMode: "none" },
      }),
    seen: async (stage) => (await stage.containers()).length > 0,
  },
  {
    name: "a container of an image off the list, by its id",
    policy: "{ allow: { images: [trusted] } }",
    attempt: async (door, { image }) => {
      for (const Image of [image, image.slice(7), image.slice(7, 12)]) {
        await door.call("POST", "/containers/create", { Image, HostConfig: { NetworkMode: "none" } });
      }
    },
    seen: async (stage) => (await stage.containers()).length > 0,
  },
];

const brought: readonly Attack[] = [
  {
    name: "images from an archive",
    prepare: async (stage) => {
      const { text } = await stage.ask("GET", `/images/${busybox}/get`);
      stage.kept.set("archive", text);
    },
    attempt: (door, { kept }) =>
      door.send(
        "POST",
        "/images/load",
        Buffer.from((kept.get("archive") ?? "").replaceAll(busybox, "evilbox:test"), "latin1"),
      ),
    seen: named('"evilbox:test"'),
  },
  {
    name: "an image from a file",
    attempt: async (door) =>
      door.send("POST", "/images/create?fromSrc=-&repo=evil&tag=1", await tarOf({ a: "a" })),
    seen: named('"evil:1"'),
  },
  {
    name: "an image from an address",
    attempt: (door) =>
      door.call("POST", `/images/create?fromSrc=http://${registry}/image.tar&repo=evil&tag=1`),
    seen: heard(/image\.tar/),
  },
  {
    name: "an import that looks like a pull",
    attempt: async (door) =>
      door.send("POST", "/images/create?fromImage=&fromSrc=-&repo=evil&tag=1", await tarOf({ a: "a" })),
    seen: named('"evil:1"'),
  },
  {
    name: "a pull off the list of images",
    policy: "{ allow: { images: [trusted] } }",
    attempt: (door) => door.call("POST", `/images/create?fromImage=${registry}/evil&tag=1`),
    seen: heard(/evil/),
  },
  {
    name: "a pull of all tags off the list of images",
    policy: `{ allow: { images: ['${registry}/evil:2'] } }`,
    attempt: (door) => door.call("POST", `/images/create?fromImage=${registry}/evil`),
    seen: heard(/evil/),
  },
  {
    name: "a pull from a registry off the list",
    policy: "{ allow: { registries: [docker.io] } }",
    attempt: (door) => door.call("POST", `/images/create?fromImage=${registry}/evil&tag=1`),
    seen: heard(/evil/),
  },
  {
    name: "a pull under another name, by a form in the body",
    policy: `{ allow: { images: ['${registry}/good'] } }`,
    attempt: (door) =>
      door.send(
        "POST",
        `/images/create?fromImage=${registry}/good&tag=1`,
        Buffer.from(`fromImage=${registry}/evil`),
        "application/x-www-form-urlencoded",
      ),
    seen: heard(/evil/),
  },
  {
    name: "a push",
    prepare: (stage) => stage.ask("POST", `/images/${busybox}/tag?repo=${registry}/stolen&tag=1`),
    attempt: async (door) =>
      door.raw(
        `POST /v1.45/images/${registry}/stolen/push?tag=1 HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nX-Registry-Auth: e30=\r\nContent-Length: 0\r\n\r\n`,
      ),
    seen: heard(/stolen/),
  },
];

async function build(door: Door, dockerfile: string, query: string) {
  return door.send("POST", `/build?${query}`, await tarOf({ Dockerfile: dockerfile }));
}

/** What it makes differs each time, unless it comes from the cache. */
const secretive = `FROM ${busybox}\nRUN cat /proc/sys/kernel/random/uuid > /secret\n`;

async function layersOf(stage: Stage, image: string): Promise<readonly string[]> {
  const { json } = await stage.door.call("GET", `/images/${image}/json`);
  return textsOf(recordAt(json, "RootFS").Layers);
}

/** Two Dockerfiles, of which the second is written through a link to the folder of the first, which has this name. */
async function linkedTar(name: "Dockerfile" | "dockerfile"): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-tar-"));
  try {
    writeFileSync(join(folder, name), `FROM ${busybox}\n`);
    writeFileSync(join(folder, "evil"), `FROM ${registry}/from-evil:1\n`);
    symlinkSync(".", join(folder, "x"));
    const args = ["-C", folder, "--transform=s,^evil,x/Dockerfile,", "-c", name, "x", "evil"];
    return execFileSync("tar", args);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const fetches = `FROM ${busybox}\nRUN wget -q -O- http://${registry}/reached || true\n`;

const built: readonly Attack[] = [
  {
    name: "a build on the host's network",
    attempt: (door) => build(door, fetches, "networkmode=host"),
    seen: heard(/reached/),
  },
  {
    name: "a build in the network of a container that is on the host's",
    prepare: (stage) =>
      stage.make("other", { Cmd: ["sleep", "1000"], HostConfig: { NetworkMode: "host" } }, "start"),
    attempt: (door) => build(door, fetches, "networkmode=container:other"),
    seen: heard(/reached/),
  },
  {
    name: "a build from an address",
    attempt: (door) => door.call("POST", `/build?remote=http://${registry}/Dockerfile&t=evil`),
    seen: heard(/Dockerfile/),
  },
  {
    name: "a build from an image of a registry that the policy does not list",
    policy: "{ allow: { registries: [docker.io] } }",
    attempt: (door) => build(door, `FROM ${registry}/from-evil:1\n`, "t=mine:1"),
    seen: heard(/from-evil/),
  },
  {
    name: "the same by a Dockerfile of another name, a stage and an argument, compressed",
    policy: "{ allow: { registries: [docker.io] } }",
    attempt: async (door) => {
      const stages = `ARG WHERE=docker.io\nFROM ${busybox}\nFROM $WHERE/from-evil:1\n`;
      const archive = gzipSync(await tarOf({ Dockerfile: `FROM ${busybox}\n`, "sub/other": stages }));
      const args = encodeURIComponent(JSON.stringify({ WHERE: registry }));
      await door.send("POST", `/build?dockerfile=sub/other&buildargs=${args}`, archive);
    },
    seen: heard(/from-evil/),
  },
  {
    name: "the same by a second Dockerfile that takes the place of the first, through a link",
    policy: "{ allow: { registries: [docker.io] } }",
    attempt: async (door) => door.send("POST", "/build", await linkedTar("Dockerfile")),
    seen: heard(/from-evil/),
  },
  {
    name: "the same by a Dockerfile through a link, which counts before the dockerfile beside it",
    policy: "{ allow: { registries: [docker.io] } }",
    attempt: async (door) => door.send("POST", "/build", await linkedTar("dockerfile")),
    seen: heard(/from-evil/),
  },
  {
    name: "a build in a cgroup of the host's",
    attempt: (door) => build(door, `FROM ${busybox}\nRUN cat /proc/self/cgroup\n`, "cgroupparent=/evil"),
    seen: (_, said) => said.includes("/evil/"),
  },
  {
    name: "a step of another client's build, from the cache",
    policy: "{ owner: { label: owner, value: mine } }",
    prepare: async (stage) => {
      const archive = await tarOf({ Dockerfile: `${secretive}LABEL owner=theirs\n` });
      await stage.door.send("POST", "/build?t=theirs:1", archive);
    },
    attempt: (door) => build(door, secretive, "t=mine:1"),
    seen: async (stage) => {
      const [mine, theirs] = [await layersOf(stage, "mine:1"), await layersOf(stage, "theirs:1")];
      return mine.length > 0 && mine.at(-1) === theirs.at(-1);
    },
    // One may be made of the other's steps, and so not go by its id.
    clean: async ({ door }) => {
      for (const name of ["mine:1", "theirs:1"]) await door.call("DELETE", `/images/${name}`);
    },
  },
  ...[
    {
      name: "a build by BuildKit on the host's network",
      message: { Entitlements: ["network.host"], Frontend: "dockerfile.v0" },
    },
    {
      name: "a build by BuildKit in its insecure mode",
      message: { Entitlements: ["security.insecure"], Frontend: "dockerfile.v0" },
    },
    {
      name: "a build by a frontend of one's own",
      message: { Frontend: "gateway.v0", FrontendAttrs: new Map([["source", "evil.example/frontend"]]) },
    },
    { name: "a build of steps that no Dockerfile says", message: { Definition: Buffer.from([10, 0]) } },
  ].map(({ name, message }): Attack => {
    let said = "";
    return {
      name,
      async attempt(door) {
        said = "";
        const solve = writeMessage({ Ref: `attack-${name}`, ...message }, solveRequest);
        const answer = await callBuildkit(door.socketPath, "/moby.buildkit.v1.Control/Solve", solve);
        said = `BuildKit was asked: ${answer.message}`;
      },
      // Whatever BuildKit says to it: it got there.
      seen: () => said.includes("BuildKit was asked") && !said.includes("bulkhead"),
    };
  }),
];

const outgoing: readonly Attack[] = [
  {
    name: "a login at an address of the client's choice",
    policy: "{ allow: { registries: [docker.io] } }",
    attempt: (door) =>
      door.call("POST", "/auth", { username: "a", password: "b", serveraddress: `http://${registry}` }),
    seen: heard(/v2/),
  },
  {
    name: "a search at an address of the client's choice",
    attempt: (door) => door.call("GET", `/images/search?term=${registry}/evil`),
    seen: heard(/evil|search|v1/),
  },
  {
    name: "a look at a registry of the client's choice",
    attempt: (door) => door.call("GET", `/distribution/${registry}/evil:1/json`),
    seen: heard(/evil/),
  },
];

export const imageAttacks: readonly Attack[] = [...names, ...brought, ...built, ...outgoing];
