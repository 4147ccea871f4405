import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { itemsOf, recordAt, textAt, textsOf } from "../../src/base/json.ts";
import { knownImage } from "../../src/controls/images/tables/known-images.ts";
import { readBundle } from "../../src/fix/bundle/bundle.ts";
import { canonicalPath, isAtOrBelow } from "../../src/model/host/path.ts";
import { bundled } from "../engine/servers/workloads.ts";

/** What `npx tsx scripts/bundles.ts` learnt of the stand-ins on a real Engine. */
const folder = "test/fixtures/bundles";
const names = readdirSync(folder).toSorted();

test("there is a bundle of each", () => {
  expect(names).toEqual(bundled.map(({ name }) => `${name}.json`).toSorted());
});

test.each(names)("what the table says of an image is what a run showed: %s", (name) => {
  const read = readBundle(readFileSync(`${folder}/${name}`, "utf8"), undefined);
  if (!read.ok) throw new Error(read.reason);
  const workloads = read.value.predicate.workloads;
  expect(workloads).toHaveLength(1);
  for (const { image, mounts, learnt } of workloads) {
    const needs = knownImage(image.reference)?.needs;
    if (!needs) throw new Error(`nothing is known of ${image.reference}`);
    const { verified, files, network, steps, user } = recordAt(learnt);
    expect(verified).toBe(true);
    const held = itemsOf(steps).flatMap((step) =>
      textAt(step, "outcome") === "holds" ? textsOf(recordAt(step).controls) : [],
    );
    expect(held).toEqual(
      expect.arrayContaining(["capabilities-drop", "read-only-rootfs", "no-new-privileges"]),
    );

    // It writes nowhere that the table would leave read-only.
    const writable = [...(needs.writable ?? []).map(({ path }) => path), ...mounts].map(canonicalPath);
    const wrote = itemsOf(recordAt(files).scratch).map((place) => canonicalPath(textAt(place, "path") ?? ""));
    expect(wrote.filter((path) => !writable.some((each) => isAtOrBelow(path, each)))).toEqual([]);

    const [port] = needs.ports;
    if (port) expect(textsOf(recordAt(network).listens)).toContain(port.split("/").toReversed().join("/"));

    // Root's entrypoint steps down to a user that it can be started as.
    if (needs.nonRoot) {
      expect(held).toContain("root-user");
      expect(recordAt(user).canStartAsIt).toBe(true);
    }
  }
});
