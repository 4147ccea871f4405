import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { at } from "../../test/support/report.ts";
import { displayWidth } from "../base/width.ts";
import { processorTime } from "../watch/reading/sweep.ts";
import { excerpter } from "./excerpt.ts";

function cut(
  line: string,
  start: number,
  end: number,
  width = 80,
  secrets: readonly [number, number][] = [],
) {
  const ranges = secrets.map(([from, to]) => at("f", 1, from, to));
  return excerpter({ sourceLine: () => line, secrets: ranges })(at("f", 1, start, end), width);
}

describe("an excerpt", () => {
  test("marks what the origin covers", () => {
    expect(cut("  privileged: true # why", 15, 19)).toEqual({
      line: 1,
      before: "  privileged: ",
      marked: "true",
      after: " # why",
    });
  });

  test("marks to the end of the line where the range goes on below", () => {
    const origin = { file: "f", startLine: 1, startColumn: 3, endLine: 4, endColumn: 2 };
    const excerpt = excerpter({ sourceLine: () => "  a: |  ", secrets: [] })(origin, 80);
    expect(excerpt?.marked).toBe("a: |");
  });

  test("marks a place between characters with nothing", () => {
    expect(cut("abc", 4, 4)).toMatchObject({ before: "abc", marked: "", after: "" });
  });

  test("bears a range outside the line", () => {
    expect(cut("abc", 9, 20)).toMatchObject({ before: "abc", marked: "", after: "" });
    expect(cut("", 1, 5)).toMatchObject({ before: "", marked: "", after: "" });
  });

  test("is nothing where the source is out of reach", () => {
    expect(excerpter({ sourceLine: () => undefined, secrets: [] })(at("f", 1, 1, 2), 80)).toBeUndefined();
  });

  test("expands tabs", () => {
    expect(cut("\ta\tb", 4, 5)).toMatchObject({ before: "    a   ", marked: "b" });
  });

  test("spells control characters", () => {
    expect(cut("\u001b[2Jx\u202e", 5, 6)).toMatchObject({
      before: "\\x1b[2J",
      marked: "x",
      after: "\\u202e",
    });
  });

  test("does not tear emoji and wide characters", () => {
    expect(cut("日本 👩‍💻 x", 4, 9)).toMatchObject({ before: "日本 ", marked: "👩‍💻" });
  });
});

describe("a long line", () => {
  const long = `${"a".repeat(300)}MARK${"b".repeat(300)}`;

  test("is cut around the marker", () => {
    const excerpt = cut(long, 301, 305, 40);
    expect(excerpt?.marked).toBe("MARK");
    expect(excerpt?.before).toMatch(/^…a+$/);
    expect(excerpt?.after).toMatch(/^b+…$/);
  });

  test("keeps its beginning where the marker is there", () => {
    expect(cut(`MARK${"b".repeat(300)}`, 1, 5, 40)?.before).toBe("");
  });

  test("shows the beginning of a long marked part", () => {
    const excerpt = cut(`ab${"M".repeat(300)}`, 3, 303, 40);
    expect(excerpt?.before).toBe("ab");
    expect(excerpt?.marked).toMatch(/^M+…$/);
  });

  test("of 5 MB costs no more than it must", () => {
    const line = `${"x ".repeat(2_500_000)}MARK`;
    const excerpt = excerpter({ sourceLine: () => line, secrets: [] });
    const started = processorTime();
    for (let again = 0; again < 100; again += 1) excerpt(at("f", 1, 5_000_001, 5_000_005), 80);
    expect(processorTime() - started).toBeLessThan(3000);
  });
});

describe("secrets", () => {
  test("are masked where the reader says, with the marker around the mask", () => {
    expect(cut("KEY: hunter2 x", 6, 13, 80, [[6, 13]])).toMatchObject({
      before: "KEY: ",
      marked: "••••",
      after: " x",
    });
  });

  test("are masked in every line of a range", () => {
    const lines = ["a: |", "  one", "  two", "b: c"];
    const secret = { file: "f", startLine: 1, startColumn: 4, endLine: 3, endColumn: 6 };
    const excerpt = excerpter({ sourceLine: (_, line) => lines[line - 1], secrets: [secret] });
    const shown = [1, 2, 3, 4].map((line) => {
      const one = excerpt(at("f", line, 1, 1), 80);
      return one && one.before + one.marked + one.after;
    });
    expect(shown).toEqual(["a: ••••", "  ••••", "  ••••", "b: c"]);
  });

  test("are masked also where the line is cut", () => {
    const line = `${" ".repeat(900)}PASSWORD: ${"s3cret".repeat(500)} MARK`;
    const start = line.indexOf("MARK") + 1;
    expect(JSON.stringify(cut(line, start, start + 4, 60))).not.toContain("s3cret");
  });

  test("of other files do not count", () => {
    const secrets = [at("other", 1, 1, 4)];
    expect(excerpter({ sourceLine: () => "abc", secrets })(at("f", 1, 1, 4), 80)?.marked).toBe("abc");
  });
});

test("always fits, never holds a control character or a masked one", () => {
  const line = fc.string({
    unit: fc.constantFrom("a", "日", "👩‍💻", "\t", "\u001b", " ", "\u202e"),
    maxLength: 200,
  });
  fc.assert(
    fc.property(
      line,
      fc.nat(300),
      fc.nat(300),
      fc.nat(200),
      fc.integer({ min: 20, max: 120 }),
      (text, a, b, s, width) => {
        const secret = "§§§§";
        const planted = text.slice(0, s) + secret + text.slice(s);
        const from = Math.min(s, text.length) + 1;
        const excerpt = cut(planted, Math.min(a, b) + 1, Math.max(a, b) + 1, width, [[from, from + 4]]);
        const shown = `${excerpt?.before}${excerpt?.marked}${excerpt?.after}`;
        expect(shown).not.toMatch(/\p{Cc}|§/u);
        expect(displayWidth(shown)).toBeLessThanOrEqual(width);
      },
    ),
  );
});
