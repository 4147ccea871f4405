import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { builtCommand, folderOf } from "../support/cli.ts";

// The files that make a CI audit are run here as that CI runs their steps, but on this machine.

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const repository = folderOf({
  "compose.yaml": readFileSync("examples/insecure/compose.yaml", "utf8"),
  "clean/Dockerfile": "FROM scratch\nUSER 1000\n",
});
const tools = folderOf({});
const tarball = join(tools.path, "release.tgz");
let sha256 = "";

/** What a user puts into the file. */
function release() {
  return { BULKHEAD_TARBALL: `file:${tarball}`, BULKHEAD_SHA256: sha256 };
}

beforeAll(() => {
  const program = builtCommand();
  // A release: its one file that runs is the built command.
  mkdirSync(join(tools.path, "package/dist"), { recursive: true });
  writeFileSync(join(tools.path, "package/package.json"), JSON.stringify({ name: "bulkhead", version }));
  const wrapper = `process.argv[1] = ${JSON.stringify(program)}; require(process.argv[1]);\n`;
  writeFileSync(join(tools.path, "package/dist/bulkhead.cjs"), wrapper);
  execFileSync("tar", ["-czf", tarball, "-C", tools.path, "package"]);
  sha256 = createHash("sha256").update(readFileSync(tarball)).digest("hex");
  mkdirSync(join(tools.path, "action"));
  writeFileSync(join(tools.path, "action/bulkhead"), `#!/bin/sh\nexec node -- "${program}" "$@"\n`);
  chmodSync(join(tools.path, "action/bulkhead"), 0o755);
});

afterAll(() => {
  repository.remove();
  tools.remove();
});

function run(script: string, variables: Readonly<Record<string, string>> = {}) {
  const ran = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
    cwd: repository.path,
    encoding: "utf8",
    env: {
      PATH: `${tools.path}:${process.env.PATH ?? ""}`,
      HOME: tools.path,
      DOCKER_HOST: "unix:///nonexistent/docker.sock",
      ...variables,
    },
  });
  return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

interface Step {
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uses?: string;
}

describe("action.yml", () => {
  const action = parse(readFileSync("action.yml", "utf8"));
  const steps: readonly Step[] = action.runs.steps;

  /** The runner's part: inputs into expressions, files for outputs and the summary. */
  function perform(inputs: Readonly<Record<string, string>>) {
    const output = join(tools.path, "output");
    const summary = join(tools.path, "summary");
    for (const file of [output, summary]) writeFileSync(file, "");
    const outputs = () =>
      Object.fromEntries(
        readFileSync(output, "utf8")
          .trim()
          .split("\n")
          .map((line) => line.split("=")),
      );
    const ran = steps.flatMap((step) => {
      if (step.run === undefined) return [];
      const variables = Object.entries(step.env ?? {}).map(([name, text]) => [
        name,
        text
          .replace(
            /\$\{\{ inputs\.([\w-]+) \}\}/g,
            (_, input) => inputs[input] ?? action.inputs[input].default,
          )
          .replace(/\$\{\{ steps\.audit\.outputs\.(\w+) \}\}/g, (_, name) => outputs()[name]),
      ]);
      return [
        run(step.run, {
          GITHUB_ACTION_PATH: join(tools.path, "action"),
          GITHUB_OUTPUT: output,
          GITHUB_STEP_SUMMARY: summary,
          RUNNER_TEMP: tools.path,
          ...Object.fromEntries(variables),
        }),
      ];
    });
    return { ran, outputs: outputs(), summary: readFileSync(summary, "utf8") };
  }

  test("annotates, writes SARIF and a summary, and fails the job last", () => {
    const { ran, outputs, summary } = perform({});
    expect(ran.map(({ status }) => status)).toEqual([0, 1]);
    expect(ran[0]?.stdout).toContain("::error file=compose.yaml,");
    expect(outputs).toEqual({ sarif: "bulkhead.sarif", status: "1" });
    const sarif = JSON.parse(readFileSync(join(repository.path, "bulkhead.sarif"), "utf8"));
    expect(sarif.runs[0].results.length).toBeGreaterThan(0);
    expect(summary).toContain("docker-socket-mount");
  });

  test("takes several targets, and succeeds where nothing is at fail-on", () => {
    const { ran } = perform({ targets: "clean\n\ncompose.yaml\n", "fail-on": "none", sarif: "other.sarif" });
    expect(ran.map(({ status }) => status)).toEqual([0, 0]);
    expect(existsSync(join(repository.path, "other.sarif"))).toBe(true);
  });

  test("does not run what an input says", () => {
    const { ran } = perform({ targets: '$(touch hacked)"; touch hacked #', "fail-on": "none" });
    expect(existsSync(join(repository.path, "hacked"))).toBe(false);
    expect(ran.at(-1)?.status).toBe(2);
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });
});

