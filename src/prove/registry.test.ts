import { describe, expect, it } from "vitest";
import { failed, ok } from "../base/result.ts";
import { findControl } from "../controls/registry.ts";
import { container } from "../model/container.ts";
import type { Proof } from "../model/proof.ts";
import { measurement, type ProbeTarget } from "./probe.ts";
import { probes } from "./registry.ts";
import { describeProof, proofDocument, proofStatus } from "./result/describe.ts";

describe("the probes", () => {
  it("are tied to controls that there are, each by a name of its own", () => {
    for (const { control } of probes) expect(findControl(control)?.id).toBe(control);
    expect(new Set(probes.map(({ id }) => id)).size).toBe(probes.length);
  });

  it("ask the looser container only where the subject did not succeed", async () => {
    const facts = {
      view: container("configured"),
      sockets: [],
      tcp: [],
      hostPorts: [],
      architecture: "x86_64" as const,
      cpus: 1,
      memoryTotal: 1,
    };
    const never = async () => failed("this probe does nothing");
    const target: ProbeTarget = {
      ...{
        role: "subject",
        facts,
        run: never,
        runSetuid: never,
        beside: never,
        sacrifice: never,
        stats: never,
      },
      throughSetuid: undefined,
      cgroupFile: () => undefined,
    };
    let asked = 0;
    const looser = async () => {
      asked += 1;
      return ok(target);
    };
    const of = (fails: boolean) =>
      measurement<boolean>({
        ...{ id: "x", control: "privileged", tries: "x", inPlace: false, looser: "open" },
        experiment: async () => ok(fails),
        judge: ({ subject, control }) => {
          if (!subject) return { outcome: "notHeld", evidence: "it succeeds" };
          return { outcome: control.ok ? "held" : "inconclusive", evidence: "it fails" };
        },
      });
    expect((await of(false).prove(target, looser)).judgement.outcome).toBe("notHeld");
    expect(asked).toBe(0);
    expect((await of(true).prove(target, looser)).judgement.outcome).toBe("held");
    expect(asked).toBe(1);
  });
});

const proof: Proof = {
  subject: "container:web",
  where: "twin",
  probes: [
    { probe: "chroot", control: "capabilities-drop", outcome: "held", evidence: 'chroot("/"): EPERM' },
    { probe: "reboot", control: "capabilities-dangerous", outcome: "notHeld", evidence: "it succeeds" },
  ],
  notApplicable: [{ probe: "fill-tmpfs", control: "storage-limit", reason: "it has no tmpfs" }],
};

describe("a proof", () => {
  it("is a document that scripts may rely on", () => {
    expect(Object.keys(proofDocument(proof, []) as object).slice(0, 3)).toEqual([
      ...["schemaVersion", "subject", "probes"],
    ]);
    expect(proofDocument(proof, ["x"])).toMatchObject({
      schemaVersion: 1,
      subject: "container:web",
      probes: proof.probes,
      missing: ["x"],
      summary: { held: 1, notHeld: 1, inconclusive: 0, notTried: 0 },
    });
  });

  it("has a status that is 0 only where all held", () => {
    const of = (...outcomes: readonly Proof["probes"][number]["outcome"][]) =>
      proofStatus({
        ...proof,
        probes: outcomes.map((outcome) => ({ probe: "x", control: "x", evidence: "x", outcome })),
      });
    expect([
      of("held"),
      of("held", "inconclusive"),
      of("inconclusive", "notHeld"),
      of("notHeld"),
      of(),
    ]).toEqual([...[0, 2, 1, 1, 2]]);
  });

  it("reads from the worst to the best, within the terminal", () => {
    const text = describeProof(proof, ["the mount at /x"], {
      ...{ colour: false, width: 60, tries: (id: string) => `do ${id}` },
    });
    expect(text.indexOf("can do reboot")).toBeLessThan(text.indexOf("cannot do chroot"));
    expect(text).toMatch(/1 held, 1 not held\.\n$/);
    for (const line of text.split("\n").filter((each) => each.startsWith(" ".repeat(24))))
      expect(line.length).toBeLessThanOrEqual(60);
  });
});
