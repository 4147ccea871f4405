import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { signedIn, testApp } from "../../../test/support/fleet/serve.ts";
import { putChanges, putHost } from "../store/hosts/hosts.ts";

it("an image shows who runs it on which host, and what is open there", async () => {
  const test = await testApp();
  const image = "ghcr.io/shop/web:1";
  for (const id of ["g", "h"]) {
    const web = { name: "web", image, project: "shop", running: id === "h" };
    const other = { name: "db", image: "postgres:16", project: undefined, running: true };
    await putHost(
      test.database,
      { id, name: `${id}.example`, engine: "e", version: "1", connected: true, containers: [web, other] },
      1,
    );
    await putChanges(test.database, id, [changeOf("opened", findingOf("privileged"))], () => "");
  }
  const headers = await signedIn(test, "viewer");
  const ask = async (path: string) => {
    const answer = await test.call("GET", `/api/v1/images${path}`, { headers });
    return (await answer.json()) as unknown;
  };
  expect(await ask("")).toEqual({
    images: [
      { image, containers: 2, running: 1, hosts: 2, bySeverity: { high: 2 } },
      { image: "postgres:16", containers: 2, running: 2, hosts: 2, bySeverity: {} },
    ],
  });
  expect(await ask(`/${encodeURIComponent(image)}`)).toEqual({
    image,
    bySeverity: { high: 2 },
    containers: [
      { host: "g", hostName: "g.example", name: "web", project: "shop", running: false },
      { host: "h", hostName: "h.example", name: "web", project: "shop", running: true },
    ],
    controls: [{ control: "privileged", title: "title of privileged", severity: "high", findings: 2 }],
    needs: null,
  });
  expect(await ask("/nginx")).toEqual({ error: "No container is made from this image." });
});

it("hosts and images are listed by the time when something changed there", async () => {
  const test = await testApp();
  const day = 86_400_000;
  const opened = ["2027-01-30T12:00:00.000Z", "2027-01-31T12:00:00.000Z"] as const;
  for (const [index, id] of ["g", "h"].entries()) {
    const containers = ["web", "db"].map((name) => ({
      ...{ name, image: `${name}:${id}`, project: undefined, running: true },
    }));
    await putHost(
      test.database,
      { id, name: `${id}.example`, engine: "e", version: "1", connected: true, containers },
      1,
    );
    const change = { ...changeOf("opened", findingOf("privileged")), time: opened[index] ?? "" };
    await putChanges(test.database, id, [change], () => "");
  }
  const headers = await signedIn(test, "viewer");
  const names = async (query: string) => {
    const ask = async (path: string) =>
      (await (await test.call("GET", `/api/v1/${path}?${query}`, { headers })).json()) as {
        readonly hosts?: readonly { readonly id: string }[];
        readonly images?: readonly { readonly image: string }[];
        readonly total?: number;
      };
    const { hosts = [], total } = await ask("hosts");
    expect(total).toBe(hosts.length);
    return [
      ...hosts.map((each) => each.id),
      ...((await ask("images")).images ?? []).map((each) => each.image),
    ];
  };
  const first = Date.parse(opened[0]);
  expect(await names("")).toEqual(["g", "h", "db:g", "db:h", "web:g", "web:h"]);
  expect(await names(`since=${first}`)).toEqual(["g", "h", "web:g", "web:h"]);
  expect(await names(`since=${first + 1}`)).toEqual(["h", "web:h"]);
  expect(await names(`since=${first}&before=${first + day}`)).toEqual(["g", "web:g"]);
  expect(await names(`before=${first}`)).toEqual([]);
});
