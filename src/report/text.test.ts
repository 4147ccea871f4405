import { describe, expect, test } from "vitest";
import {
  at,
  finding,
  fixtureNames,
  manyReport,
  readFixture,
  reportOf,
  testContext,
} from "../../test/support/report.ts";
import { displayWidth } from "../base/width.ts";
import { text } from "./text.ts";

const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
const subjects = [
  { id: "a", name: "light" },
  { id: "b", name: "heavy" },
];

describe.each([60, 80, 140])("at %d columns", (width) => {
  test.each(fixtureNames)("%s fits", (name) => {
    const { report, context } = readFixture(name, { width, verbose: true });
    // A snippet is to be copied, so it is never broken.
    const snippets = report.findings.flatMap(({ fix }) => fix?.snippet?.split("\n") ?? []);
    for (const line of text(report, context).split("\n")) {
      if (!snippets.some((snippet) => line.includes(snippet))) {
        expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }
    }
  });
});

test.each(fixtureNames)("colour changes no character of %s", (name) => {
  const { report, context } = readFixture(name);
  const coloured = text(report, { ...context, colour: true });
  const plain = text(report, context);
  expect(coloured.replaceAll(escapes, "")).toBe(plain);
  expect(plain).not.toMatch(escapes);
});

test.each(fixtureNames)("ASCII alone, where the terminal has no more: %s", (name) => {
  const { report, context } = readFixture(name, { unicode: false });
  expect(text(report, context)).toMatch(/^\p{ASCII}*$/u);
});

test("the worst subject and the worst finding come first", () => {
  const report = reportOf(subjects, [
    finding({ control: "memory-limit", subject: "a" }),
    finding({ control: "host-network", subject: "b" }),
    finding({ control: "docker-socket-mount", subject: "b" }),
  ]);
  const printed = text(report, testContext());
  const order = ["docker-socket-mount", "host-network", "memory-limit", "Start here", "Summary"];
  expect(order.map((word) => printed.indexOf(word))).toEqual(
    order.map((word) => printed.indexOf(word)).toSorted((a, b) => a - b),
  );
  expect(printed).toContain("critical  heavy does something: with a consequence.");
});

test("several places each have their line and marker, in full", () => {
  const lines = ["", "cap_add: [ALL]", "x", "privileged: true"];
  const report = reportOf(subjects, [
    finding({ control: "privileged", subject: "a", locations: [at("f", 2, 11, 14), at("f", 4, 13, 17)] }),
  ]);
  const printed = text(report, testContext({ sourceLine: (_, line) => lines[line - 1], verbose: true }));
  expect(printed).toContain(
    [
      "          2 │ cap_add: [ALL]",
      "            │           ^^^",
      "          4 │ privileged: true",
      "            │             ^^^^",
    ].join("\n"),
  );
});

test("why is said once for a control", () => {
  const report = reportOf(subjects, [
    finding({ control: "privileged", subject: "a" }),
    finding({ control: "privileged", subject: "b" }),
  ]);
  expect(text(report, testContext({ verbose: true })).match(/ why {2}A privileged container/g)).toHaveLength(
    1,
  );
});

test("what is low is one line, and at full length with --verbose", () => {
  const low = finding({ control: "io-limit", subject: "a", message: "has no limit: and a consequence" });
  const report = reportOf(subjects, [low]);
  expect(text(report, testContext())).not.toContain("consequence");
  expect(text(report, testContext({ verbose: true }))).toContain("consequence");
});

test("of many subjects what is alike is told once, and every one with something high is named with -v", () => {
  const report = manyReport(300, 11);
  expect(text(report, testContext()).split("\n").length).toBeLessThan(120);
  const printed = text(report, testContext({ verbose: true }));
  for (const { id } of report.subjects) expect(printed).toContain(id.slice(id.lastIndexOf("service-")));
  expect(printed.split("\n").length).toBeGreaterThan(9000);
});

