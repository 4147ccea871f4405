import { describe, expect, test } from "vitest";
import { bareContext } from "../../../controls/control.ts";
import { allControls, findControl } from "../../../controls/registry.ts";
import { engine } from "../../../model/engine.ts";
import { set } from "../../../model/fact.ts";
import { plainWeighing } from "../../assess.ts";
import type { SurveyedSubject } from "../../survey.ts";
import type { Benchmark } from "../benchmark.ts";
import { judgeBenchmark } from "../judge.ts";
import { cis } from "./cis.ts";
import { cis18 } from "./cis-1.8.ts";

const recommendations = cis.sections.flatMap((section) => section.recommendations);

/** Every number of docker-bench-security's sections 1 to 7. */
function numbers(): readonly string[] {
  const to = (prefix: string, last: number) =>
    Array.from({ length: last }, (_, index) => `${prefix}.${index + 1}`);
  const host = [...to("1.1", 18), ...to("1.2", 2)];
  return [
    ...host,
    ...to("2", 18),
    ...to("3", 24),
    ...to("4", 12),
    ...to("5", 32),
    ...to("6", 2),
    ...to("7", 9),
  ];
}

test("the table has every recommendation once, in order", () => {
  expect(recommendations.map(({ number }) => number)).toEqual(numbers());
  expect(recommendations).toHaveLength(117);
});

test("each stands in the section of its number", () => {
  for (const section of cis.sections) {
    for (const { number } of section.recommendations) expect(number.split(".")[0]).toBe(section.number);
  }
});

test("each is judged by controls, or says what a person has to look at", () => {
  for (const { number, controls, manual } of recommendations) {
    expect(controls.length > 0 || manual !== undefined, number).toBe(true);
    for (const id of controls) expect(findControl(id), `${number}: ${id}`).toBeDefined();
    if (manual !== undefined) expect(manual, number).toMatch(/^[A-Z].*[.?)]$/);
  }
});

test("the levels of sections 3, 4, 5 and 7 are those that docs/cis.md has sources for", () => {
  const second = recommendations.filter(({ number, level }) => level === 2 && /^[3457]\./.test(number));
  expect(second.map(({ number }) => number)).toEqual([
    "4.5",
    "4.8",
    "4.11",
    "5.3",
    "5.23",
    "5.24",
    "5.30",
    "7.4",
    "7.7",
    "7.8",
    "7.9",
  ]);
});

/** What bears on a recommendation and does not settle it. */
const besides: Readonly<Record<string, string>> = {
  "engine-mac": "5.2 and 5.3 are judged for each container, by its own profile and label",
  "engine-socket-permissions": "3.15 and 3.16 are judged apart, by engine-files",
  "engine-unit-files": "3.1 to 3.4 are judged apart, by engine-files",
};

test("the numbers of controls and the controls of numbers agree", () => {
  const byNumber = new Map(recommendations.map((each) => [each.number, each.controls]));
  for (const { id, cis: claimed } of allControls) {
    if (Object.hasOwn(besides, id)) continue;
    for (const number of claimed) expect(byNumber.get(number), `${id} ${number}`).toContain(id);
  }
  for (const { number, controls } of recommendations) {
    for (const id of controls) expect(findControl(id)?.cis, `${number} ${id}`).toContain(number);
  }
});

test("a control that stands for several recommendations judges each by itself", () => {
  for (const { id, recommendations: own } of allControls) {
    const claimed = findControl(id)?.cis ?? [];
    const named = cis18.sections.flatMap(({ recommendations: all }) => all.map(({ own: name }) => name));
    for (const name of Object.keys(own ?? {})) expect([...claimed, ...named], id).toContain(name);
  }
});

describe("the edition 1.8", () => {
  const newer = cis18.sections.flatMap((section) => section.recommendations);

  test("has one number more in section 2, and every other recommendation of 1.6", () => {
    const shifted = numbers().flatMap((number) => (number === "2.18" ? [number, "2.19"] : [number]));
    expect(newer.map(({ number }) => number)).toEqual(shifted);
    expect(newer.filter(({ own }) => own === "devicemapper").map(({ number }) => number)).toEqual(["2.7"]);
    for (const { number, controls, title } of recommendations)
      expect(newer.find((each) => each.own === number)).toMatchObject({ title, controls });
  });

  test("judges by what a control says of the recommendation alone, under either number", () => {
    const rows = (benchmark: Benchmark, storageDriver: string) => {
      const view = engine("configured", { storageDriver: set(storageDriver) });
      const subjects = [
        {
          subject: {
            ...{ kind: "engine", id: "engine", name: "engine", source: "engine-api" },
            ...{ views: [view], location: undefined },
          },
          context: bareContext("engine-api"),
        },
      ] as unknown as readonly SurveyedSubject[];
      return judgeBenchmark(benchmark, subjects, plainWeighing)
        .sections.flatMap(({ results }) => results)
        .filter(({ controls }) => controls.includes("engine-storage-driver"))
        .map(({ number, outcome }) => `${number} ${outcome}`);
    };
    expect(rows(cis, "devicemapper")).toEqual(["2.6 pass"]);
    expect(rows(cis18, "devicemapper")).toEqual(["2.6 pass", "2.7 fail"]);
    expect(rows(cis18, "aufs")).toEqual(["2.6 fail", "2.7 pass"]);
  });
});
