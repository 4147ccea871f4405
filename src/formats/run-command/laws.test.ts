import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { textAt } from "../../../test/support/text-at.ts";
import type { Container } from "../../model/container.ts";
import { isFileOrigin } from "../../model/origin.ts";
import type { Reading } from "../../model/reading.ts";
import { flags } from "./read/flags.ts";
import { readRunLine } from "./read.ts";
import type { ScriptHost } from "./script-host.ts";
import { readScript } from "./scripts.ts";

const io = memoryFiles();
const hosts: readonly ScriptHost[] = [
  "shell",
  "markdown",
  "makefile",
  "github-actions",
  "gitlab-ci",
  "systemd",
];

function container(reading: Reading): Container | undefined {
  const [subject] = reading.subjects;
  return subject?.kind === "container" ? subject.views[0] : undefined;
}

/** The facts without their places. */
function values(reading: Reading): unknown {
  return JSON.parse(
    JSON.stringify(container(reading), (key, value) =>
      key === "origins" || key === "source" ? undefined : value,
    ),
  );
}

/** A word that no shell, no YAML and no unit file reads as anything but itself. */
const plainWord = fc.stringMatching(/^[a-z][a-z0-9/._]{0,12}$/);

/** A flag with a value that Docker takes, spelled in one of the ways that pflag knows. */
const volume = plainWord.map((name) => `/${name}:/target`);

describe("flags", () => {
  const samples: Readonly<Record<string, string>> = {
    volume: "/a:/b",
    memory: "64m",
    env: "A=b",
    user: "5",
    publish: "80:80",
    "cpu-shares": "5",
    label: "a=b",
  };

  test("every spelling of a flag with a letter is the same", () => {
    for (const { name, short } of flags) {
      const value = samples[name];
      if (value === undefined || short === undefined) continue;
      const spellings = [
        `--${name} ${value}`,
        `--${name}=${value}`,
        `-${short} ${value}`,
        `-${short}${value}`,
        `-${short}=${value}`,
        `-it${short} ${value}`,
        `-it${short}${value}`,
        `-i -t${short}=${value}`,
        `--${name}="${value}"`,
        `'-${short}${value}'`,
      ];
      const [first, ...others] = spellings.map((flag) =>
        values(readRunLine(`docker run ${flag} x`, "f", io)),
      );
      for (const other of others) expect(other).toEqual(first);
    }
  });

  test("flags end at the image", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("--privileged", "-v", "/:/x", "--", "-P", "a")), (words) => {
        const line = `docker run --read-only x ${words.join(" ")}`;
        const plain = values(readRunLine("docker run --read-only x", "f", io)) as object;
        const command = words.map((value) => ({ state: "set", value }));
        expect(values(readRunLine(line, "f", io))).toEqual({ ...plain, command });
      }),
    );
  });
});

/** Ways to write a text without quotes in a file of a kind, as what surrounds it. */
const embeddings: readonly { readonly host: ScriptHost; readonly write: (line: string) => string }[] = [
  { host: "shell", write: (line) => `#!/bin/sh\n\t${line}\n` },
  { host: "shell", write: (line) => `if a; then\r\n  ${line} &&\r\n  b\r\nfi` },
  { host: "shell", write: (line) => `X=$(${line})` },
  { host: "shell", write: (line) => `bash -c "${line.replaceAll('"', '\\"')}"` },
  { host: "markdown", write: (line) => `text\n\n- x\n\n  \`\`\`sh\n  ${line}\n  \`\`\`\n` },
  { host: "markdown", write: (line) => `> ~~~console\n> $ ${line}\n> out\n> ~~~\n` },
  { host: "makefile", write: (line) => `A = b\na: b\n\t@true $(A); ${line}\n` },
  {
    host: "github-actions",
    write: (line) => `jobs:\n  a:\n    steps:\n      - run: |\n          a\n          ${line}\n`,
  },
  { host: "github-actions", write: (line) => `jobs: {a: {steps: [{run: ${JSON.stringify(line)}}]}}` },
  { host: "gitlab-ci", write: (line) => `a:\n  script:\n    - a\n    - '${line.replaceAll("'", "''")}'\n` },
  { host: "gitlab-ci", write: (line) => `a:\n  script: >\n    ${line.replace(" run ", "\n    run ")}\n` },
  { host: "systemd", write: (line) => `[Service]\nExecStart=${line.replace(" run ", " run \\\n  ")}\n` },
];

