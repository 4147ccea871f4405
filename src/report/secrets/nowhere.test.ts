import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { auditRequest } from "../../../test/support/audit-request.ts";
import { type CredentialLine, secretLines } from "../../../test/support/credential-lines.ts";
import { memoryDisk } from "../../../test/support/memory-disk.ts";
import { plainWeighing } from "../../audit/assess.ts";
import { type Audit, audit } from "../../audit/audit.ts";
import type { Rules } from "../../audit/evaluate.ts";
import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import { noEngine } from "../../audit/live/live.ts";
import { spellRemedy } from "../../audit/spell.ts";
import { survey } from "../../audit/survey.ts";
import { controls, findControl } from "../../controls/registry.ts";
import { containerFromInspect } from "../../engine/documents/inspect.ts";
import { imageFromInspect } from "../../engine/documents/sight.ts";
import { changedTexts } from "../../fix/changed-texts.ts";
import { describePlans, describeStep } from "../../fix/describe.ts";
import { shownDiff } from "../../fix/diff.ts";
import { outcomeDocument } from "../../fix/outcome.ts";
import type { Step } from "../../fix/plan/step.ts";
import type { Learnt } from "../../learn/learnt.ts";
import { describeLearnt } from "../../learn/report/describe.ts";
import { learntDocument } from "../../learn/report/document.ts";
import { triedLearnt } from "../../learn/report/tried.ts";
import { gap } from "../../model/gap.ts";
import { emptyReading } from "../../model/reading.ts";
import type { Subject } from "../../model/subject.ts";
import { judge } from "../../watch/changes/judge.ts";
import type { Inventory } from "../../watch/inventory/inventory.ts";
import type { ReportContext } from "../context.ts";
import { formatNames } from "../format-names.ts";
import { loadReporter } from "../formats.ts";
import { redactFinding } from "./redact.ts";

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

const ways: readonly Partial<ReportContext>[] = [
  {},
  { verbose: false, width: 80 },
  { verbose: false, quiet: true },
];

async function expectNowhere(word: string, done: Audit, io: DiskFiles): Promise<void> {
  for (const format of formatNames) {
    const print = await loadReporter(format);
    for (const more of ways) {
      expect(print(done.report, contextOf(done, io, more)), format).not.toContain(word);
    }
  }
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
        await expectNowhere(word, done, io);
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

/** Documents of the Engine with a secret in each place that has room for text. */
const documents: readonly (readonly [place: string, read: (word: string) => Subject])[] = [
  ...Object.entries<(word: string) => object>({
    Env: (word) => ({ Env: [`DB_PASSWORD=${word}`] }),
    "Env, in a URL": (word) => ({ Env: [`DATABASE_URL=postgres://app:${word}@db/app`] }),
    Cmd: (word) => ({ Cmd: ["redis-server", "--requirepass", word] }),
    "Cmd, a shell": (word) => ({ Cmd: ["sh", "-c", `mysqladmin -p${word} ping`] }),
    Entrypoint: (word) => ({ Entrypoint: ["redis-server", "--requirepass", word] }),
    Labels: (word) => ({ Labels: { "app.password": word } }),
    Healthcheck: (word) => ({ Healthcheck: { Test: ["CMD", "redis-cli", "-a", word, "ping"] } }),
  }).flatMap(([place, config]) => [
    [`container: ${place}`, (word: string) => container({ Config: config(word) })] as const,
    [`image: ${place}`, (word: string) => image({ Config: config(word) }, [])] as const,
  ]),
  [
    "container: LogConfig",
    (word) => container({ LogConfig: { Type: "splunk", Config: { "splunk-token": word } } }),
  ],
  ["image: history", (word) => image({}, [`RUN |1 NPM_TOKEN=${word} /bin/sh -c npm ci # buildkit`])],
  ["image: history of ENV", (word) => image({}, [`ENV DB_PASSWORD=${word}`])],
  ["image: history of RUN", (word) => image({}, [`/bin/sh -c echo root:${word} | chpasswd`])],
];

function container({
  Config = {},
  ...host
}: {
  readonly Config?: object;
  readonly LogConfig?: object;
}): Subject {
  const HostConfig = { Privileged: true, Binds: ["/:/host"], NetworkMode: "host", ...host };
  const view = containerFromInspect({
    Id: "c",
    Name: "/web",
    Image: "sha256:1",
    Config: { Image: "a:1", ...Config },
    HostConfig,
  });
  const id = "container:web";
  return {
    kind: "container",
    id,
    stableId: id,
    name: "web",
    source: "engine-api",
    location: undefined,
    views: [view],
  };
}

function image(document: object, history: readonly string[]): Subject {
  const view = imageFromInspect(
    document,
    history.map((CreatedBy) => ({ CreatedBy })),
  );
  const id = "image:a";
  return {
    kind: "image",
    id,
    stableId: id,
    name: "a",
    source: "engine-api",
    location: undefined,
    views: [view],
  };
}

describe("a secret that a document of the Engine has", () => {
  test.each(documents)("%s", async (_place, read) => {
    await fc.assert(
      fc.asyncProperty(secret, async (word) => {
        const subject = read(word);
        const live = async () => ({
          ...noEngine([], []),
          reading: { ...emptyReading, subjects: [subject] },
        });
        const io = memoryDisk({});
        const done = await audit({ ...auditRequest([]), live }, io, async () => {});
        expect(
          done.report.findings.filter(({ verdict }) => verdict === "fail").map(({ control }) => control),
        ).toContain("image-secret");
        expect(JSON.stringify(done.report)).not.toContain(word);
        await expectNowhere(word, done, io);
      }),
      { numRuns: 2 },
    );
  });
});

test("a secret in a file that is cut short or has a wrong line is not quoted", async () => {
  const endings = ["", "\n\t}", " ]", '"', "\n  - : [", "\n--badflag\n"];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...secretLines),
      secret,
      fc.nat(12),
      fc.constantFrom(...endings),
      async (...[line, word, cut, end]) => {
        const [file, pattern] = withDangers(line);
        const text = pattern.replaceAll("§", word);
        const broken = text.slice(0, text.indexOf(word) + word.length + cut) + end;
        const io = memoryDisk({ [file]: broken });
        await expectNowhere(word, await audited(io, file), io);
      },
    ),
    { numRuns: 150 },
  );
});

