import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectRunLaw, patchesFor, runsIn, writeRun } from "../../../test/support/formats/run-writing.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { WriterHost } from "./write/quote.ts";

/** A value as somebody may have quoted it, where it needs no quotes. */
const styled = (value: string) => fc.constantFrom(value, value, value, `'${value}'`, `"${value}"`);
const pick = (...values: readonly string[]) => fc.constantFrom(...values).chain(styled);

function valued(names: readonly string[], value: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  return fc
    .tuple(fc.constantFrom(...names), value, fc.constantFrom("=", " ", ""))
    .map(([name, text, joint]) => {
      if (name.startsWith("--")) return joint === "=" ? [`${name}=${text}`] : [name, text];
      return joint === " " ? [name, text] : [`${name}${joint}${text}`];
    });
}

const flag = fc.oneof(
  fc.constantFrom("-d", "-it", "-itd", "--rm", "-P", "-itP", "-Pd", "--init").map((each) => [each]),
  fc
    .constantFrom("--privileged", "--read-only", "--oom-kill-disable", "--publish-all")
    .chain((name) => fc.constantFrom("", "", "=true", "=false").map((value) => [name + value])),
  valued(["-m", "--memory", "--memory-swap"], pick("1g", "512m", "100000000")),
  valued(["--cpus"], pick("1.5", ".5", "2")),
  valued(["--pids-limit", "--cpu-quota"], pick("0", "200", "100000")),
  valued(["-u", "--user"], pick("root", "0:0", "1000")),
  valued(["-p", "--publish"], pick("80:80", "8080:80/tcp", "53:53/udp", "80", "0.0.0.0:443:443", "[::]:1:1")),
  valued(
    ["-v", "--volume"],
    pick(
      "/a:/b",
      "/a:/b:z",
      "/c:/d:rw",
      "/var/run/docker.sock:/s",
      "data:/data",
      "/anonymous",
      "./x:/y:rslave",
    ),
  ),
  valued(["-itv", "-Pv"], pick("/a:/b")),
  valued(
    ["-v"],
    fc.constantFrom('"/a b:/c"', "'/a b':/c:z", "/a\\ b:/c", "$HOME/x:/y", '"$HOME/x:/y"', "$(pwd):/w"),
  ),
  valued(
    ["--mount"],
    pick(
      "type=bind,src=/a,dst=/b",
      "type=bind,source=/a,target=/b,readonly=false",
      "type=tmpfs,dst=/t,tmpfs-size=1g",
    ),
  ),
  valued(["--tmpfs"], pick("/tmp", "/run:exec,size=1g", "/x:rw,noexec,suid", "/y:defaults")),
  valued(["--cap-add", "--cap-drop"], pick("SYS_ADMIN", "net_raw", "ALL", "CAP_CHOWN")),
  valued(["--device"], pick("/dev/fuse", "/dev/sda:/dev/xvda:r")),
  valued(
    ["--security-opt"],
    pick(
      "seccomp=unconfined",
      "apparmor:unconfined",
      "label=disable",
      "label:level:s0:c1",
      "no-new-privileges=false",
      "no-new-privileges:false",
      "systempaths=unconfined",
    ),
  ),
  valued(["--net", "--network"], pick("host", "web", "container:db", "none")),
  valued(["--pid", "--uts", "--userns"], pick("host")),
  valued(["--ipc"], pick("host", "shareable")),
  valued(["-e", "--env"], pick("A=1", "TOKEN=x", "PASSED")),
  valued(["-l", "--label"], pick("a=b", "note=old")),
  valued(["--log-opt", "--log-driver"], pick("max-size=1g", "json-file")),
  valued(["--ulimit"], pick("nofile=1", "nproc=1:2")),
  valued(["--storage-opt"], pick("size=1G")),
  valued(["--volumes-from"], pick("db", "db:ro")),
  valued(["--device-cgroup-rule"], fc.constantFrom("'c 1:3 mr'", '"a *:* rwm"')),
  valued(["--name"], pick("web")),
);

interface Shape {
  readonly flags: readonly (readonly string[])[];
  /** For each gap: whether a line ends there. */
  readonly breaks: readonly boolean[];
  readonly oneALine: boolean;
  readonly indent: string;
  readonly tail: string;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  flags: fc.array(flag, { maxLength: 7 }),
  breaks: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  oneALine: fc.boolean(),
  indent: fc.constantFrom("  ", "    ", "\t"),
  tail: fc.constantFrom("", " sh -c true", " -p 1:1"),
});

/** The command's physical lines, without what continues them. */
function linesOf({ flags, breaks, oneALine, indent, tail }: Shape): readonly string[] {
  const lines = ["docker run"];
  for (const [index, each] of [...flags, [`nginx${tail}`]].entries()) {
    const breaksHere = oneALine || breaks[index];
    if (breaksHere) lines.push(indent + each.join(" "));
    else lines.push(`${lines.pop()} ${each.join(" ")}`);
  }
  return lines;
}

const others = "docker run --privileged -v /other:/o:z other";