describe("what is medium", () => {
  const services = ["web", "db", "cache"].map((name) => ({ id: `f#${name}`, name }));
  function one(
    control: string,
    name: string,
    snippet: string,
    message = `lacks ${control}: with a consequence`,
  ) {
    const fix = { kind: "safe" as const, summary: "Do it.", snippet, breaks: null };
    return finding({ control, subject: `f#${name}`, message, fix, severity: "medium" });
  }

  test("everywhere alike is told once, with one snippet that joins lists of one key", () => {
    const findings = services.flatMap(({ name }) => [
      one("pids-limit", name, "security_opt: [a]"),
      one("memory-limit", name, "security_opt: [b]"),
    ]);
    const printed = text(reportOf(services, findings), testContext());
    expect(printed).toContain("In all 3 services");
    expect(printed.match(/Lacks pids-limit/g)).toHaveLength(1);
    expect(printed.match(/security_opt: \[a, b\]/g)).toHaveLength(1);
  });

  test("docker update is one command for all containers", () => {
    const findings = services.flatMap(({ name }) => [
      one("pids-limit", name, `docker update --pids-limit 2048 ${name}`),
      one("memory-limit", name, `docker update --memory ${name === "db" ? "1g" : "512m"} ${name}`),
    ]);
    const printed = text(reportOf(services, findings), testContext());
    expect(printed.match(/docker update --pids-limit 2048 CONTAINER\.\.\.\n/g)).toHaveLength(1);
    expect(printed).toContain("docker update --memory 1g CONTAINER...  # for db\n");
    expect(text(reportOf(services, findings), testContext({ verbose: true }))).toContain("--memory 1g db\n");
  });

  test("one that says otherwise is named", () => {
    const findings = services.map(({ name }) =>
      one("pids-limit", name, "x: 1", name === "db" ? "has pids -1: why" : undefined),
    );
    expect(text(reportOf(services, findings), testContext())).toContain("db: Has pids -1.");
  });

  test("in some is a table of subject and control", () => {
    const findings = [
      one("pids-limit", "web", "pids_limit: 1"),
      one("memory-limit", "cache", "mem_limit: 1m"),
    ];
    const printed = text(reportOf(services, findings), testContext());
    expect(printed).toContain("What differs  web  cache  db");
    expect(printed).toMatch(/ pids-limit {5}✗\n/u);
    expect(printed).toMatch(/ memory-limit {9}✗\n/u);
    expect(printed).toContain("pids-limit: Lacks pids-limit. Do it.");
  });

  test("in some of many is a list of names", () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ id: `f#s${index}`, name: `s${index}` }));
    const findings = many.slice(0, 20).map(({ name }) => one("pids-limit", name, "pids_limit: 1"));
    expect(text(reportOf(many, findings), testContext())).toMatch(
      /In some of 40 services\n +pids-limit in 20 services: s0, s1, .* and 14 more/,
    );
  });
});

