import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ci,
  compose,
  dockerfile,
  inspect,
  judge,
  run,
  testControl,
  view,
} from "../../../test/support/control-table.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readCompose } from "../../formats/compose/read.ts";
import { container } from "../../model/container.ts";
import { set, unseen } from "../../model/fact.ts";
import { image } from "../../model/image.ts";
import { processorTime } from "../../watch/reading/sweep.ts";
import { bareContext } from "../control.ts";
import { imageSecret } from "./image-secret.ts";

const environment = (line: string) =>
  compose(`services:\n  web:\n    image: web\n    environment:\n      ${line}\n`);
const service = (env: string) => `jobs:
  a:
    services:
      db:
        image: postgres:16
        env: { ${env} }
    steps: []
`;
const gitlabService = (variables: string) =>
  `a:\n  services:\n    - { name: "postgres:16", alias: db, variables: { ${variables} } }\n  script: [make]\n`;
const info = {
  severity: "info",
  message: /well-known password: it opens only a server that ends with/,
} as const;
const jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0", "c2lnbmF0dXJl"].join(".");

testControl(imageSecret, {
  fails: [
    // By name.
    dockerfile("FROM debian:12\nENV DB_PASSWORD=hunter2", { message: /^sets ENV DB_PASSWORD to a literal/ }),
    dockerfile("FROM debian:12\nENV LDAP_ROOTPASS=fsociety A=b"),
    dockerfile("FROM debian:12\nARG NPM_TOKEN=abcdefgh", { message: /sets ARG NPM_TOKEN to/ }),
    dockerfile("FROM debian:12 AS build\nENV API_KEY=abcdefgh\nFROM debian:12"),
    run("docker run -e POSTGRES_PASSWORD=changeme postgres"),
    run("docker run --env pgpassword=123456 postgres"),
    environment("AWS_SECRET_ACCESS_KEY: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    environment("dbPassword: hunter2"),
    environment("SECRET_KEY_BASE: 0123456789abcdef"),
    environment("NEO4J_AUTH: neo4j/hunter2"),
    environment("PASS: ${PASS:-hunter2}"),
    environment("MYSQL_PWD: hunter2"),
    // By value.
    environment("KEY_ID: AKIAIOSFODNN7EXAMPLE"),
    environment(`GREETING: ${jwt}`),
    environment("DATABASE_URL: postgres://app:hunter2@db/app"),
    environment("REDIS: redis://:hunter2@cache:6379"),
    environment("DSN: app:hunter2@tcp(db:3306)/app"),
    environment("DB: Server=db;User Id=sa;Password=hunter2;"),
    environment("HOOK: https://hooks.example/?token=abcdef"),
    environment("CERT: '-----BEGIN RSA PRIVATE KEY-----'"),
    environment("URL: postgres://app:${PW:-hunter2}@db/app"),
    // A database for one job of a CI.
    ci("github-actions", service("POSTGRES_PASSWORD: postgres"), info),
    ci("github-actions", service("POSTGRES_USER: shop, POSTGRES_PASSWORD: shop"), info),
    ci("github-actions", service("MYSQL_ROOT_PASSWORD: test_password_1"), info),
    ci("github-actions", service("SA_PASSWORD: yourStrong(!)Passw0rd"), info),
    ci("github-actions", service("DATABASE_URL: 'postgres://postgres:postgres@localhost:5432/test'"), info),
    ci("github-actions", service("DATABASE_URL: 'postgres://test:test@db/a?sslmode=disable'"), info),
    ci("gitlab-ci", gitlabService("POSTGRES_PASSWORD: postgres"), info),
    ci(
      "gitlab-ci",
      "db: { image: node:20, script: [make] }\nvariables: { POSTGRES_PASSWORD: secret }\n",
      info,
    ),
    ci("github-actions", service("POSTGRES_PASSWORD: kT9vQx2LmZ"), { severity: "low" }),
    // One that opens more than that job's database.
    ci("github-actions", service("DEPLOY_TOKEN: kT9vQx2LmZ")),
    ci("github-actions", service("POSTGRES_PASSWORD: postgres, DEPLOY_TOKEN: kT9vQx2LmZ")),
    ci("github-actions", service("POSTGRES_PASSWORD: AKIAIOSFODNN7EXAMPLE")),
    ci("github-actions", service("DATABASE_URL: 'postgres://postgres:postgres@db.example.com/shop'")),
    ci("github-actions", service("DATABASE_URL: 'postgres://postgres:kT9vQx2LmZ@localhost/shop'")),
    ci("github-actions", service("DATABASE_URL: 'postgres://test:test@db/a?token=kT9vQx2LmZ'")),
    ci("gitlab-ci", gitlabService("NPM_TOKEN: kT9vQx2LmZ")),
    environment("POSTGRES_PASSWORD: postgres"),
    run("docker run --rm -e PGPASSWORD=postgres postgres psql"),
    // Invites one.
    dockerfile("FROM debian:12\nARG NPM_TOKEN", {
      severity: "info",
      message: /stays in the image's history/,
    }),
    dockerfile("FROM debian:12\nARG NPM_TOKEN\nENV DB_PASSWORD=hunter2"),
    // On the Engine.
    inspect({ Config: { Env: ["DB_PASSWORD=hunter2"] } }, { severity: "low", message: /docker inspect/ }),
    view(
      "an image's ENV",
      image("configured", { environment: [set({ name: "API_KEY", value: "abcdefgh" })] }),
    ),
    ...[
      "|1 NPM_TOKEN=abcdefgh /bin/sh -c npm ci",
      "RUN |2 A=b NPM_TOKEN=abcdefgh /bin/sh -c npm ci # buildkit",
      '/bin/sh -c export DB_PASSWORD="two words"; make',
      "/bin/sh -c mysql --password=hunter2 < dump",
      "/bin/sh -c git clone https://bot:hunter2@git.example/a.git",
    ].map((line) =>
      view(`history: ${line}`, image("configured", { history: [set(line)] }), { message: /in its history/ }),
    ),
  ],
  passes: [
    dockerfile("FROM debian:12\nENV PATH=/usr/bin LANG=C.UTF-8"),
    dockerfile("FROM debian:12\nENV DB_PASSWORD="),
    dockerfile("FROM debian:12\nENV DB_PASSWORD_FILE=/run/secrets/db"),
    dockerfile("FROM debian:12\nARG VERSION\nARG TOKEN_URL"),
    run("docker run -e POSTGRES_PASSWORD postgres"),
    run('docker run -e POSTGRES_PASSWORD="$PW" postgres'),
    environment("DB_PASSWORD: ${DB_PASSWORD}"),
    environment("DB_PASSWORD: $DB_PASSWORD"),
    environment("DB_PASSWORD: ${DB_PASSWORD:?}"),
    environment("DB_PASSWORD:"),
    environment("DATABASE_PASSWORD: /run/secrets/db-password"),
    environment("MYSQL_ALLOW_EMPTY_PASSWORD: 'yes'"),
    environment("MYSQL_RANDOM_ROOT_PASSWORD: '1'"),
    environment("TOKEN_TTL: '3600'"),
    environment("ACCESS_TOKEN_EXPIRES_IN: 15m"),
    environment("MAX_TOKENS: '4096'"),
    environment("TOKEN: '300'"),
    environment("SECRETS_ENABLED: 'true'"),
    environment("OAUTH_TOKEN_URL: https://id.example/token"),
    environment("PASSWORD_POLICY: strict"),
    environment("BASIC_AUTH: none"),
    environment("COMPASS: north"),
    environment("API_KEY: '<your key>'"),
    environment("DATABASE_URL: postgres://app@db/app"),
    environment("DATABASE_URL: postgres://app:${PW}@db/app"),
    environment("SITE: http://localhost:8080/a@b"),
    environment("TIME: 12:30@noon"),
    view(
      "a variable of the image",
      container("configured", {
        environment: [set({ name: "DB_PASSWORD", value: "hunter2", isFromImage: true })],
      }),
    ),
    ...[
      '/bin/sh -c #(nop)  CMD ["sh"]',
      "|1 VERSION=1.2 /bin/sh -c echo $NPM_TOKEN",
      "RUN /bin/sh -c curl -o /x https://host/a?b=c # buildkit",
      "/bin/sh -c TOKEN=$(cat /run/secrets/npm) npm ci",
    ].map((line) => view(`history: ${line}`, image("configured", { history: [set(line)] }))),
  ],
});

test("what an env file holds is kept apart from the file, as it should be", () => {
  const io = memoryFiles({
    "compose.yaml": "services:\n  web:\n    image: web\n    env_file: web.env\n",
    "web.env": "DB_PASSWORD=hunter2\n",
  });
  const [subject] = readCompose({ files: ["compose.yaml"], io }).subjects;
  const view = subject?.kind === "container" ? subject.views[0] : undefined;
  expect(view?.environment).toHaveLength(1);
  expect(view && judge(imageSecret, view, bareContext("compose")).verdict).toBe("pass");
});

test("no verdict holds the value", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9]{12,40}$/), (word) => {
      for (const value of [word, `postgres://app:${word}@db/app`]) {
        const view = container("declared", { environment: [set({ name: "DB_PASSWORD", value })] });
        const said = judge(imageSecret, view, bareContext("compose"));
        expect(said.verdict).toBe("fail");
        expect(JSON.stringify(said)).not.toContain(word);
      }
    }),
  );
});

