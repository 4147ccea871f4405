import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { displayWidth } from "../../../base/width.ts";
import { severities } from "../../../model/severity.ts";
import { type Change, findingKey } from "../../change.ts";
import type { SilenceOf } from "../../changes/gate.ts";
import type { Silence } from "../../changes/silence.ts";
import { pageOf, viewLines } from "./lines.ts";
import { type Effect, keysOf, press } from "./press.ts";
import { itemsOf, type Mode, panes, start, type ViewModel, type ViewState } from "./state.ts";

const byExec: Change["cause"] = {
  kind: "event",
  type: "container",
  action: "exec_start",
  actor: { id: "4f", name: "web" },
  process: "sh",
  time: "2027-01-31T12:00:00.000Z",
};

const nobody: SilenceOf = () => undefined;

const silence: Silence = {
  ...{ id: 1, kind: "silenced", control: "*", subject: "*", severity: "critical" },
  ...{ reason: "the nightly build", by: "root", since: 0, until: 1_000 },
};

describe("the live view", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("日本語の名前", "👩‍👩‍👧", "\u001b[2J"),
  );
  const finding = fc
    .record({ control: text, severity: fc.constantFrom(...severities), subject: text, message: text })
    .map(({ control, ...more }) => findingOf(control, more));
  const state: fc.Arbitrary<ViewState> = fc.record({
    address: text,
    connected: fc.boolean(),
    known: fc.boolean(),
    containers: fc.nat(1_000),
    running: fc.nat(1_000),
    events: fc.nat(),
    sweptAgo: fc.option(fc.nat(100), { nil: undefined }),
    open: fc.array(finding, { maxLength: 60 }),
    changes: fc.array(
      finding.map((each) => changeOf("opened", each, 0, byExec)),
      { maxLength: 60 },
    ),
    said: fc.array(text),
    silenceOf: fc.constantFrom(nobody, () => silence),
  });
  const mode: fc.Arbitrary<Mode> = fc.oneof(
    fc.constantFrom<Mode>({ kind: "list" }, { kind: "help" }),
    fc.record({
      kind: fc.constant("detail" as const),
      item: finding.map((each) => ({ id: findingKey(each), finding: each, change: undefined })),
      scroll: fc.nat(100),
    }),
    text.map((typed): Mode => ({ kind: "ask", what: "filter", text: typed, request: undefined, wrong: "x" })),
  );
  const model: fc.Arbitrary<ViewModel> = fc.record({
    pane: fc.constantFrom(...panes),
    filter: fc.oneof(fc.constant(""), text),
    places: fc.constant({ open: { id: "x", index: 30 }, changes: { id: undefined, index: 0 } }),
    mode,
  });

  it("law: fits the screen, whatever it shows", () => {
    fc.assert(
      fc.property(
        state,
        model,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 60 }),
        (shown, at, columns, rows) => {
          const lines = viewLines(shown, { columns, rows, colour: false }, at);
          expect(lines.length).toBeLessThanOrEqual(rows);
          for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
          expect(lines.join("").includes("\u001b")).toBe(false);
        },
      ),
    );
  });

  const base: ViewState = {
    address: "unix:///var/run/docker.sock",
    ...{ connected: true, known: true, containers: 3, running: 2, events: 7, sweptAgo: 4, said: [] },
    silenceOf: nobody,
    open: [findingOf("log-limit", { severity: "low" }), findingOf("privileged", { severity: "critical" })],
    changes: [changeOf("opened", findingOf("privileged", { severity: "critical" }), 9, byExec)],
  };

  it("shows the worst first, then what happened", () => {
    expect(viewLines(base, { columns: 100, rows: 24, colour: false })).toEqual([
      "bulkhead watch  3 containers, 2 running  unix:///var/run/docker.sock",
      "1 critical  1 low  7 events  swept 4 s ago",
      `── open ${"─".repeat(92)}`,
      "› critical privileged  web  Mounts something: it could be bad.",
      "  low      log-limit   web  Mounts something: it could be bad.",
      `── changes (UTC) ${"─".repeat(83)}`,
      "  12:00:09  opened   critical privileged  web  exec_start of sh in web",
      "q quits  ↑↓ choose  tab list  enter detail  / filter  a ack  s silence  ? keys",
    ]);
  });

  it("says that it is still reading, and no number before it knows one", () => {
    const lines = viewLines(
      { ...base, known: false, containers: 0, running: 0, open: [], changes: [] },
      { columns: 100, rows: 10, colour: false },
    );
    expect(lines.slice(0, 2)).toEqual([
      "bulkhead watch  reading what runs  unix:///var/run/docker.sock",
      "nothing is known yet",
    ]);
  });

  it("says that the Engine does not answer, and how much is not shown", () => {
    const many = Array.from({ length: 50 }, (_, index) => findingOf(`control-${index}`));
    const lines = viewLines(
      { ...base, connected: false, open: many },
      { columns: 100, rows: 16, colour: false },
    );
    expect(lines[0]).toContain("does not answer");
    expect(lines[2]).toMatch(/^── open 1–10 of 50 ─/);
  });

  it("counts what is acknowledged or silenced by itself, and shows it last", () => {
    const silenceOf: SilenceOf = ({ control }) => (control === "privileged" ? silence : undefined);
    const lines = viewLines({ ...base, silenceOf }, { columns: 100, rows: 24, colour: false });
    expect(lines[1]).toBe("1 low  1 silenced  7 events  swept 4 s ago");
    expect(lines.slice(3, 5)).toEqual([
      "› low      log-limit   web  Mounts something: it could be bad.",
      "  critical privileged  web  (silenced) Mounts something: it could be bad.",
    ]);
  });

  describe("by keys", () => {
    const many = Array.from({ length: 50 }, (_, index) =>
      findingOf(`control-${String(index).padStart(2, "0")}`, {
        subject: `container:c${String(index).padStart(2, "0")}`,
      }),
    );
    const busy: ViewState = { ...base, open: many };
    const size = { columns: 100, rows: 24, colour: false };

    /** Types what a terminal would send. */
    function type(state: ViewState, ...sent: readonly string[]) {
      let now = start;
      const effects: Effect[] = [];
      for (const key of sent.flatMap(keysOf)) {
        const items = itemsOf(state, now.filter);
        const context = {
          items,
          open: new Set(state.open.map(findingKey)),
          page: pageOf(state, size.rows, now),
          now: 0,
        };
        const pressed = press(now, key, context);
        now = pressed.model;
        if (pressed.effect) effects.push(pressed.effect);
      }
      return { model: now, effects, lines: viewLines(state, size, now) };
    }

    const [up, down, pageDown, end, enter, esc] = [
      "\u001b[A",
      "\u001b[B",
      "\u001b[6~",
      "\u001b[F",
      "\r",
      "\u001b",
    ];
    const marked = (lines: readonly string[]) => lines.filter((line) => line.startsWith("› "));

    it("q, Ctrl-C and Ctrl-D quit", () => {
      for (const key of ["q", "\u0003", "\u0004"])
        expect(type(busy, key).effects).toEqual([{ effect: "quit" }]);
    });

    it("scrolls to every line, and stays on a line that moves", () => {
      expect(marked(type(busy, down, down).lines)[0]).toContain("control-02");
      expect(marked(type(busy, up).lines)[0]).toContain("control-00");
      expect(marked(type(busy, end).lines)[0]).toContain("control-49");
      expect(type(busy, pageDown, pageDown).lines.join("\n")).toMatch(/open \d+–\d+ of 50/);
      const { model: at } = type(busy, down, down);
      const grown = { ...busy, open: [findingOf("worse", { severity: "critical" }), ...many] };
      expect(marked(viewLines(grown, size, at))[0]).toContain("control-02");
      const gone = { ...busy, open: many.filter(({ control }) => control !== "control-02") };
      expect(marked(viewLines(gone, size, at))[0]).toContain("control-03");
    });

    it("tab goes to the changes, and what is new comes above", () => {
      expect(marked(type(busy, "\t").lines)[0]).toContain("exec_start of sh in web");
    });

    it("/ shows only what has these characters, and escape shows all again", () => {
      const { lines, model: at } = type(busy, "/", "C07");
      expect(lines.at(-1)).toBe("Filter: C07▏");
      expect(marked(lines)).toEqual([expect.stringContaining("control-07")]);
      expect(lines.filter((line) => line.includes("control-"))).toHaveLength(1);
      expect(type(busy, "/", "C07", enter).model).toMatchObject({ filter: "C07", mode: { kind: "list" } });
      expect(type(busy, "/", "q", "\u007f", enter).model.filter).toBe("");
      expect(
        press(at, { name: "escape" }, { items: itemsOf(busy, "C07"), open: new Set(), page: 1, now: 0 }).model
          .filter,
      ).toBe("");
    });

    it("enter shows all that is known, and escape leads back", () => {
      const finding = findingOf("privileged", {
        severity: "critical",
        message: `is privileged: ${"it owns the host ".repeat(20)}`,
        views: [
          { level: "configured", verdict: "pass", observed: "no" },
          { level: "effective", verdict: "fail", observed: "every capability" },
        ],
      });
      const state = { ...base, open: [finding], changes: [changeOf("opened", finding, 9, byExec)] };
      const shown = type(state, enter).lines.join("\n");
      for (const part of [
        "critical privileged on container:web (effective)",
        "it is open",
        "exec_start of sh in web",
        "unknown: an event of Docker does not say who called",
        "every capability (fail)",
        "why      ",
      ])
        expect(shown).toContain(part);
      expect(type(state, enter, esc).model.mode).toEqual({ kind: "list" });
      const small = { columns: 80, rows: 12, colour: false };
      const scrolled = viewLines(state, small, type(state, enter, down, down).model);
      expect(scrolled[2]).toMatch(/detail 3–\d+ of \d+/);
    });

    it("a acknowledges what is chosen, with a reason and perhaps a time", () => {
      expect(type(busy, down, "a").lines.at(-1)).toBe("Acknowledge control-01 on container:c01. Reason: ▏");
      expect(type(busy, "a", "  ", enter).lines.at(-1)).toContain("(a reason is needed)");
      const { effects } = type(busy, down, "a", "known q", enter, enter);
      expect(effects).toEqual([
        {
          effect: "silence",
          request: {
            kind: "acknowledged",
            control: "control-01",
            subject: "container:c01",
            severity: "high",
            reason: "known q",
            until: undefined,
          },
        },
      ]);
      const wrong = type(busy, "a", "known", enter, "soon", enter);
      expect(wrong.effects).toEqual([]);
      expect(wrong.lines.at(-1)).toContain("soon▏  (that is not a time)");
      expect(type(busy, "a", "known", esc).model.mode).toEqual({ kind: "list" });
    });

    it("s silences until a time, which it needs", () => {
      expect(type(busy, "s", "build", enter, enter).lines.at(-1)).toContain("(a time is needed)");
      expect(type(busy, "s", "build", enter, "2h", enter).effects).toMatchObject([
        { request: { kind: "silenced", severity: "critical", until: 7_200_000 } },
      ]);
    });

    it("a narrow terminal shows the end of what is typed, and why it was no answer", () => {
      const narrow = { columns: 60, rows: 15, colour: false };
      const lastLine = (...sent: readonly string[]) =>
        viewLines(busy, narrow, type(busy, ...sent).model).at(-1);
      expect(lastLine("a", "the driver needs it, see ticket 12")).toMatch(/^Acknowledge .* see ticket 12▏$/);
      expect(lastLine("a", "known", enter, "next Sunday", enter)).toBe("that is not a time next Sunday▏");
      expect(viewLines(busy, narrow).at(-1)).toContain("? keys");
    });

    it("what is acknowledged goes to the end, and the choice goes to the next line", () => {
      const { model } = type(busy, down, "a", "known", enter, enter);
      const silenceOf: SilenceOf = ({ control }) => (control === "control-01" ? silence : undefined);
      expect(marked(viewLines({ ...busy, silenceOf }, size, model))[0]).toContain("control-02");
    });

    it("says that nothing has the characters of the filter", () => {
      expect(type(busy, "/", "nowhere").lines[2]).toMatch(/^── open with “nowhere”: nothing ─/);
    });

    it("only what is open can be acknowledged", () => {
      const over = { ...base, open: [] };
      expect(type(over, "\t", "a").model.mode).toEqual({ kind: "list" });
      expect(type(over, "\t", "u").effects).toMatchObject([{ effect: "unsilence" }]);
    });
  });
});
