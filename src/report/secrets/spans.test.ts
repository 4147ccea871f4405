import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { processorTime } from "../../watch/reading/sweep.ts";
import { redactSentence, redactSource } from "./redact.ts";
import { isSecretName, mergeSpans } from "./spans.ts";

describe("source lines lose the value of a name that holds a secret", () => {
  test.each([
    ["      DB_PASSWORD: hunter2", "      DB_PASSWORD: ••••"],
    ["      DB_PASSWORD: hunter2 # old", "      DB_PASSWORD: •••• # old"],
    ["      DB_PASSWORD: 'two words'", "      DB_PASSWORD: ••••"],
    ["      - DB_PASSWORD=hunter2", "      - DB_PASSWORD=••••"],
    ['      - "DB_PASSWORD=two words"', '      - "DB_PASSWORD=••••"'],
    ['{"dbPassword": "hunter2", "port": 5432}', '{"dbPassword": ••••, "port": 5432}'],
    ['{"token":"hunter2","port":5432}', '{"token":••••,"port":5432}'],
    ["docker run -e API_KEY=hunter2 -p 80:80 x", "docker run -e API_KEY=•••• -p 80:80 x"],
    ["docker run -e 'API_KEY=two words' x", "docker run -e 'API_KEY=••••' x"],
    ["curl --token hunter2 x", "curl --token •••• x"],
    ["curl --token=hunter2 x", "curl --token=•••• x"],
    ["ENV AWS_SECRET_ACCESS_KEY hunter2 and more", "ENV AWS_SECRET_ACCESS_KEY ••••"],
    ["ENV AWS_SECRET_ACCESS_KEY=hunter2 PORT=80", "ENV AWS_SECRET_ACCESS_KEY=•••• PORT=80"],
    ["ARG TOKEN=hunter2", "ARG TOKEN=••••"],
    ["URL: postgres://app:hunter2@db:5432/x", "URL: postgres://app:••••@db:5432/x"],
    ["URL: https://hunter2@example.org/x", "URL: https://••••@example.org/x"],
    ["URL: ssh://deploy:hunter2@example.org", "URL: ssh://deploy:••••@example.org"],
    ["URL: git+ssh://hunter2@example.org", "URL: git+ssh://••••@example.org"],
    [`key: ghp_${"a".repeat(36)}`, "key: ••••"],
    [
      "url: https://hooks.slack.com/services/T0/B0/abcdef now",
      "url: https://hooks.slack.com/services/•••• now",
    ],
    ["see https://discord.com/api/webhooks/12/ab-c_d.", "see https://discord.com/api/webhooks/••••."],
    [
      "see https://discordapp.com/api/v10/webhooks/12/abcdef",
      "see https://discordapp.com/api/v10/webhooks/••••",
    ],
    ["see https://hooks.slack.com/services/", "see https://hooks.slack.com/services/"],
    ["id: AKIAABCDEFGHIJKLMNOP", "id: ••••"],
    ["DB_PASSWORD: ${DB_PASSWORD:-hunter2}", "DB_PASSWORD: ••••"],
    ["PASSWORD='it''s'", "PASSWORD=••••"],
    ['PASSWORD="a\\"b c" x', "PASSWORD=•••• x"],
  ])("%s", (line, shown) => {
    expect(redactSource(line)).toBe(shown);
  });
});

describe("what is no secret stays", () => {
  test.each([
    "      - /var/run/docker.sock:/var/run/docker.sock",
    "      DB_PASSWORD: ${DB_PASSWORD}",
    "      DB_PASSWORD: ${DB_PASSWORD:?set it}",
    "      DB_PASSWORD_FILE: /run/secrets/db",
    "      DB_PASSWORD:",
    "    secrets: [db, cache]",
    "    secrets:",
    "docker run -v $PWD:/secrets:ro x",
    "docker run -v ${PWD}:/data x",
    "      image: registry.example.org:5000/app:1.2",
    "      - https://example.org/a@b",
    "DOCKER_HOST: ssh://deploy@example.org",
    "    security_opt: [no-new-privileges:true]",
    "      KEYBOARD: us",
    "      PORT: 8080",
  ])("%s", (line) => {
    expect(redactSource(line)).toBe(line);
  });
});

test("in a sentence a colon is punctuation", () => {
  const message = "has a literal credential in DB_PASSWORD: anyone who can read the file has it";
  expect(redactSentence(message)).toBe(message);
  expect(redactSentence("connects to redis://:hunter2@cache")).toBe("connects to redis://:••••@cache");
  expect(redactSentence("sets --app.token=: everyone")).toBe("sets --app.token=: everyone");
  expect(redactSentence("passes --password=hunter2")).toBe("passes --password=••••");
});

test("names that hold secrets", () => {
  const secret = ["password", "PGPASSWORD", "dbPassword", "MYSQL_ROOT_PASSWORD", "api-key", "client_secret"];
  const plain = ["PWD", "secrets", "PASSWORD_FILE", "KEY", "MONKEY", "passenger", "tokenizer", "COMPASS"];
  expect(secret.filter((name) => !isSecretName(name))).toEqual([]);
  expect(plain.filter(isSecretName)).toEqual([]);
});

test("is idempotent, and takes linear time of hostile lines", () => {
  fc.assert(
    fc.property(fc.string(), (line) => {
      expect(redactSource(redactSource(line))).toBe(redactSource(line));
    }),
  );
  const started = processorTime();
  const parts = [
    "://",
    "PASSWORD=",
    "PASSWORD: '",
    "a.",
    "eyJaaaaaaaaa.",
    "eyJ-",
    "TOKEN=]",
    'TOKEN="',
    "ghp_",
  ];
  for (const part of [...parts, "TOKEN \t", '"PASSWORD=', "-----BEGIN"]) {
    redactSource(part.repeat(1_000_000 / part.length));
  }
  expect(processorTime() - started).toBeLessThan(5000);
});

test("spans come in order and apart", () => {
  const spans = [
    { start: 5, end: 8 },
    { start: 1, end: 3 },
    { start: 2, end: 4 },
    { start: 9, end: 9 },
  ];
  expect(mergeSpans(spans)).toEqual([
    { start: 1, end: 4 },
    { start: 5, end: 8 },
  ]);
});
