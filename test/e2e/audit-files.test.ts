import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { findControl } from "../../src/controls/registry.ts";
import { builtCommand, type Ran, type RunOptions, runCli } from "../support/cli.ts";
import { testFolder } from "../support/test-folder.ts";

const insecure = `services:
  web:
    image: nginx
    privileged: true
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
`;

let program = "";

beforeAll(() => {
  program = builtCommand();
});

async function audit(cwd: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return await runCli(program, ["audit", ...args], { cwd, ...options });
}

interface Printed {
  readonly schemaVersion: number;
  readonly subjects: readonly { readonly id: string; readonly name: string }[];
  readonly findings: readonly {
    readonly control: string;
    readonly verdict: string;
    readonly subject: string;
    readonly suppressed: unknown;
    readonly baseline: string | null;
    readonly locations: readonly {
      readonly file: string;
      readonly startLine: number;
      readonly startColumn: number;
    }[];
  }[];
  readonly gaps: readonly { readonly file: string | null; readonly reason: string }[];
  readonly summary: { readonly fail: number; readonly suppressed: number };
}

async function auditJson(cwd: string, args: readonly string[], options: RunOptions = {}) {
  const ran = await audit(cwd, [...args, "--format", "json"], options);
  return { ...ran, report: JSON.parse(ran.stdout) as Printed };
}

function failed(report: Printed, control: string) {
  return report.findings.find((each) => each.control === control && each.verdict === "fail");
}

describe("what is audited", () => {
  test("a Compose file: the finding stands where the value is", async () => {
    const { status, report } = await auditJson(testFolder({ "compose.yaml": insecure }), ["compose.yaml"]);
    expect(status).toBe(1);
    expect(report.schemaVersion).toBe(1);
    expect(failed(report, "docker-socket-mount")?.locations[0]).toEqual({
      file: "compose.yaml",
      startLine: 6,
      startColumn: 9,
      endLine: 6,
      endColumn: 50,
    });
  });

  test("nothing named: every file below, and an Engine out of reach is said, not counted", async () => {
    const ran = await audit(testFolder({ "compose.yaml": insecure, "a/Dockerfile": "FROM nginx:1\n" }), []);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toMatch(/1 Compose project, 1 Dockerfile/);
    expect(ran.stdout).toMatch(/no Engine/i);
  });

  test("a folder and a named file load their override, as docker compose does, and -f names them all", async () => {
    const path = testFolder({
      "compose.yaml": "services:\n  web:\n    image: nginx\n",
      "compose.override.yaml": "services:\n  web:\n    privileged: true\n",
    });
    const found = async (args: readonly string[]) =>
      failed((await auditJson(path, args)).report, "privileged");
    expect(await found(["."])).toMatchObject({ locations: [{ file: "compose.override.yaml" }] });
    expect(await found(["compose.yaml"])).toMatchObject({ locations: [{ file: "compose.override.yaml" }] });
    expect(await found(["-f", "compose.yaml"])).toBeUndefined();
    expect(await found(["-f", "compose.yaml", "-f", "compose.override.yaml"])).toBeDefined();
  });

  test("a command line, and standard input of any of the formats", async () => {
    const path = testFolder({});
    const line = await auditJson(path, ["--run", "docker run --privileged --name x nginx"]);
    expect(failed(line.report, "privileged")).toMatchObject({ subject: "--run#x" });
    for (const [input, control] of [
      ["docker run --privileged nginx", "privileged"],
      [insecure, "privileged"],
      ["FROM nginx\nUSER root\n", "image-root-user"],
      ['{"icc": true}', "engine-icc"],
    ] as const) {
      const { report } = await auditJson(path, ["-"], { input });
      expect(failed(report, control), input).toBeDefined();
    }
  });

  test.each([
    ["--run", ["--run", "dockerd -H tcp://0.0.0.0:2375"], ""],
    ["standard input", ["-"], "sudo dockerd \\\n  -H tcp://0.0.0.0:2375\n"],
  ])("a dockerd command line, by %s", async (_, args, input) => {
    const { report } = await auditJson(testFolder({}), args, { input });
    expect(failed(report, "engine-network-socket")?.locations).toHaveLength(1);
  });

  test("a workflow's job container, which no command names", async () => {
    const workflow = "jobs:\n  a:\n    container:\n      image: node:22\n      options: --privileged\n";
    const { report } = await auditJson(testFolder({ ".github/workflows/ci.yml": workflow }), ["."]);
    expect(failed(report, "privileged")).toMatchObject({ locations: [{ startLine: 5 }] });
  });

  test("build: takes the Dockerfile's USER for the service's", async () => {
    const path = testFolder({
      "compose.yaml": "services:\n  web:\n    build: .\n",
      Dockerfile: "FROM nginx:1\nUSER 1000\n",
    });
    const { report } = await auditJson(path, ["compose.yaml"]);
    expect(report.findings.filter((each) => each.control === "root-user")).toEqual([]);
  });

  test("the Dockerfile that build: names is written as the Compose file's own path is", async () => {
    const path = testFolder({
      "deploy/compose.yaml":
        "services:\n  web:\n    build: { context: ../web, dockerfile: Dockerfile.prod }\n",
      "web/Dockerfile.prod": "FROM nginx:1\nUSER root\n",
    });
    const placeOf = async (file: string) =>
      failed((await auditJson(path, [file])).report, "root-user")?.locations[0]?.file;
    expect(await placeOf("deploy/compose.yaml")).toBe("web/Dockerfile.prod");
    expect(await placeOf(join(path, "deploy/compose.yaml"))).toBe(join(path, "web/Dockerfile.prod"));
  });
});

