import { numberIn18 } from "../../../controls/taxonomies.ts";
import type { Benchmark, Recommendation } from "../benchmark.ts";
import { cis } from "./cis.ts";
import { scored } from "./recommend.ts";

/**
 * What the edition 1.8 of July 2025 changed, as far as it is public: a recommendation 2.7 on devicemapper, which moves the rest of section 2 by one,
 * other levels, and which recommendations the benchmark counts as automated. Two sources agree on every number:
 *
 * @see https://github.com/risk-sentinel/cis-docker-baseline
 * @see https://github.com/CyberStrikeus/CyberStrike
 */
const devicemapper: Recommendation = {
  ...scored("2.7", 1, "The storage driver is not devicemapper", "engine-storage-driver"),
  own: "devicemapper",
};

const levelTwo = new Set([
  ...to("1.1", 7, 18),
  ...to("2", 10, 14),
  "2.18",
  ...to("3", 17, 22),
  ...["4.5", "4.8", "4.11", "5.3", "5.23", "5.24", "5.30"],
]);

const automated = new Set([
  ...["1.1.3", ...to("1.1", 6, 15), "1.1.17", "1.1.18"],
  ...[...to("3", 1, 6), "3.15", "3.16", "3.23", "3.24"],
]);

function to(section: string, first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${section}.${first + index}`);
}

function editionOf(recommendation: Recommendation): Recommendation {
  const number = numberIn18(recommendation.number);
  return { ...recommendation, number, own: recommendation.number };
}

export const cis18: Benchmark = {
  id: "cis-1.8",
  title: "CIS Docker Benchmark 1.8",
  sections: cis.sections.map((section) => ({
    ...section,
    recommendations: section.recommendations
      .map(editionOf)
      .flatMap((each) => (each.number === "2.8" ? [devicemapper, each] : [each]))
      .map((each) => ({
        ...each,
        level: levelTwo.has(each.number) ? 2 : 1,
        scored: automated.has(each.number),
      })),
  })),
};