test("a long value is judged in no time", () => {
  const values = [
    "a://".repeat(500_000),
    "a:".repeat(1_000_000),
    ";Password=".repeat(300_000),
    "$".repeat(2_000_000),
  ];
  const view = container("declared", { environment: values.map((value) => set({ name: "TOKEN", value })) });
  const start = processorTime();
  judge(imageSecret, view, bareContext("compose"));
  expect(processorTime() - start).toBeLessThan(1000);
});

test("a built image whose history is seen passes, though the Engine shows no Dockerfile", () => {
  const seen = {
    ...image("configured"),
    buildArguments: [unseen("the Engine does not show the Dockerfile of an image")],
    history: [set("RUN apt-get update", { pointer: "/history/0" })],
  };
  expect(imageSecret.check.image?.(seen, bareContext("engine-api"))).toMatchObject({ verdict: "pass" });
});

describe("the advice names the variable of the image that reads a file", () => {
  const advice = (text: string) => {
    const { view, context } = compose(text).read();
    const remedy = view.kind === "container" ? imageSecret.remedy.container?.(view, context) : undefined;
    return remedy?.summary;
  };
  const withVariable = (image: string, name: string) =>
    `services: { a: { image: "${image}", environment: { ${name}: hX7qLm2Zt9Rw } } }`;

  test.each([
    ["postgres:17", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE"],
    ["docker.io/library/mysql:8", "MYSQL_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE"],
    ["bitnami/postgresql:17", "POSTGRESQL_PASSWORD", "POSTGRESQL_PASSWORD_FILE"],
    ["grafana/grafana:11", "GF_SECURITY_ADMIN_PASSWORD", "GF_SECURITY_ADMIN_PASSWORD__FILE"],
    ["lscr.io/linuxserver/mariadb", "MYSQL_ROOT_PASSWORD", "FILE__MYSQL_ROOT_PASSWORD"],
  ])("%s, %s", (image, name, file) => {
    const id = name.toLowerCase();
    expect(advice(withVariable(image, name))).toContain(
      `set ${file}: /run/secrets/${id} and secrets: [${id}]`,
    );
    // What it says to write passes.
    const text = `services: { a: { image: "${image}", environment: { ${file}: /run/secrets/${id} }, secrets: [${id}] } }
secrets: { ${id}: { file: ./${id}.txt } }`;
    const { view, context } = compose(text).read();
    expect(view.kind === "container" && imageSecret.check.container?.(view, context)).toMatchObject({
      verdict: "pass",
    });
  });

  test("and .env where the image has none", () => {
    expect(advice(withVariable("example/postgres:1", "POSTGRES_PASSWORD"))).toContain("Move it to .env");
    expect(
      advice("services: { a: { image: redis, command: redis-server --requirepass hX7qLm2Zt9Rw } }"),
    ).toContain("Take it out of its command");
  });
});