describe("places", () => {
  test("the text at the place of a value is the value as it is written, in every kind of file", () => {
    const written = fc.record({
      volumes: fc.array(
        fc.record({
          volume,
          quote: fc.constantFrom("", '"'),
          flag: fc.constantFrom("-v ", "--volume=", "-v", "-itv "),
        }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      image: plainWord,
    });
    fc.assert(
      fc.property(written, fc.constantFrom(...embeddings), ({ volumes, image }, { host, write }) => {
        const parts = volumes.map(({ volume: value, quote, flag }) => `${flag}${quote}${value}${quote}`);
        const text = write(`docker run --read-only ${parts.join(" ")} ${image}`);
        const read = container(readScript(text, "f", host, io));
        expect(read?.mounts.map((item) => item.state === "set" && item.value.hostPath)).toEqual(
          volumes
            .map(({ volume: value }) =>
              value
                .split(":")[0]
                ?.replace(/(?<=.)\/+$/, "")
                .replace(/\/+/g, "/"),
            )
            .map((path) => normal(path ?? "")),
        );
        const places = [...(read?.mounts ?? []), read?.image, read?.readonlyRootfs].map((fact) => {
          const [origin] = fact?.state === "set" ? fact.origins : [];
          return origin && isFileOrigin(origin) ? withoutEscapes(textAt(text, origin)) : undefined;
        });
        expect(places).toEqual([
          ...volumes.map(({ volume: value, quote }) => `${quote}${value}${quote}`),
          image,
          "--read-only",
        ]);
      }),
      { numRuns: 500 },
    );
  });
});

/** Takes out what a file of the kind puts in front of a quote. */
function withoutEscapes(text: string): string {
  return text.replaceAll('\\"', '"');
}

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Texts made of what matters to the parsers, so that chance gets deep into them. */
const hostile = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          "docker run ",
          "docker create ",
          "-v ",
          "/a:/b ",
          "--mount ",
          "type=bind,src=/a,dst=/b ",
          "--privileged",
          "$X ",
          "${X:-",
          "$(",
          "`",
          "\\`",
          "'",
          '"',
          "\\\n",
          "\n",
          "\r\n",
          "\t",
          "<<E\n",
          "E\n",
          "bash -c ",
          "eval ",
          "A=(",
          ")",
          "A+=",
          "if ",
          "then ",
          "fi\n",
          "f() {",
          "}\n",
          "| bash ",
          "xargs ",
          "env ",
          "--",
          "=",
          "-e A=",
          "--env-file ",
          "{a,b}",
          "*",
          "\0",
          "\uFEFF",
          "é",
          "\u{1F600}",
          "```sh\n",
          "~~~\n",
          "> ",
          "- ",
          "    ",
          "a:\n\t",
          "$(X) ",
          "$$",
          "X = ",
          "X += ",
          "jobs:\n  a:\n    steps:\n      - run: ",
          "|\n          ",
          "script:\n - ",
          "&a ",
          "*a\n",
          "<<: ",
          "[",
          "]",
          "{",
          "}",
          "${{ x }}",
          "[Service]\n",
          "ExecStart=",
          "Environment=",
          "%n ",
          "@",
          ";",
          "#",
        ),
      },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

describe("any text", () => {
  test("is read without an exception, and every place lies in it", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const readings = [
          readRunLine(text, "f", io),
          ...hosts.map((host) => readScript(text, "f", host, io)),
        ];
        const lines = text.split("\n");
        for (const reading of readings) {
          for (const place of placesIn(reading)) {
            const last = lines[place.endLine - 1];
            expect(last, JSON.stringify(place)).toBeDefined();
            expect(place.endColumn).toBeLessThanOrEqual((last?.length ?? 0) + 1);
            const forward = place.endLine > place.startLine || place.endColumn >= place.startColumn;
            expect(forward, JSON.stringify(place)).toBe(true);
          }
          expect(new Set(reading.subjects.map((subject) => subject.id)).size).toBe(reading.subjects.length);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("holds no hole where a value is set", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const host of hosts)
          expect(JSON.stringify(readScript(text, "f", host, io))).not.toContain("\\u0000");
      }),
      { numRuns: 500, examples: [["docker run ```sh\n\u0000"]] },
    );
  });
});

interface Place {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Every place anywhere in a reading. */
function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== "object" || value === null) return [];
  if ("startLine" in value) return [value as Place];
  return Object.values(value).flatMap(placesIn);
}
