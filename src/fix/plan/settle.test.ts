import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { auditRequest } from "../../../test/support/audit-request.ts";
import { memoryDisk } from "../../../test/support/memory-disk.ts";
import { evaluate, type Rules } from "../../audit/evaluate.ts";
import type { Input } from "../../audit/inputs/inputs.ts";
import { spellRemedy } from "../../audit/spell.ts";
import { type SurveyedSubject, survey } from "../../audit/survey.ts";
import { controls } from "../../controls/registry.ts";
import { changedTexts } from "../changed-texts.ts";
import { writePlans } from "../write-plans.ts";
import { needsOf } from "./kinds.ts";
import { planFixes } from "./plan.ts";
import { settler } from "./settle.ts";

const knowledge = {
  limits: {
    memory: { value: 300 * 1024 ** 2, source: "bulkhead.yaml" },
    cpus: { value: 1.5, source: "bulkhead.yaml" },
  },
  needs: needsOf,
};

const files: Readonly<Record<string, string>> = {
  compose: "compose.yaml",
  run: "run.sh",
  dockerfile: "Dockerfile",
  "daemon.json": "daemon.json",
};

/** A file of each control's bad examples, the sample stacks, and services that the table of images knows. */
const texts = [
  ...controls.flatMap(({ id, examples }) =>
    examples.bad.flatMap(({ syntax, text }, index) => {
      const file = files[syntax];
      return file === undefined ? [] : [{ name: `${id} ${syntax} ${index}`, file, text }];
    }),
  ),
  ...[
    "examples/insecure/compose.yaml",
    "examples/insecure/run.sh",
    "examples/insecure/daemon.json",
    "test/fixtures/stacks/four/compose.yaml",
    "test/fixtures/stacks/seven/compose.yaml",
  ].map((path) => ({ name: path, file: path.split("/").at(-1) ?? "", text: readFileSync(path, "utf8") })),
  {
    name: "known images",
    file: "compose.yaml",
    text: `services:
${["postgres:16", "nginx:1.27", "redis:7", "traefik:v3", "mariadb:11", "gitea/gitea:1.22"]
  .map((image, index) => `  s${index}:\n    image: ${image}\n`)
  .join("")}`,
  },
];

async function surveyed(file: string, text: string) {
  const io = memoryDisk({ [file]: text });
  const request = { ...auditRequest([file]), forWriting: true };
  return { io, request, seen: await survey(request, spellRemedy, io, async () => undefined) };
}

/** The text after fix has mended this control alone, and whether it refused to. */
async function fixed(file: string, text: string, id: string, control: string) {
  const { io, request, seen } = await surveyed(file, text);
  const each = seen.subjects.find(({ subject }) => subject.id === id);
  if (!each) throw new Error(`${id} was not read`);
  const rules: Rules = { ...seen.rules, controls: controls.filter((one) => one.id === control) };
  const plan = planFixes(each, { rules, takes: ({ kind }) => kind !== "manual", ...knowledge });
  const out = changedTexts(io, []);
  const written = await writePlans(
    [{ ...each, ...plan, declined: [] }],
    { compose: request.compose, readings: seen.readings as ReadonlyMap<Input, never> },
    out,
  );
  const after = out.list().find((one) => one.file === file)?.after ?? text;
  return { after, refused: written.some(({ refused }) => refused.length > 0) };
}

/** Two ways of writing the same: a file may use the long form of a mount. */
const spellings = new Set(["ro", "readonly", "read_only", "true", "-v", "v"]);

/** What a text sets, as words: keys, flags and values without the punctuation of their syntax. */
function words(text: string): ReadonlySet<string> {
  return new Set(
    text
      .split(/[\s,:="'[\]{}\\]+|--|(?<=\s)-(?=\s)/)
      .filter((word) => word !== "" && word !== "-" && !spellings.has(word)),
  );
}

function snippetFor({ subject, context }: SurveyedSubject, rules: Rules, control: string): string | null {
  const only = {
    ...rules,
    settle: settler(knowledge),
    controls: rules.controls.filter(({ id }) => id === control),
  };
  return evaluate(subject, context, only)[0]?.finding?.fix?.snippet ?? null;
}

describe.each(texts)("audit proposes what fix writes: $name", ({ file, text }) => {
  test("for every control", async () => {
    const { seen } = await surveyed(file, text);
    const differing: unknown[] = [];
    for (const each of seen.subjects) {
      for (const { control, verdict } of evaluate(each.subject, each.context, seen.rules)) {
        // What a secret's value becomes is written beside the file.
        if (verdict !== "fail" || control === "image-secret") continue;
        const snippet = snippetFor(each, seen.rules, control);
        const { after, refused } = await fixed(file, text, each.subject.id, control);
        if (refused) continue;
        const before = words(text);
        const news = [...words(after)].filter((word) => !before.has(word));
        const added = (snippet ?? "")
          .split("\n")
          .filter((line) => !/^(?:# |leave out )/.test(line))
          .join("\n");
        const proposed = words(added.replace(/ {2}# .*| {3}instead of .*/g, ""));
        const unsaid = news.filter((word) => !proposed.has(word));
        const unwritten = [...proposed].filter((word) => !words(after).has(word));
        const isNoOp = snippet !== null && after === text;
        if (unsaid.length + unwritten.length > 0 || isNoOp) {
          differing.push({ subject: each.subject.id, control, snippet, unsaid, unwritten, isNoOp });
        }
      }
    }
    expect(differing).toEqual([]);
  });
});
