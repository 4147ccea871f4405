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
