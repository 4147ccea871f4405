import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { hasProgram } from "../support/has-program.ts";
import { testFolder } from "../support/test-folder.ts";

let program = "";

beforeAll(() => {
  program = builtCommand();
});

const moved = ["--no-config", "--apply", "--only", "image-secret", "--accept", "image-secret"];

function fix(cwd: string, ...args: readonly string[]): Promise<Ran> {
  return runCli(program, ["fix", "--no-color", ...args], { cwd });
}

const read = (cwd: string, name: string) => readFileSync(join(cwd, name), "utf8");

/** What docker compose itself makes of the project's environment. */
function environmentOf(cwd: string, service: string): Readonly<Record<string, string>> {
  const text = execFileSync("docker-compose", ["config", "--format", "json"], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd },
    encoding: "utf8",
  });
  return JSON.parse(text).services[service].environment;
}

const compose = `services:
  db:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: "it's a $$ecret # 1"
      POSTGRES_USER: admin
  app:
    image: acme/own:1
    environment:
      - API_TOKEN=hunter2hunter2
`;

test.runIf(hasProgram("docker-compose"))(
  "a secret moves to .env, and docker compose gives the service the same value",
  async () => {
    const cwd = testFolder({ "compose.yaml": compose, ".gitignore": "node_modules" });
    const before = [environmentOf(cwd, "db"), environmentOf(cwd, "app")];
    const ran = await fix(cwd, ...moved);
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stdout + ran.stderr).not.toMatch(/hunter2|it's a/);
    expect(read(cwd, "compose.yaml")).not.toMatch(/hunter2|ecret #/);
    expect([environmentOf(cwd, "db"), environmentOf(cwd, "app")]).toEqual(before);
    expect(statSync(join(cwd, ".env")).mode & 0o777).toBe(0o600);
    expect(read(cwd, ".gitignore")).toBe("node_modules\n# Has secrets.\n.env\n");
  },
);

test("without --accept nothing moves", async () => {
  const cwd = testFolder({ "compose.yaml": compose });
  const ran = await fix(cwd, "--no-config", "--apply", "--only", "image-secret");
  expect(ran.status).toBe(0);
  expect(read(cwd, "compose.yaml")).toBe(compose);
  expect(ran.stderr).toContain("2 decision");
});

test("a .env that is there keeps its lines and its mode, and .gitignore what it has", async () => {
  const cwd = testFolder({
    "compose.yaml": compose,
    ".env": "TAG=1 # kept\nAPI_TOKEN=hunter2hunter2",
    ".gitignore": ".env*\n",
  });
  expect((await fix(cwd, ...moved)).status).toBe(0);
  expect(read(cwd, ".env")).toMatch(
    /^TAG=1 # kept\nAPI_TOKEN=hunter2hunter2\nPOSTGRES_PASSWORD=.*ecret # 1"\n$/,
  );
  expect(read(cwd, ".gitignore")).toBe(".env*\n");
});

test.each([
  ["another value is in .env", { ".env": "API_TOKEN=other\n" }, "has another value for API_TOKEN"],
  ["a variable with a default", { default: "${PG_PW:-hunter2hunter2}" }, "is built from other variables"],
  ["two services with two values", { second: "hunter3hunter3" }, "has another value for API_TOKEN"],
] as const)("%s: the file keeps the value", async (_, more, why) => {
  const token = "default" in more ? more.default : "hunter2hunter2";
  const app = (value: string) => `    image: acme/own:1\n    environment:\n      API_TOKEN: ${value}\n`;
  const second = "second" in more ? `  b:\n${app(more.second)}` : "";
  const text = `services:\n  a:\n${app(token)}${second}`;
  const cwd = testFolder({
    "compose.yaml": text,
    ...(".env" in more && { ".env": more[".env"] }),
  });
  const ran = await fix(cwd, ...moved);
  expect(ran.stdout).toContain(why);
  const after = `${read(cwd, "compose.yaml")}${".env" in more || "second" in more ? read(cwd, ".env") : ""}`;
  expect(after).toContain(token);
  if ("second" in more) expect(after).toContain(more.second);
});

test("a docker run line keeps its secret, since nothing reads a .env for it", async () => {
  const text = "docker run -e API_TOKEN=hunter2hunter2 acme/own:1\n";
  const cwd = testFolder({ "run.sh": text });
  await fix(cwd, "--no-config", "--apply", "--only", "image-secret");
  expect(read(cwd, "run.sh")).toBe(text);
});

test("where .env cannot be written the file keeps the secret", async () => {
  const cwd = testFolder({ "compose.yaml": compose, ".env/kept": "" });
  const ran = await fix(cwd, ...moved);
  expect(read(cwd, "compose.yaml")).toBe(compose);
  expect(ran.stdout).toContain(".env cannot be read: it is a folder");
});
