import { describe, expect, test } from "vitest";
import { writeHeader } from "../archive/header.ts";
import { rewriteTar } from "../archive/rewrite.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import { judgeHostFiles } from "./archived.ts";

const capability = new Map([["SCHILY.xattr.security.capability", "\x01\x00\x00\x02"]]);

/** Why an archive with this entry does not go on; none where it does, and what came out before. */
function judged(header: Partial<Parameters<typeof writeHeader>[0]>, records = new Map<string, string>()) {
  const plain = { name: "f", type: "0", size: 0, mode: 0o755, uid: 0, gid: 0, mtime: 0, linkName: "" };
  const entry = { ...plain, userName: "", groupName: "", major: 0, minor: 0, ...header };
  const judge = judgeHostFiles(defaultPolicy);
  const fed = rewriteTar(judge).feed(Buffer.concat([writeHeader(entry, records), Buffer.alloc(1024)]));
  return fed.ok ? [] : judge.reasons(fed.reason).map(({ rule, message }) => `${rule}: ${message}`);
}

describe("a file that is copied to where a folder of the host may be", () => {
  test.each([
    [{ mode: 0o4755 }, "setuid"],
    [{ mode: 0o2755 }, "setuid or setgid"],
    [{ type: "1", linkName: "g", mode: 0o4755 }, "setuid"],
    [{ type: "3", major: 1, minor: 3 }, "a device"],
    [{ type: "4", major: 8, minor: 0 }, "a device"],
  ] as const)("%o does not go on", (header, what) => {
    expect(judged(header)).toEqual([expect.stringMatching(`^guard-host-file: copies f .*${what}`)]);
  });
  test("nor does one with capabilities", () => {
    expect(judged({}, capability)).toEqual([expect.stringContaining("it has capabilities")]);
  });
  test.each([
    {},
    { type: "5", name: "d/", mode: 0o2775 },
    { type: "2", linkName: "/etc/passwd", mode: 0o777 },
    { type: "6" },
    { mode: 0o1777 },
  ])("%o goes on", (header) => {
    expect(judged(header)).toEqual([]);
  });
});
