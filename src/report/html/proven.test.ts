import { describe, expect, it } from "vitest";
import type { Proof } from "../../model/proof.ts";
import { provenHtml, provenItems } from "./finding.ts";

const proof: Proof = {
  subject: "container:web",
  where: "twin",
  probes: [
    { probe: "write-root", control: "read-only-rootfs", outcome: "held", evidence: "a new file in /: EROFS" },
    {
      probe: "reboot",
      control: "capabilities-dangerous",
      outcome: "notHeld",
      evidence: "<b>privileged</b>",
    },
  ],
  notApplicable: [],
};

describe("what was proven, in the page", () => {
  it("stands beside what is declared, configured and effective, in words", () => {
    const items = provenItems(proof.probes).map(({ markup }) => markup);
    expect(items[0]).toContain('<span class="level">proven</span>');
    expect(items[0]).toMatch(/class="pass".*EROFS.*<span class="verdict">held<\/span>/);
    expect(items[1]).toMatch(/class="fail".*not held/);
    expect(items[1]).not.toContain("<b>");
  });

  it("tells by which experiment, and one answer to several once", () => {
    const untried = proof.probes[1] ? [proof.probes[1], { ...proof.probes[1], probe: "swapoff" }] : [];
    const items = provenItems([...untried, ...proof.probes.slice(0, 1)]).map(({ markup }) => markup);
    expect(items).toHaveLength(2);
    expect(items[0]).toContain("<small>reboot, swapoff</small>");
    expect(items[1]).toContain("<small>write-root</small>");
  });

  it("is listed for its subject, every probe with its control", () => {
    const { markup } = provenHtml(proof);
    expect(markup).toContain("Proven in a throw-away twin: 1 of 2 held");
    expect(markup).toContain('<a href="#c-read-only-rootfs">write-root</a>');
    expect(provenHtml(undefined).markup).toBe("");
  });
});