describe("the examples", () => {
  test("the insecure stack fails every row that files can show", async () => {
    const { status, report } = await auditJson(".", ["examples/insecure"]);
    expect(status).toBe(1);
    expect(report.gaps).toEqual([]);
    const failing = new Set(
      report.findings.filter((each) => each.verdict === "fail").map((each) => findControl(each.control)?.row),
    );
    const rows = ["1.1", "1.2", "1.3", "1.4", "1.5", "2.1", "2.2", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9"];
    for (const row of [...rows, "2.10", "2.11", "2.12", "2.13"]) expect([...failing]).toContain(row);
  });

  test("its hardened twin has nothing above info", async () => {
    const { status, report } = await auditJson(".", ["examples/hardened", "--severity", "low"]);
    expect(status).toBe(0);
    expect(report.gaps).toEqual([]);
    expect(report.findings.filter((each) => each.verdict === "fail")).toEqual([]);
  });
});

describe("exit status", () => {
  const medium = "services:\n  web:\n    image: nginx:1\n    user: '1000'\n";

  test.each([
    [medium, [], 0],
    [medium, ["--fail-on", "medium"], 1],
    [insecure, [], 1],
    [insecure, ["--fail-on", "none"], 0],
    [insecure, ["--only", "read-only-rootfs"], 0],
    [insecure, ["--skip", "privileged,docker-socket-mount", "--fail-on", "critical"], 0],
  ] as const)("%j %j → %i", async (text, args, status) => {
    expect((await audit(testFolder({ "compose.yaml": text }), [".", ...args])).status).toBe(status);
  });

  test.each([
    [["--format", "pdf"], /not one of text, json/],
    [["--only", "no-such"], /no control “no-such”/],
    [["--only", "privileged", "--skip", "privileged"], /no control is left to judge by/],
    [["missing.yaml"], /missing.yaml: it does not exist/],
    [["--format", "text,json"], /only one format fits/],
    [["--output", "x.unknown"], /the name of x.unknown does not show its format/],
    [["--baseline", "none.json"], /baseline none.json cannot be read/],
    [["--config", "none.yaml"], /none.yaml cannot be read/],
    [["engine"], /Engine/],
  ] as const)("%j is wrong use: 2, in a line", async (args, words) => {
    const ran = await audit(testFolder({ "compose.yaml": medium }), args);
    expect(ran.status).toBe(2);
    expect(ran.stdout + ran.stderr).toMatch(words);
    expect(ran.stdout + ran.stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
  });
});

describe("bad input: one clear line, the rest audited, exit 2", () => {
  const cases: Readonly<Record<string, readonly [string, string | Uint8Array, RegExp]>> = {
    "broken YAML": ["docker-compose.yml", "services:\n  a: [1, 2\n  b: }\n", /docker-compose\.yml/],
    "binary junk": ["Dockerfile", new Uint8Array(2000).map((_, at) => (at * 7919) % 256), /Dockerfile/],
    "a NUL byte": ["docker-compose.yml", "services:\n  a:\n    image: 'x\0y'\n\0", /./],
    "a cyclic extends": [
      "docker-compose.yml",
      "services:\n  a:\n    extends: b\n  b:\n    extends: a\n",
      /a/,
    ],
    "a missing include": [
      "docker-compose.yml",
      "include: [gone.yaml]\nservices:\n  a:\n    image: x\n",
      /gone\.yaml/,
    ],
    "a daemon.json with comments": ["daemon.json", "{\n  // no\n}\n", /daemon\.json/],
  };
  for (const [title, [name, content, words]] of Object.entries(cases)) {
    test(title, async () => {
      const path = testFolder({ [name]: content, "good/compose.yaml": insecure });
      const { status, report, stderr } = await auditJson(path, ["."]);
      expect(report.gaps.length, JSON.stringify(report.gaps)).toBeGreaterThan(0);
      expect(status).toBe(2);
      expect(report.gaps.map((gap) => `${gap.file} ${gap.reason}`).join("\n")).toMatch(words);
      expect(failed(report, "privileged")?.subject).toBe("good/compose.yaml#web");
      expect(stderr).not.toMatch(/\n\s+at /);
    });
  }

  test("a variable that has to be set where the file is started is no gap", async () => {
    const text = "services:\n  web:\n    image: nginx:1\n    privileged: ${X:?say it}\n";
    const { status, report } = await auditJson(testFolder({ "compose.yaml": text }), ["."]);
    expect(report.gaps).toEqual([]);
    expect(status).toBe(0);
    expect(
      report.findings.filter(({ control }) => control === "privileged").map(({ verdict }) => verdict),
    ).toEqual(["unknown"]);
  });

  test("an alias bomb and a line of 5 MB end soon and small", async () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (let at = 1; at < 26; at += 1) {
      const [from, to] = [at - 1, at].map((each) => String.fromCharCode(97 + each));
      bomb.push(
        `${to}: &${to} [*${from},*${from},*${from},*${from},*${from},*${from},*${from},*${from},*${from}]`,
      );
    }
    const path = testFolder({
      "compose.yaml": `${bomb.join("\n")}\nservices:\n  web:\n    image: x\n    cap_add: *z\n    environment: *z\n`,
      "long/compose.yaml": `services:\n  web:\n    image: x\n    command: "${"y".repeat(5_000_000)}"\n    privileged: true\n`,
      "run.sh": `#!/bin/sh\ndocker run --privileged -e X=${"z".repeat(5_000_000)} nginx\n`,
    });
    // Read without a measure, the bomb ends after the test's time, or with all memory gone.
    const { report } = await auditJson(path, ["."], { env: { NODE_OPTIONS: "--max-old-space-size=900" } });
    const privileged = report.findings.filter(
      (each) => each.control === "privileged" && each.verdict === "fail",
    );
    expect(privileged.map((each) => each.subject).toSorted()).toEqual([
      "long/compose.yaml#web",
      "run.sh#nginx",
    ]);
  });

  test("BOM and CRLF change nothing but the bytes", async () => {
    const path = testFolder({ "compose.yaml": `\uFEFF${insecure.replaceAll("\n", "\r\n")}` });
    const { report } = await auditJson(path, ["compose.yaml"]);
    expect(failed(report, "privileged")?.locations[0]).toMatchObject({ startLine: 4, startColumn: 17 });
    expect(report.gaps).toEqual([]);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "a file that may not be read is a gap, the rest is audited",
    async () => {
      const path = testFolder({
        "closed/compose.yaml": insecure,
        "shut/compose.yaml": insecure,
        "open/compose.yaml": insecure,
      });
      chmodSync(join(path, "closed/compose.yaml"), 0);
      chmodSync(join(path, "shut"), 0);
      const { status, report } = await auditJson(path, ["."], { uid: 65534 });
      expect(status).toBe(2);
      expect(report.gaps.map((gap) => [gap.file, gap.reason])).toEqual(
        expect.arrayContaining([
          ["closed/compose.yaml", expect.stringMatching(/permission denied/)],
          ["shut", expect.stringMatching(/permission denied/)],
        ]),
      );
      expect(failed(report, "privileged")?.subject).toBe("open/compose.yaml#web");
    },
  );
});

describe("what is accepted", () => {
  test("a comment beside the line, with a reason; it returns after its date", async () => {
    const ignored = (until: string) =>
      insecure.replace(
        "privileged: true",
        `privileged: true # bulkhead-ignore privileged ${until} -- the GPU`,
      );
    const { report } = await auditJson(testFolder({ "compose.yaml": ignored("") }), ["."]);
    expect(failed(report, "privileged")?.suppressed).toMatchObject({ reason: "the GPU" });
    expect(report.summary.suppressed).toBe(1);
    const over = await auditJson(testFolder({ "compose.yaml": ignored("until=2020-01-01") }), ["."]);
    expect(failed(over.report, "privileged")?.suppressed).toBeNull();
  });

  test("the configuration, found upwards", async () => {
    const path = testFolder({
      "bulkhead.yaml": "ignores:\n  - { control: privileged, subject: web, reason: known }\n",
      "deep/down/compose.yaml": insecure,
    });
    const { report } = await auditJson(join(path, "deep/down"), ["."]);
    expect(failed(report, "privileged")?.suppressed).toMatchObject({ kind: "config", reason: "known" });
  });

  test("a wrong configuration is told with line and caret, and nothing is audited", async () => {
    const path = testFolder({
      "bulkhead.yaml": "failOn: high\nskpi: [privileged]\n",
      "compose.yaml": insecure,
    });
    const ran = await audit(path, ["."]);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toMatch(/bulkhead\.yaml:2:\d+: .*skpi/);
    expect(ran.stderr).toMatch(/\^/);
    expect(ran.stdout).toBe("");
  });

  test("a baseline: only what is new counts, moved lines change nothing, and what is gone is fixed", async () => {
    const path = testFolder({ "compose.yaml": insecure, "bulkhead.yaml": "" });
    await audit(path, [".", "--write-baseline", "base.json"]);
    const moved = testFolder({
      "compose.yaml": `# a comment\n\n${insecure}`,
      "bulkhead.yaml": "",
      "base.json": readFileSync(join(path, "base.json")),
    });
    const same = await auditJson(moved, [".", "--baseline", "base.json"]);
    expect(same.status).toBe(0);
    expect(
      new Set(same.report.findings.filter((each) => each.verdict === "fail").map((each) => each.baseline)),
    ).toEqual(new Set(["unchanged"]));
    const more = testFolder({
      "compose.yaml": insecure.replace("privileged: true", "pid: host"),
      "bulkhead.yaml": "",
      "base.json": readFileSync(join(path, "base.json")),
    });
    const changed = await auditJson(more, [".", "--baseline", "base.json"]);
    expect(changed.status).toBe(1);
    expect(failed(changed.report, "host-pid")?.baseline).toBe("new");
    expect((await audit(more, [".", "--baseline", "base.json"])).stdout).toMatch(/fixed/i);
  });
});

describe("files that say docker run's options in their own way", () => {
  const files = {
    "units/web.container": "[Container]\nImage=nginx:1.27\nVolume=/run/podman/podman.sock:/s\n",
    ".devcontainer/devcontainer.json": '{"image":"debian:12","runArgs":["--privileged"]}',
    Jenkinsfile: "pipeline { agent { docker { image 'maven:3.9' args '--network host' } } }\n",
    "start.sh": "podman run --replace --pid host -d debian:12\n",
  };

  test("are found and judged", async () => {
    const { status, report } = await auditJson(testFolder(files), ["."]);
    expect(status).toBe(1);
    const serious = ["docker-socket-mount", "privileged", "host-network", "host-pid"];
    expect(serious.map((control) => failed(report, control)?.subject)).toEqual([
      "units/web.container#nginx",
      ".devcontainer/devcontainer.json#debian",
      "Jenkinsfile#maven",
      "start.sh#debian",
    ]);
  });

  test("are left alone by fix, which says so", async () => {
    const path = testFolder(files);
    const { stderr, stdout } = await runCli(program, ["fix", "--apply", "units/web.container"], {
      cwd: path,
    });
    expect((stderr + stdout).replace(/\s+/g, " ")).toContain(
      "bulkhead reads Quadlet units and does not write them",
    );
    expect(readFileSync(join(path, "units/web.container"), "utf8")).toBe(files["units/web.container"]);
  });

  test("a devcontainer.json that names a Compose file leads to that", async () => {
    const path = testFolder({
      "compose.dev.yaml": insecure,
      ".devcontainer/devcontainer.json": '{"dockerComposeFile":["../compose.dev.yaml"],"service":"web"}',
    });
    const { report } = await auditJson(path, [".devcontainer/devcontainer.json"]);
    expect(failed(report, "privileged")?.subject).toBe("compose.dev.yaml#web");
  });
});

describe("what comes out", () => {
  test("several formats at once, each in its file", async () => {
    const path = testFolder({ "compose.yaml": insecure });
    const ran = await audit(path, [
      ".",
      ...["--format", "json,sarif", "--output", "a.json", "--output", "b.sarif"],
      ...["--output", "c.html", "--output", "d.xml", "--output", "e.md"],
    ]);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toMatch(/findings.*a\.json, b\.sarif, c\.html, d\.xml, e\.md/);
    expect(readFileSync(join(path, "b.sarif"), "utf8")).toMatch(/"version": ?"2\.1\.0"/);
    expect(readFileSync(join(path, "c.html"), "utf8")).toMatch(/^<!doctype html>/i);
    expect(readFileSync(join(path, "c.html"), "utf8")).not.toMatch(/â/);
  });

  test("a planted secret is in no report", async () => {
    const secret = "Xq9-planted-Zz7";
    const path = testFolder({
      "compose.yaml": `services:\n  db:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: ${secret}\n      URL: "postgres://u:${secret}@db/x"\n`,
      Dockerfile: `FROM nginx\nENV API_TOKEN=${secret} OTHER="${secret}"\nARG PASSWORD=${secret}\n`,
      "run.sh": `docker run -e TOKEN=${secret} --privileged nginx\n`,
      "broken/compose.yaml": `services:\n  db:\n    environment:\n      PASSWORD: "${secret}\n`,
    });
    for (const format of ["text", "json", "sarif", "junit", "html", "markdown", "github"]) {
      const ran = await audit(path, [".", "--format", format, "--verbose"]);
      expect(ran.stdout.length).toBeGreaterThan(100);
      expect(ran.stdout + ran.stderr, format).not.toContain(secret);
    }
  });

  test.each(["container:", "image:"])("%s without a name is wrong use, in one line", async (target) => {
    const { status, stdout, stderr } = await audit(testFolder({}), [target]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toBe(`bulkhead: ${target} needs a name behind the colon: ${target}NAME\n`);
  });

  test("explain tells a control, and suggests one for a wrong name", async () => {
    expect((await runCli(program, ["explain", "docker-socket-mount"])).stdout).toMatch(/docker\.sock/);
    const wrong = await runCli(program, ["explain", "socket"]);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(/did you mean .*docker-socket-mount/);
  });
});
