import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { itemsOf, recordAt, textAt, textsOf } from "../../src/base/json.ts";
import { knownImage } from "../../src/controls/images/tables/known-images.ts";
import { readBundle } from "../../src/fix/bundle/bundle.ts";
import { canonicalPath, isAtOrBelow } from "../../src/model/host/path.ts";
import { bundled } from "../engine/servers/bundled.ts";

/** What `npx tsx scripts/bundles.ts` learnt of the stand-ins on a real Engine. */
const folder = "test/fixtures/bundles";
/** Folders that it would write to and works without, by image: its stack in `npm run test:stacks` is fixed without them. */
const survived: Readonly<Record<string, readonly string[]>> = { "caddy:2.6": ["/root"] };
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
    const { verified, files, network, steps, user, capabilities } = recordAt(learnt);
    expect(verified).toBe(true);
    const held = itemsOf(steps).flatMap((step) =>
      textAt(step, "outcome") === "holds" ? textsOf(recordAt(step).controls) : [],
    );
    expect(held).toEqual(expect.arrayContaining(["capabilities-drop", "read-only-rootfs"]));
    // Caddy's program has a file capability: learn leaves no-new-privileges to a person.
    if (image.reference !== "caddy:2.6") expect(held).toContain("no-new-privileges");

    // It needs no capability that the table would drop. What held as another user needed none: so those count, too, that root
    // used where no owner or mode of a file would have done.
    const needed = itemsOf(recordAt(capabilities).needed).map((each) => textAt(each, "name"));
    const used = textsOf(recordAt(capabilities).used).filter((name) => /^KILL$|^SET[GU]ID$/.test(name));
    const dropped = [...needed, ...used].filter((each) => !needs.capabilities.some((name) => name === each));
    expect(dropped).toEqual([]);

    // It writes nowhere that the table would leave read-only.
    const writable = [...(needs.writable ?? []).map(({ path }) => path), ...mounts].map(canonicalPath);
    const wrote = itemsOf(recordAt(files).scratch)
      .map((place) => canonicalPath(textAt(place, "path") ?? ""))
      .filter((path) => !(survived[image.reference] ?? []).includes(path));
    expect(wrote.filter((path) => !writable.some((each) => isAtOrBelow(path, each)))).toEqual([]);

    const [port] = needs.ports;
    if (port) expect(textsOf(recordAt(network).listens)).toContain(port.split("/").toReversed().join("/"));

    // What steps down from root can be started as that user. What has no SETUID never does: learn tries no other user.
    if (needs.nonRoot && needs.capabilities.includes("SETUID")) {
      expect(held).toContain("root-user");
      expect(recordAt(user).canStartAsIt).toBe(true);
    }
  }
});
