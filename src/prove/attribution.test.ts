import { expect, it, test } from "vitest";
import { failed, ok } from "../base/result.ts";
import { type AttributedProbe, attributeAll, type Loosened } from "./attribution.ts";
import { canLoosen } from "./containers/loosen.ts";
import { measurement, type ProbeTarget } from "./probe.ts";
import { fakeTarget } from "./testing/fake-kernel.ts";

const others = ["seccomp-profile", "root-user", "no-new-privileges"] as const;
const all = ["capabilities-drop", ...others] as const;

/** A probe that succeeds where none of what holds it is left; `lacks` tells what a target lacks. */
const lacks = new WeakMap<ProbeTarget, readonly string[]>();
function probeHeldBy(holders: readonly string[], control: string = all[0], more: readonly string[] = others) {
  return measurement<boolean>({
    ...{ id: "x", control, others: more, tries: "x", inPlace: true, looser: "open" },
    experiment: async (target) => ok(holders.every((each) => lacks.get(target)?.includes(each))),
    judge: ({ subject }) => ({ outcome: subject ? "notHeld" : "held", evidence: "it fails" }),
  });
}

async function attributed(
  probe: ReturnType<typeof probeHeldBy>,
  make?: Loosened,
  signal = new AbortController().signal,
) {
  const asked: (readonly string[])[] = [];
  const loosened: Loosened = async (controls) => {
    asked.push(controls);
    const target = fakeTarget({});
    lacks.set(target, controls);
    return make ? await make(controls) : ok(target);
  };
  const tried = await probe.prove(fakeTarget({}), async () => ok(fakeTarget({})));
  const proved = { probe: probe.id, control: probe.control, outcome: "held", evidence: "it fails" } as const;
  const shown: AttributedProbe[] = [{ probe, tried, proved }];
  await attributeAll(shown, loosened, { signal, progress: async () => {} });
  return { ...shown[0]?.proved, asked };
}

const subsets = Array.from({ length: 2 ** all.length - 1 }, (_, bits) =>
  all.filter((_, at) => ((bits + 1) >> at) & 1),
);

it.each(subsets.map((holders) => [holders.join(" and "), holders] as const))(
  "finds that %s hold it, each alone",
  async (_, holders) => {
    const { by, evidence, asked } = await attributed(probeHeldBy(holders));
    expect(by).toEqual(holders);
    const [first = ""] = holders;
    if (holders.length > 1)
      expect(evidence).toContain(
        `each hold it alone: only a twin that lacks ${holders.length === 2 ? "both" : "all of them"}`,
      );
    else if (first === all[0]) expect(evidence).toBe(`it fails; a twin that lacks only ${first} succeeds`);
    else expect(evidence).toContain(`it is ${first} that holds it, not ${all[0]}`);
    // Its own control is tried first, and alone.
    expect(asked[0]).toEqual([all[0]]);
  },
);

test("where something else holds it, nothing is named", async () => {
  const { by, evidence } = await attributed(probeHeldBy(["a kernel without it"]));
  expect(by).toEqual([]);
  expect(evidence).toContain(
    "a twin without capabilities-drop, seccomp-profile, root-user and no-new-privileges does not succeed either",
  );
});

test("what no twin can lack is not taken from one", async () => {
  const engines = "engine-network-socket";
  expect(canLoosen(engines)).toBe(false);
  const { by, asked } = await attributed(probeHeldBy(["root-user"], engines, ["root-user"]));
  expect(by).toEqual(["root-user"]);
  expect(asked.flat()).not.toContain(engines);
});

test("a twin that cannot be made is a reason, and no proof", async () => {
  const { by, evidence } = await attributed(probeHeldBy(["root-user"]), async () =>
    failed("the Engine is gone"),
  );
  expect(by).toEqual([]);
  expect(evidence).toContain("(the Engine is gone)");
});

test("nothing is looked for where it was interrupted, and nothing of a probe that did not hold", async () => {
  const abort = new AbortController();
  abort.abort();
  expect((await attributed(probeHeldBy(["root-user"]), undefined, abort.signal)).by).toBeUndefined();
  const probe = probeHeldBy([]);
  const tried = await probe.prove(fakeTarget({}), async () => ok(fakeTarget({})));
  for (const more of [
    { outcome: "inconclusive" },
    { outcome: "notHeld" },
    { outcome: "held", by: [] },
  ] as const) {
    const proved = { probe: "x", control: "root-user", evidence: "it fails", ...more };
    const shown: AttributedProbe[] = [{ probe, tried, proved }];
    await attributeAll(shown, async () => failed("no"), {
      signal: new AbortController().signal,
      progress: async () => {},
    });
    expect(shown[0]?.proved).toBe(proved);
  }
});

test("probes that burden the host are looked at one after the other, after the others", async () => {
  const order: string[] = [];
  const shown = await Promise.all(
    ["heavy", "light", "heavier"].map(async (id): Promise<AttributedProbe> => {
      const probe = { ...probeHeldBy(["root-user"], "root-user", []), id, burdens: id !== "light" };
      const tried = await probe.prove(fakeTarget({}), async () => ok(fakeTarget({})));
      const again: typeof tried.again = async (target) => {
        order.push(id);
        return await tried.again(target);
      };
      return {
        probe,
        tried: { ...tried, again },
        proved: { probe: id, control: "root-user", outcome: "held", evidence: "" },
      };
    }),
  );
  const loosened: Loosened = async (controls) => {
    const target = fakeTarget({});
    lacks.set(target, controls);
    return ok(target);
  };
  await attributeAll(shown, loosened, { signal: new AbortController().signal, progress: async () => {} });
  expect(order).toEqual(["light", "heavy", "heavier"]);
});
