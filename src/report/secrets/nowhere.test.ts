import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { auditRequest } from "../../../test/support/audit-request.ts";
import { type CredentialLine, secretLines } from "../../../test/support/credential-lines.ts";
import { memoryDisk } from "../../../test/support/memory-disk.ts";
import { type Audit, audit } from "../../audit/audit.ts";
import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import { findControl } from "../../controls/registry.ts";
import { changedTexts } from "../../fix/changed-texts.ts";
import { shownDiff } from "../../fix/diff.ts";
import type { ReportContext } from "../context.ts";
import { formatNames } from "../format-names.ts";
import { loadReporter } from "../formats.ts";

/** Passwords as people and generators make them; two kinds of character at least, so that none is a word of a report. */
const secret = fc
  .tuple(
    fc.string({
      unit: fc.constantFrom(..."abcdefghkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"),
      minLength: 6,
      maxLength: 12,
    }),
    fc.string({ unit: fc.constantFrom(..."23456789"), minLength: 2, maxLength: 6 }),
    fc.constantFrom("", "-", "_", "."),
    fc.string({ unit: fc.constantFrom(..."xyzXYZ789"), minLength: 1, maxLength: 4 }),
  )
  .map(([letters, digits, sign, end]) => letters + digits + sign + end);

/** Flags, labels and lines that make other findings of the same place: what they quote must not show it either. */
function withDangers([file, text]: CredentialLine): CredentialLine {
  if (file === "compose.yaml") {
    return [
      file,
      text.replace(
        "image: a:1\n",
        "image: a:1\n    privileged: true\n    user: root\n    network_mode: host\n",
      ),
    ];
  }
  return [file, text.replace("docker run ", "docker run --privileged --network host -v /:/host ")];
}

async function audited(io: DiskFiles, file: string): Promise<Audit> {
  return await audit(auditRequest([file]), io, async () => {});
}

function contextOf(done: Audit, io: DiskFiles, more: Partial<ReportContext>): ReportContext {
  return {
    sourceLine: io.line,
    secrets: done.secrets,
    secretValues: done.secretValues,
    colour: false,
    width: 200,
    verbose: true,
    quiet: false,
    controls: findControl,
    now: new Date(0),
    ...more,
  };
}

describe("a secret that stands in a file", () => {
  test.each(secretLines.map((line) => [JSON.stringify(line), line] as const))("%s", async (_name, line) => {
    await fc.assert(
      fc.asyncProperty(secret, async (word) => {
        const [file, pattern] = withDangers(line);
        const text = pattern.replaceAll("§", word);
        const io = memoryDisk({ [file]: text });
        const done = await audited(io, file);
        expect(done.secretValues).toContain(word);
        for (const format of formatNames) {
          const print = await loadReporter(format);
          for (const more of [{}, { verbose: false, width: 80 }, { verbose: false, quiet: true }]) {
            expect(print(done.report, contextOf(done, io, more)), format).not.toContain(word);
          }
        }
        // A diff that has every line in it.
        const texts = changedTexts(io, done.secrets);
        const edits = [...text.matchAll(/$/gm)].map(({ index }) => ({
          file,
          start: index,
          end: index,
          text: " ",
        }));
        texts.make(edits);
        for (const changed of texts.list()) {
          expect(shownDiff(changed, "/", (_, shown) => shown, undefined, done.secretValues)).not.toContain(
            word,
          );
        }
      }),
      { numRuns: 2 },
    );
  });
});