/** The flags alone, as the value of `options:`. */
function optionsOf(lines: readonly string[]): string {
  const flags = lines.map((line) => line.trim()).join(" ");
  return flags.replace(/^docker run ?/, "").replace(/ ?nginx.*$/, "") || '""';
}

const continued = (lines: readonly string[], end = "\n", lead = "") =>
  lines.map((line, index) => (index === 0 ? line : lead + line)).join(` \\${end}`);

/** The command in a file of each kind, beside another one. */
const hosts: readonly (readonly [string, WriterHost, (lines: readonly string[]) => string])[] = [
  ["a line", "line", (lines) => continued(lines)],
  ["a script", "shell", (lines) => `#!/bin/sh\nset -e\n${continued(lines)} && echo ok # done\n${others}\n`],
  ["a script with CRLF", "shell", (lines) => `#!/bin/sh\r\n${continued(lines, "\r\n")}\r\n${others}`],
  ["a function", "shell", (lines) => `f() {\n  sudo ${continued(lines, "\n", "  ")}\n}\n`],
  ["Markdown", "markdown", (lines) => `# Web\n\n\`\`\`bash\n${continued(lines)}\n${others}\n\`\`\`\n\nEnd`],
  ["a quoted fence", "markdown", (lines) => `> \`\`\`\n> ${continued(lines, "\n", "> ")}\n> \`\`\`\n`],
  [
    "a fence in a list",
    "markdown",
    (lines) => `1. Run\n\n   \`\`\`sh\n   ${continued(lines, "\n", "   ")}\n   \`\`\`\n`,
  ],
  ["a console", "markdown", (lines) => `\`\`\`console\n$ ${continued(lines, "\n", "> ")}\nabc\n\`\`\`\n`],
  [
    "a Makefile",
    "makefile",
    (lines) =>
      `IMAGE = x\nrun: build\n\t@${continued(lines, "\n", "\t").replaceAll("$", "$$$$")}\n\t${others}\n`,
  ],
  [
    "a block scalar",
    "github-actions",
    (lines) =>
      `jobs:\n  a:\n    steps:\n      - run: |\n          ${continued(lines, "\n", "          ")}\n      - run: ${others}\n`,
  ],
  [
    "a plain scalar",
    "gitlab-ci",
    (lines) => `a:\n  script:\n    - ${lines.join(" ").replaceAll(/\s+/g, " ")}\n    - ${others}\n`,
  ],
  [
    "a plain scalar on several lines",
    "gitlab-ci",
    (lines) => `a:\n  script:\n    - ${lines.map((line) => line.trim()).join("\n      ")}\n`,
  ],
  [
    "single quotes in YAML",
    "gitlab-ci",
    (lines) =>
      `a:\n  script: ['${lines
        .map((line) => line.trim())
        .join(" ")
        .replaceAll("'", "''")}']\n`,
  ],
  [
    "double quotes in YAML",
    "gitlab-ci",
    (lines) =>
      `a:\n  script:\n    - "${lines
        .map((line) => line.trim())
        .join(" ")
        .replaceAll(/["\\]/g, "\\$&")}"\n`,
  ],
  ["a unit", "systemd", (lines) => `[Service]\nExecStart=${continued(lines)}\nRestart=always\n`],
  [
    "a job's container",
    "github-actions",
    (lines) =>
      `jobs:\n  a:\n    container:\n      volumes:\n        - /v:/v\n      image: nginx\n      options: ${optionsOf(lines)}\n    steps: []\n`,
  ],
  ["a payload", "shell", (lines) => `bash -c "${continued(lines).replaceAll(/["$`]/g, "\\$&")}"\n`],
  [
    "a payload in single quotes",
    "shell",
    (lines) => `sh -c '${continued(lines).replaceAll("'", "'\\''")}'\n`,
  ],
  ["a here-document", "shell", (lines) => `bash <<'END'\n${continued(lines)}\nEND\n`],
];

/** Some patches that fit the view, by the numbers that chose them. */
function chosen(all: readonly ContainerPatch[], seeds: readonly number[]): readonly ContainerPatch[] {
  const found = seeds.flatMap((seed) => all[seed % all.length] ?? []);
  const used = new Set<string>();
  return found.filter((patch) => {
    // Two patches of one fact may contradict each other: each is made once.
    const key =
      patch.op === "set" || patch.op === "unset" ? patch.field : JSON.stringify([patch.field, patch.value]);
    return used.has(key) ? false : used.add(key);
  });
}

describe("the law of formats holds in", () => {
  test.each(hosts)("%s", (_name, host, wrap) => {
    let made = 0;
    fc.assert(
      fc.property(shape, fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), (given, seeds) => {
        const text = wrap(linesOf(given));
        const view = runsIn(text, host)[0]?.views[0];
        if (!view) return;
        const patches = chosen(patchesFor(view), seeds);
        expectRunLaw(text, host, patches);
        const { refused } = writeRun(text, host, () => patches);
        made += patches.length - refused.length;
      }),
      { numRuns: 50 },
    );
    expect(made).toBeGreaterThan(50);
  });
});
