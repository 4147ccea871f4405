import { expect, it } from "vitest";
import { formerImages } from "./former-images.ts";

it("keeps little of an image, however much there is of it", () => {
  const former = formerImages();
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`label${at}`, "x".repeat(150)]));
  former.note({
    RepoTags: ["app:1"],
    RepoDigests: [...Array.from({ length: 1_000 }, (_, at) => `other${at}@sha256:a`), "app@sha256:b"],
    Config: { Labels: { owner: "ann", long: "x".repeat(1_000_000), ...many } },
  });
  const known = former.get("app:1");
  expect(JSON.stringify(known).length).toBeLessThan(10_000);
  expect(known).toMatchObject({ origin: "registry", Config: { Labels: { owner: "ann" } } });
});

it("keeps so many names, the newest", () => {
  const former = formerImages();
  former.note({ RepoTags: ["first:1"] });
  former.note({ RepoTags: Array.from({ length: 10_000 }, (_, at) => `app:${at}`) });
  expect(former.get("first:1")).toBeUndefined();
  expect(former.get("app:9999")).toBeDefined();
});