describe("a plan shows no secret, whatever its steps say", () => {
  test("fix's list, document and questions", async () => {
    const word = "hunter2Xy9Q";
    const io = memoryDisk({
      "compose.yaml": `services:\n  a:\n    image: a:1\n    environment: { DB_PASSWORD: ${word} }\n`,
    });
    const seen = await survey(
      auditRequest(["compose.yaml"]),
      () => null,
      io,
      async () => {},
    );
    const [subject] = seen.subjects.map((each) => each.subject);
    if (!subject) throw new Error("no subject");
    const says = `instead of ${word}, or of https://bob:other9Xyz@host`;
    const value = { name: "A", value: word };
    const step: Step = {
      ...{
        kind: "decision",
        keys: ["k"],
        controls: ["image-secret"],
        summary: says,
        why: says,
        breaks: [says],
      },
      patches: [{ op: "add", field: "environment", value }],
    };
    const plan = {
      subject,
      input: undefined,
      steps: [step],
      open: [step],
      declined: [],
      failing: [],
      refused: [{ step, reason: says }],
    };
    const look = { colour: false, width: 100 };
    const shown = [
      describePlans([plan], look),
      describeStep(plan, step, look),
      JSON.stringify(
        outcomeDocument({ plans: [plan], files: [], gaps: [gap("https://bob:other9Xyz@host")] }),
      ),
    ];
    for (const text of shown) {
      expect(text).toContain("••••");
      expect(text).not.toContain(word);
      expect(text).not.toContain("other9Xyz");
    }
  });
});

const rules: Rules = { ...plainWeighing, controls, spell: spellRemedy };

/** What learn saw of a workload that writes its password into its log and its files. */
function learntOf(subject: Subject, says: string): Learnt {
  const step = {
    ...{
      kind: "behavioural",
      keys: ["k"],
      controls: ["memory-limit"],
      summary: says,
      why: says,
      breaks: [says],
    },
    patches: [],
  };
  const learnt = {
    ...{ plan: { subject, steps: [step] }, failure: undefined, isUnsteady: false, untraced: says },
    ...{ check: { unseen: [says], strength: "strong" }, seen: undefined, isLoaded: false },
    capabilities: { before: ["CHOWN"], needed: new Map([["CHOWN", says]]) },
    user: { candidate: undefined, reason: says },
    broken: [{ step, reason: says, evidence: [says] }],
    ...{ starts: 1, seconds: 1 },
  };
  return learnt as unknown as Learnt;
}

describe("a secret of a running container is not in what other commands print", () => {
  const containers = documents.filter(([place]) => place.startsWith("container"));
  test.each(containers)("watch's changes and learn's report: %s", async (_place, read) => {
    await fc.assert(
      fc.asyncProperty(secret, async (word) => {
        const subject = read(word);
        const inventory = { list: () => [], engine: undefined, running: () => [], lostProofs: undefined };
        const findings = judge([subject], inventory as unknown as Inventory, {
          rules,
          minimum: "info",
        }).flat();
        expect(findings.map(({ control }) => control)).toContain("image-secret");
        expect(JSON.stringify(findings.map((each) => redactFinding(each)))).not.toContain(word);
        const says = `the log ends with: cannot log in with ${word} at http://bob:${word}@db/`;
        const learnt = learntOf(subject, says);
        const look = { colour: false, width: 80 };
        for (const each of [learnt, { ...learnt, failure: says }]) {
          const shown = [
            describeLearnt([each], look),
            ...[learntDocument([each], 2), triedLearnt(each)].map((document) => JSON.stringify(document)),
          ];
          for (const text of shown) {
            expect(text).toContain("••••");
            expect(text).not.toContain(word);
          }
        }
      }),
      { numRuns: 5 },
    );
  });
});
