import { renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import { findingOf } from "../../../test/support/changes.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { LiveContainer } from "../../engine/read/live-reading.ts";
import { container } from "../../model/container.ts";
import type { Watch } from "../watch.ts";
import type { Declared } from "./declared.ts";
import { openDeclared } from "./declared.ts";

const origins = [{ pointer: "/Config/Labels" }];

function labelled(labels: Readonly<Record<string, string>>) {
  return container("configured", {
    labels: Object.entries(labels).map(([name, value]) => ({
      state: "set",
      value: { name, value },
      origins,
    })),
  });
}

/** A watch of one container, which docker compose made from this file as the service `web`. */
function stage(more: { readonly seesKernel?: boolean; readonly files?: string } = {}) {
  const file = join(testFolder({ "shop/compose.yaml": "services: {}" }), "shop/compose.yaml");
  const labels = {
    "com.docker.compose.service": "web",
    "com.docker.compose.project.config_files": more.files ?? file,
  };
  const shop = { name: "shop-web-1", subject: { views: [labelled(labels)] } } as unknown as LiveContainer;
  const open = [
    findingOf("privileged", { subject: "container:shop-web-1" }),
    findingOf("privileged", { subject: "container:other" }),
  ];
  const watch = {
    open: () => open,
    containers: () => [shop],
    status: () => ({ seesKernel: more.seesKernel ?? true }),
  } as unknown as Watch;
  const clock = { now: 0 };
  const said: Declared = {
    verdict: "fail",
    message: "is privileged",
    location: { file, startLine: 4, startColumn: 5, endLine: 4, endColumn: 21 },
  };
  const audit = vi.fn(async () => new Map([["web", new Map([["privileged", said]])]]));
  const changed = vi.fn();
  const declared = openDeclared({ audit, changed, now: () => clock.now });
  return { file, open, audit, changed, clock, declared, seen: declared.beside(watch) };
}

it("a finding has what its file says once that was audited; another container's stays as it is", async () => {
  const { file, open, changed, seen } = stage();
  expect(seen.open()).toEqual(open);
  await vi.waitFor(() => expect(changed).toHaveBeenCalledOnce());
  const [web, other] = seen.open();
  expect(web?.views[0]).toEqual({
    level: "declared",
    verdict: "fail",
    observed: `is privileged (${file}:4)`,
  });
  expect(web?.views).toHaveLength((open[0]?.views.length || 1) + 1);
  expect(web).toMatchObject({ verdict: open[0]?.verdict, fingerprint: open[0]?.fingerprint });
  expect(other).toBe(open[1]);
  // The reporter tells by this that there is nothing new.
  expect(seen.open()[0]).toBe(web);
});

it("files are audited again where they change, and forgotten where they are gone", async () => {
  const { file, open, audit, changed, clock, seen } = stage();
  const look = async (times: number) => {
    await vi.waitFor(() => {
      clock.now += 30_000;
      seen.open();
      expect(changed).toHaveBeenCalledTimes(times);
    });
  };
  await look(1);
  clock.now += 30_000;
  seen.open();
  expect(audit).toHaveBeenCalledOnce();
  // Each in one step: a look that is under way reads the file as it was or as it is, and nothing between.
  writeFileSync(`${file}.new`, "services: { web: {} }");
  renameSync(`${file}.new`, file);
  await look(2);
  expect(audit).toHaveBeenCalledTimes(2);
  renameSync(dirname(file), `${dirname(file)}-gone`);
  await look(3);
  expect(seen.open()).toEqual(open);
});

it.each([
  ["the Engine is elsewhere", { seesKernel: false }],
  ["the file is none of this machine", { files: "/nowhere/compose.yaml" }],
  ["a device is named", { files: "/dev/zero" }],
  ["a path is not absolute", { files: "compose.yaml" }],
])("nothing is read where %s", async (_, more) => {
  const { audit, open, seen, declared } = stage(more);
  expect(seen.open()).toEqual(open);
  await declared.close();
  expect(audit).not.toHaveBeenCalled();
});
