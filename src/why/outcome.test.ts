import { expect, it } from "vitest";
import { isAbout } from "./outcome.ts";
import type { Refusal } from "./refusal.ts";

const refusal: Refusal = {
  ...{ container: "1", pid: 5, process: "nginx", time: 1, call: "openat", words: undefined },
  ...{ error: "EACCES", isSeccomp: false, missing: [], texts: ["/var/lib/x"], fate: { kind: "survived" } },
};

it.each([
  ["nginx: open() /var/lib/x failed (13: Permission denied)", true],
  ["nginx: open() /var/lib/x/ failed (13: Permission denied)", true],
  ["open /var/lib/x: Permission denied", true],
  // A log's words are a sign: another path, another program, another error.
  ["nginx: open() /etc/other failed (13: Permission denied)", false],
  ["redis: cannot open /var/lib/x: Permission denied", false],
  ["nginx: /var/lib/x: Read-only file system", false],
])("%s", (line, expected) => expect(isAbout(line, refusal)).toBe(expected));

it("takes a line's path where the call's is not known", () => {
  const line = "nginx: open() /etc/other failed (13: Permission denied)";
  expect(isAbout(line, { ...refusal, texts: [undefined] })).toBe(true);
});
