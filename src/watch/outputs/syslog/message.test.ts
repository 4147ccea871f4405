import fc from "fast-check";
import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { severities } from "../../../model/severity.ts";
import { changeKinds } from "../../change.ts";
import { facilities, journalLine, levelOf, syslogMessage } from "./message.ts";

const sender = { host: "host1", facility: "daemon", process: 42 } as const;

it("is a header by RFC 5424, no structured data, and the text", () => {
  const change = changeOf("opened", findingOf("docker-socket-mount", { severity: "critical" }), 5);
  expect(syslogMessage(change, sender)).toBe(
    "<26>1 2027-01-31T12:00:05.000Z host1 bulkhead 42 opened - opened critical docker-socket-mount container:web (effective): Mounts something: it could be bad. [found by the sweep]",
  );
});

it.each([
  ["critical", 2],
  ["high", 3],
  ["medium", 4],
  ["low", 5],
  ["info", 6],
] as const)("tells %s as syslog's severity %i", (severity, level) => {
  expect(levelOf(changeOf("opened", findingOf("privileged", { severity })))).toBe(level);
  expect(levelOf(changeOf("resolved", findingOf("privileged", { severity })))).toBe(5);
});

it("tells what cannot be told as a warning at most", () => {
  const unknown = (severity: "critical" | "info") =>
    levelOf(changeOf("opened", findingOf("privileged", { severity, verdict: "unknown" })));
  expect([unknown("critical"), unknown("info")]).toEqual([4, 6]);
});

/** Names and texts as an attacker may choose them. */
const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 3_000 }),
  fc.stringMatching(/^[\n\r<>\0 \]"\\a-z]{0,50}$/),
);

it("law: one header of printable ASCII, a text of one line, and no more than every receiver takes", () => {
  fc.assert(
    fc.property(
      fc.record({
        host: nasty,
        subject: nasty,
        message: nasty,
        kind: fc.constantFrom(...changeKinds),
        severity: fc.constantFrom(...severities),
        facility: fc.constantFrom(...(Object.keys(facilities) as (keyof typeof facilities)[])),
      }),
      ({ host, subject, message, kind, severity, facility }) => {
        const change = changeOf(kind, findingOf("privileged", { subject, message, severity }));
        const text = syslogMessage(change, { ...sender, host, facility });
        const [, priority, rest] =
          /^<(\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [!-~]{1,255} bulkhead 42 [!-~]{1,32} - (.*)$/su.exec(
            text,
          ) ?? [];
        expect(Math.floor(Number(priority) / 8)).toBe(facilities[facility]);
        expect(Number(priority) % 8).toBe(levelOf(change));
        expect(rest).not.toMatch(/[\n\r\0]/);
        expect(Buffer.byteLength(rest ?? "")).toBeLessThanOrEqual(1_024);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2_048);
      },
    ),
    { numRuns: 200 },
  );
});

it("is a line with its priority for the journal, which knows time and name by itself", () => {
  expect(journalLine(changeOf("opened", findingOf("privileged")))).toBe(
    "<3>opened high privileged container:web (effective): Mounts something: it could be bad. [found by the sweep]\n",
  );
  const forged = journalLine(
    changeOf("opened", findingOf("privileged", { subject: "container:web\n<0>forged" })),
  );
  expect(forged.match(/\n/g)).toHaveLength(1);
  expect(forged.startsWith("<3>")).toBe(true);
});