test.each([
  ["packaging/ci/gitlab/templates/bulkhead.yml", "the component"],
  ["packaging/ci/gitlab.yml", "the job"],
])("%s: %s for GitLab audits, and hands in its reports", (path) => {
  const documents = parseAllDocuments(readFileSync(path, "utf8")).map((each) => each.toJS());
  const inputs = documents.find(({ spec }) => spec)?.spec.inputs ?? {};
  const { bulkhead } = documents.find((each) => each.bulkhead);
  const script = bulkhead.script
    .join("\n")
    .replace(/\$\[\[ inputs\.([\w-]+) \]\]/g, (_: string, name: string) => inputs[name].default);
  expect(run(script, release()).status).toBe(1);
  const { junit, codequality } = bulkhead.artifacts.reports;
  expect(readFileSync(join(repository.path, junit), "utf8")).toContain("<failure");
  const issues = JSON.parse(readFileSync(join(repository.path, codequality), "utf8"));
  expect(issues.map((each: { check_name: string }) => each.check_name)).toContain("docker-socket-mount");
  for (const each of issues) {
    expect(each.fingerprint).not.toBe("");
    expect(each.location.path).toBe("compose.yaml");
  }
});

test("the GitHub workflow that init writes audits, and its SARIF file is there", () => {
  const { jobs } = parse(readFileSync("packaging/ci/github.yml", "utf8"));
  const steps: readonly (Step & { with?: { sarif_file?: string } })[] = jobs.bulkhead.steps;
  const ran = run(steps.find((step) => step.run !== undefined)?.run ?? "exit 98", release());
  expect(ran.status).toBe(1);
  expect(ran.stdout).toContain("::error file=compose.yaml,");
  const file = steps.find((step) => step.with?.sarif_file)?.with?.sarif_file ?? "";
  expect(JSON.parse(readFileSync(join(repository.path, file), "utf8")).version).toBe("2.1.0");
});

test("the Jenkinsfile's steps audit, and the file that it publishes is there", () => {
  const text = readFileSync("packaging/ci/Jenkinsfile", "utf8");
  const [, script = ""] = /sh '''([^']+)'''/.exec(text) ?? [];
  const [, results = ""] = /testResults: '([^']+)'/.exec(text) ?? [];
  expect(run(script, release()).status).toBe(1);
  expect(readFileSync(join(repository.path, results), "utf8")).toContain("<failure");
});

test.each([
  ["packaging/ci/woodpecker.yaml", (file: Written) => file.steps?.[0]?.commands?.join("\n")],
  ["packaging/ci/forgejo.yaml", (file: Written) => file.jobs?.bulkhead?.steps.at(-1)?.run],
])("%s audits", (path, scriptOf) => {
  const script = scriptOf(parse(readFileSync(path, "utf8")));
  const ran = run(script ?? "exit 98", release());
  expect(ran.status).toBe(1);
  expect(ran.stdout).toContain("docker-socket-mount");
});

test("another file than the one that was asked for is not run", () => {
  const { steps } = parse(readFileSync("packaging/ci/woodpecker.yaml", "utf8"));
  const ran = run(steps[0].commands.join("\n"), { ...release(), BULKHEAD_SHA256: "0".repeat(64) });
  expect(ran.status).toBe(1);
  expect(ran.stdout).not.toContain("docker-socket-mount");
});

test("nothing that is printed, written or documented installs bulkhead by its name from a registry", () => {
  const files = execFileSync(
    "git",
    ["ls-files", "src", "docs", "packaging", "README.md", "action.yml", "examples"],
    {
      encoding: "utf8",
    },
  );
  const wrong = files
    .trim()
    .split("\n")
    .filter(
      (file) => /\.(?:ts|md|ya?ml|cjs|mjs|sh|json)$|Jenkinsfile$/.test(file) && !file.endsWith(".test.ts"),
    )
    .filter((file) =>
      /\b(?:npx|npm (?:i|install|exec)|dlx|bunx)\b[^\n`]*\bbulkhead@/.test(readFileSync(file, "utf8")),
    );
  expect(wrong).toEqual([]);
});

test("no file of a CI says another severity than bulkhead.yaml", () => {
  const files = execFileSync("git", ["ls-files", "packaging/ci"], { encoding: "utf8" }).trim().split("\n");
  for (const file of files)
    expect(readFileSync(file, "utf8"), file).not.toMatch(/--fail-on (?:high|medium|low|info)/);
});

interface Written {
  readonly steps?: readonly { readonly commands?: readonly string[] }[];
  readonly jobs?: { readonly bulkhead?: { readonly steps: readonly Step[] } };
}

test("bulkhead's own audit has nothing against these files", () => {
  const program = resolve(tools.path, "action/bulkhead");
  const ran = spawnSync(
    program,
    ["audit", "--fail-on", "info", resolve("action.yml"), resolve("packaging/ci")],
    {
      encoding: "utf8",
      env: { PATH: process.env.PATH ?? "", DOCKER_HOST: "unix:///nonexistent/docker.sock" },
    },
  );
  expect(ran).toMatchObject({ status: 0, stderr: "" });
});