test("what several controls say of one line stands together, with one fix", () => {
  const places = [at("f", 2, 3, 9)];
  const fix = { kind: "decision" as const, summary: "Remove it.", snippet: "# remove it", breaks: null };
  const report = reportOf(subjects, [
    finding({ control: "docker-socket-mount", subject: "a", locations: places, fix }),
    finding({ control: "host-network", subject: "a", locations: places, fix, message: "opens it: why" }),
  ]);
  const printed = text(report, testContext({ sourceLine: () => "  - /:/x" }));
  expect(printed.match(/# remove it/g)).toHaveLength(1);
  expect(printed).toContain("docker-socket-mount, host-network  f:2:3");
});

test("no word is cut in the middle", () => {
  const words = "abcdefghij klmnopqrst uvwxyzabcd efghijklmn opqrstuvwx yzabcdefgh ijklmnopqr stuvwxyzab";
  const report = reportOf(subjects, [
    finding({ control: "io-limit", subject: "a", message: words, severity: "low" }),
  ]);
  const line =
    text(report, testContext({ width: 80 }))
      .split("\n")
      .find((each) => each.includes("io-limit")) ?? "";
  expect(line).toContain("…");
  for (const word of line.replace("Abc", "abc").match(/[a-z]{4,}/g) ?? [])
    expect(`${words} io-limit low light`).toContain(word);
  expect(line).toMatch(/ [a-z]{10} …/);
});

test("the end leads on: the worst three, each with its command", () => {
  const fix = { kind: "decision" as const, summary: "Remove it.", snippet: "x", breaks: null };
  const location = at("my compose.yaml", 1, 1, 1);
  const given = reportOf(subjects, [
    finding({
      control: "docker-socket-mount",
      subject: "a",
      message: "mounts /var/run/docker.sock: why",
      fix,
    }),
    finding({ control: "privileged", subject: "b", fix }),
    finding({ control: "read-only-rootfs", subject: "b", fix: { ...fix, kind: "behavioural" } }),
    finding({ control: "host-network", subject: "b", fix: { ...fix, kind: "manual" } }),
  ]);
  const report = {
    ...given,
    subjects: given.subjects.map((subject) => ({ ...subject, location, image: "traefik:v3" })),
  };
  const end = text(report, testContext()).split("Start here")[1];
  expect(end).toContain("bulkhead fix --guard 'my compose.yaml'");
  expect(end).toContain("bulkhead fix --only privileged --accept privileged@heavy 'my compose.yaml'");
  expect(end).toContain("bulkhead explain host-network");
});

test("the exit status is explained, and unchanged findings do not count", () => {
  const old = finding({ control: "privileged", subject: "a", baseline: "unchanged" });
  expect(text(reportOf(subjects, [{ ...old, baseline: null }]), testContext())).toContain("Exit status 1");
  expect(text(reportOf(subjects, [old], { fixed: [] }), testContext())).not.toContain("Exit status");
  expect(text(reportOf(subjects, [old], { failOn: "none" }), testContext())).not.toContain("Exit status");
});

test("quiet says nothing where all is well", () => {
  expect(text(reportOf(subjects, []), testContext({ quiet: true }))).toBe("");
});

test("a low control that subjects fail in several ways is named by its title, not by one of the ways", () => {
  const low = (subject: string, message: string) =>
    finding({ control: "image-unpinned", severity: "low", subject, message });
  const line = (a: string, b: string) =>
    text(reportOf(subjects, [low("a", a), low("b", b)]), testContext())
      .split("\n")
      .find((each) => each.includes("(all 2)"));
  expect(line("uses nginx (a tag that moves): why", "uses nginx (a tag that moves): why")).toContain(
    "Uses nginx (a tag that moves). (all 2)",
  );
  expect(line("uses nginx: why", "uses redis: why")).toContain("The image is not pinned. (all 2)");
  // An aside goes before words are cut.
  const long = `uses nginx (${"a long aside ".repeat(5).trim()}): why`;
  expect(line(long, long)).toContain("Uses nginx. (all 2)");
});

test.each([
  [50, ["       fix  As above. (your decision)", "              ports: [127.0.0.1:1234:1234]"]],
  [60, ["       fix  ports: [127.0.0.1:1234:1234]  (as above)"]],
] as const)("at %i columns advice that is given again stays within the width", (width, lines) => {
  const published = (subject: string, port: string) => {
    const snippet = `ports: [127.0.0.1:${port}:${port}]`;
    const fix = { kind: "decision", summary: "Publish it there.", snippet, breaks: null } as const;
    return finding({
      control: "published-port",
      severity: "high",
      subject,
      message: `publishes ${port}`,
      fix,
    });
  };
  const report = reportOf(subjects, [published("a", "80"), published("b", "1234")]);
  expect(text(report, testContext({ width })).split("\n")).toEqual(expect.arrayContaining([...lines]));
});

test("what a medium control found beside the first is in its line", () => {
  const message = "is given /dev/a, a device: a process in it can use it; also /dev/b, /dev/c";
  const report = reportOf(subjects.slice(0, 1), [
    finding({ control: "device-access", subject: "a", message, severity: "medium" }),
  ]);
  expect(text(report, testContext()).replaceAll(/\s+/g, " ")).toContain(
    "Is given /dev/a, a device; also /dev/b, /dev/c.",
  );
});
