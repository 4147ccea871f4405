import { expect, test, vi } from "vitest";
import { memoryDisk } from "../../../test/support/memory-disk.ts";
import { complainAt, hideInComplaints } from "./complain.ts";

test("a complaint and the line it quotes show no credential", () => {
  const word = "hunter2Xy9Q";
  const file = "run.sh";
  const io = memoryDisk({ [file]: `docker run --memory ${word} -e B=https://bob:other9Xyz@host a\n` });
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    hideInComplaints([word]);
    complainAt(
      `--memory takes a size, not ${word}`,
      { file, startLine: 1, startColumn: 21, endLine: 1, endColumn: 32 },
      io,
    );
    const shown = write.mock.calls.map(([text]) => String(text)).join("");
    expect(shown).toContain("--memory takes a size, not ••••");
    expect(shown).not.toContain(word);
    expect(shown).not.toContain("other9Xyz");
  } finally {
    hideInComplaints([]);
    write.mockRestore();
  }
});
