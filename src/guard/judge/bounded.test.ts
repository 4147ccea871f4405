import { describe, expect, test } from "vitest";
import {
  bodyPlaces,
  hostileBody,
  hostileTexts,
  judgingTime,
  lengths,
} from "../../../test/support/guard/hostile.ts";
import { routes } from "../routes/table.ts";

/**
 * Milliseconds. Other clients wait 50 at most, which `npm run fuzz:guard` measures; this is four times as much, for a busy machine.
 * Work that grows faster than its text takes seconds.
 */
const most = 200;

/** The best of a few: a busy machine and the garbage of others add to it. */
async function bestTime(route: (typeof routes)[number], body: string): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6 && best >= most; round += 1)
    best = Math.min(best, await judgingTime(route, body));
  return best;
}

describe("no text makes judging long, wherever it stands: the fuzzer tries all kinds and routes, this one text at each place", () => {
  const withBodies = routes.filter(({ id }) =>
    ["container-create", "exec-create", "network-create", "volume-create", "auth"].includes(id),
  );
  test.each(withBodies.map((route) => [route.id, route] as const))("%s", async (_, route) => {
    for (const [at, place] of bodyPlaces(route).entries())
      for (const length of lengths)
        for (const text of hostileTexts(length, 1, at)) {
          const body = hostileBody(place, text);
          expect(await bestTime(route, body), `${place.path}: ${text.slice(0, 20)}, ${length}`).toBeLessThan(
            most,
          );
        }
  });

  test.each([
    ["escapes", `{"Image":"${"\\u0041".repeat(600_000)}"}`],
    ["half of it escaped pairs", `{"Image":"${"\\ud83d\\ude00".repeat(300_000)}"}`],
    ["digits", `{"HostConfig":{"Memory":${"1".repeat(4_000_000)}}}`],
    ["spaces", `{"Image":"a"${" ".repeat(4_000_000)}}`],
    ["a long name", `{"${"a".repeat(4_000_000)}":1}`],
    ["a long name that is not known, deep", `{"HostConfig":{"${"\u00e9".repeat(1_900_000)}":{}}}`],
    ["a long string", `{"Env":["${"a".repeat(4_000_000)}"]}`],
  ])("a body of %s", async (_, text) => {
    const route = routes.find(({ id }) => id === "container-create");
    if (!route) throw new Error("container-create is not in the table");
    expect(await bestTime(route, text)).toBeLessThan(most);
  });
});
