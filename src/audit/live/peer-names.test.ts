import { expect, test } from "vitest";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import { peerNames, withPeerNames } from "./live.ts";

const id = "ab".repeat(32);

test("a container that is joined by its id is called by its name", () => {
  const web = container("configured");
  const joins = (target: string) => set({ mode: "container", target, by: "container" } as const);
  const subject: ContainerSubject = {
    kind: "container",
    id: "container:debug",
    name: "debug",
    stableId: "container:debug",
    source: "engine-api",
    location: undefined,
    views: [container("configured", { networkMode: joins(id), pidMode: joins("cd".repeat(32)) })],
  };
  const names = peerNames(
    new Map([
      ["web", web],
      [id, web],
    ]),
  );
  const [view] = withPeerNames(subject, names).views;
  expect(view?.networkMode).toMatchObject({ value: { target: "web" } });
  expect(view?.pidMode).toMatchObject({ value: { target: "cd".repeat(32) } });
});
