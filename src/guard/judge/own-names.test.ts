import { describe, expect, test } from "vitest";
import { ask, decideIn, idOf, policy, type World } from "../../../test/support/guard/guard.ts";
import { rewriteResponse } from "./response.ts";

const owner = { label: "bulkhead.owner", value: "one" };
const prefix = "bulkhead.one.";
const under = policy({ owner, space: "bulkhead.invalid/one/", prefix });

const Labels = { [owner.label]: owner.value };
const own = { Config: { Labels } };
/** Its own, one that has the Engine's name, and the operator's of the same names. */
const world: World = {
  containers: { [`${prefix}web`]: own, [`${prefix}db`]: own, happy_name: own, web: {}, theirs: {} },
  networks: { [`${prefix}net`]: { Labels }, net: {}, bridge: {} },
  volumes: { [`${prefix}data`]: { Labels }, data: {}, theirs: {} },
  images: { app: { Config: { User: "1000", Labels: { "traefik.enable": "true", both: "images" } } } },
};

function sent(...request: Parameters<typeof ask>) {
  const decided = decideIn(world, ask(...request), under);
  if (decided.verdict === "deny") return decided.reasons.map(({ message }) => message);
  const { params, query, body } = decided.request;
  return { params, query: Object.fromEntries(query), body };
}

describe("names of a leash", () => {
  test("the volume by which the guard mounts a folder is not its client's, whoever's label it has", () => {
    const name = "bulkhead-0123456789abcdef01234567";
    const folder = { root: "/srv", volume: name, device: "/srv", lasts: true, isFirm: true, isMapped: false };
    const folders = { at: () => folder, named: (volume: string) => (volume === name ? folder : undefined) };
    const withFolder = { ...under, folders: { ...folders, refused: () => undefined } };
    for (const id of ["volume-inspect", "volume-delete"])
      expect(
        decideIn({ ...world, volumes: { [name]: { Labels } } }, ask(id, { volume: name }), withFolder)
          .verdict,
      ).toBe("deny");
  });

  test("its own come first, then what it has by an ID or a name of the Engine's; what is another's is not there", () => {
    expect(sent("container-inspect", { container: "web" })).toMatchObject({
      params: { container: idOf(`${prefix}web`) },
    });
    expect(sent("container-inspect", { container: "happy_name" })).toMatchObject({
      params: { container: idOf("happy_name") },
    });
    expect(sent("container-inspect", { container: idOf("happy_name") })).toMatchObject({
      params: { container: idOf("happy_name") },
    });
    expect(sent("container-inspect", { container: "theirs" })).toEqual(["No such container: theirs"]);
    expect(sent("container-inspect", { container: idOf("theirs") })).toEqual([
      `No such container: ${idOf("theirs")}`,
    ]);
    expect(sent("volume-inspect", { volume: "data" })).toMatchObject({ params: { volume: `${prefix}data` } });
    expect(sent("volume-inspect", { volume: "theirs" })).toEqual(["get theirs: no such volume"]);
    expect(sent("network-inspect", { network: "bridge" })).toMatchObject({
      params: { network: idOf("bridge") },
    });
  });

  test("what it makes and names gets the prefix, wherever the name stands", () => {
    const create = sent(
      "container-create",
      {},
      {
        query: { name: "/new" },
        body: {
          Image: "app",
          Labels: { "traefik.enable": "false", other: "1" },
          HostConfig: {
            NetworkMode: "net",
            PidMode: "container:web",
            VolumesFrom: ["db:ro"],
            Links: ["db"],
            Binds: ["data:/data", "fresh:/fresh"],
            Mounts: [{ Type: "volume", Source: "data", Target: "/again" }],
          },
        },
      },
    );
    expect(create).toMatchObject({
      query: { name: [`${prefix}new`] },
      body: {
        Labels: {
          [`${prefix}traefik.enable`]: "false",
          [`${prefix}other`]: "1",
          [`${prefix}both`]: "images",
          // Nobody else obeys what its image brings.
          "traefik.enable": "",
          both: "",
          [owner.label]: "one",
        },
        HostConfig: {
          NetworkMode: `${prefix}net`,
          PidMode: `container:${idOf(`${prefix}web`)}`,
          VolumesFrom: [`${idOf(`${prefix}db`)}:ro`],
          Links: [`${idOf(`${prefix}db`)}:db`],
          Binds: [`${prefix}data:/data`],
          Mounts: [{ Source: `${prefix}data` }, { Source: `${prefix}fresh`, Target: "/fresh" }],
        },
        // By its own name it is found there, too.
        NetworkingConfig: { EndpointsConfig: { [`${prefix}net`]: { Aliases: ["new"] } } },
      },
    });
    expect(sent("container-rename", { container: "web" }, { query: { name: "other" } })).toMatchObject({
      query: { name: [`${prefix}other`] },
    });
    for (const id of ["network-create", "volume-create"])
      expect(sent(id, {}, { body: { Name: "made", Labels: { a: "b" } } })).toMatchObject({
        body: { Name: `${prefix}made`, Labels: { [`${prefix}a`]: "b", [owner.label]: "one" } },
      });
    expect(sent("network-connect", { network: "net" }, { body: { Container: "web" } })).toMatchObject({
      params: { network: idOf(`${prefix}net`) },
      body: { Container: idOf(`${prefix}web`), EndpointConfig: { Aliases: ["web"] } },
    });
    expect(sent("volume-create", {}, { body: { Name: "data" } })).toMatchObject({
      body: { Name: `${prefix}data` },
    });
  });

  test("filters look for its names, and a pattern cannot reach beyond the prefix", () => {
    const filters = (id: string, given: object) => {
      const made = sent(id, {}, { query: { filters: JSON.stringify(given) } });
      return Array.isArray(made) ? made : JSON.parse(made.query.filters?.[0] ?? "");
    };
    expect(filters("container-list", { name: ["^/?web$"], network: ["net"], label: ["a=b", "c"] })).toEqual({
      name: { "^/?bulkhead\\.one\\.(?:web$)": true },
      network: { [`${prefix}net`]: true },
      label: { [`${prefix}a=b`]: true, [`${prefix}c`]: true, "bulkhead.owner=one": true },
    });
    expect(filters("volume-list", { name: { shop_: true } })).toMatchObject({
      name: { "bulkhead\\.one\\..*(?:shop_)": true },
    });
    expect(filters("events", { container: ["web", idOf("gone")], type: ["container"] })).toMatchObject({
      container: { [`${prefix}web`]: true, [idOf("gone")]: true },
      type: { container: true },
    });
  });

  test("answers are as it named things; its own label counts before its image's", () => {
    const rule = { redact: false, owner: undefined, prefix };
    const shown = rewriteResponse(
      {
        Name: `/${prefix}web`,
        message: `Conflict. The name "/${prefix}web" is in use`,
        Labels: { [`${prefix}both`]: "own", both: "", plain: "1" },
        Networks: { [`${prefix}net`]: { DNSNames: [`${prefix}web`, "web"] } },
      },
      rule,
    );
    expect(shown).toEqual({
      Name: "/web",
      message: 'Conflict. The name "/web" is in use',
      Labels: { both: "own", plain: "1" },
      Networks: { net: { DNSNames: ["web", "web"] } },
    });
  });
});
