import { expect, test } from "vitest";
import type { UnderstoodRequest } from "../request/request.ts";
import type { Route } from "../routes/route.ts";
import { differences } from "./difference.ts";

const id = "0123456789abcdef".repeat(4);

const route: Route = {
  id: "container-create",
  method: "POST",
  path: "/containers/create",
  group: "judged",
  query: {},
  body: { kind: "none" },
  response: "json",
};

function request(body: unknown, query: Readonly<Record<string, string>> = {}): UnderstoodRequest {
  return {
    route,
    version: { major: 1, minor: 45 },
    params: {},
    query: new Map(Object.entries(query).map(([name, value]) => [name, [value]])),
    headers: new Map(),
    body,
    hasStream: false,
  };
}

test.each([
  [{ HostConfig: { NetworkMode: "container:web" } }, { HostConfig: { NetworkMode: `container:${id}` } }],
  [{ HostConfig: { VolumesFrom: ["web:ro", "db"] } }, { HostConfig: { VolumesFrom: [`${id}:ro`, id] } }],
  [{ Image: "nginx" }, { Image: `sha256:${id}` }],
  [
    { NetworkingConfig: { EndpointsConfig: { mynet: { Aliases: ["a"] } } } },
    { NetworkingConfig: { EndpointsConfig: { [id]: { Aliases: ["a"] } } } },
  ],
  [
    { A: 1, B: null },
    { B: null, A: 1 },
  ],
])("a name that became an id is no difference: %j", (before, after) => {
  expect(differences(request(before), request(after))).toEqual([]);
});

test.each([
  [{ HostConfig: {} }, { HostConfig: { Init: true } }, ["body.HostConfig.Init"]],
  [{ Labels: { a: "1" } }, { Labels: { a: "1", "bulkhead.owner": "ci" } }, ["body.Labels.bulkhead.owner"]],
  [
    { HostConfig: { NetworkMode: "host" } },
    { HostConfig: { NetworkMode: "bridge" } },
    ["body.HostConfig.NetworkMode"],
  ],
  [
    { HostConfig: { VolumesFrom: ["web:rw"] } },
    { HostConfig: { VolumesFrom: [`${id}:ro`] } },
    ["body.HostConfig.VolumesFrom[0]"],
  ],
  [{ HostConfig: { CapAdd: ["A", "B"] } }, { HostConfig: { CapAdd: ["A"] } }, ["body.HostConfig.CapAdd"]],
  [{ A: 1 }, {}, ["body.A"]],
])("everything else is: %j", (before, after, places) => {
  expect(differences(request(before), request(after))).toEqual(places);
});

test("a parameter that was added is a difference", () => {
  expect(differences(request(undefined), request(undefined, { filters: "{}" }))).toEqual(["query filters"]);
});
