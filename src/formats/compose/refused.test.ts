import { describe, expect, test } from "vitest";
import { composeProject } from "../../../test/support/formats/compose.ts";

describe("what docker compose refuses is a gap at its place, and the rest is read", () => {
  test.each([
    [
      "an unknown key of a service",
      "priviledged: true",
      "priviledged",
      "services.a has a key that it does not know",
    ],
    ["a user as a number", "user: 0", "0", "services.a.user must be a text"],
    [
      "a mount without type",
      "volumes: [{ source: /b, target: /c }]",
      "{ source: /b, target: /c }",
      "needs the key type",
    ],
    ["an undeclared volume", "volumes: ['gone:/x']", "'gone:/x'", "the volume gone is not declared"],
    ["an undeclared network", "networks: [gone]", "gone", "no network of this name is declared"],
    ["an undeclared secret", "secrets: [gone]", "gone", "nothing under secrets has this name"],
    [
      "a namespace of nobody",
      "pid: 'service:gone'",
      "'service:gone'",
      "it joins a service that is not there",
    ],
    [
      "two networks",
      "network_mode: host\n    networks: [n]",
      "host",
      "network_mode and networks exclude each other",
    ],
    ["a key twice", "cap_drop: [A]\n    cap_drop: [B]", "cap_drop", "a key stands twice"],
    ["a list for a mapping", "deploy: [1]", "[1]", "services.a.deploy must be empty or a mapping"],
    ["no variable", "hostname: $" + "{A B}", "$" + "{A B}", "a dollar sign begins no variable"],
    [
      "two limits",
      "mem_limit: 1g\n    deploy: { resources: { limits: { memory: 2g } } }",
      "2g",
      "say different things",
    ],
    ["a port that is none", "ports: ['99999:80']", "'99999:80'", "this is not a port"],
    ["a merge key of a text", "<<: x", "x", "a merge key (<<) takes a mapping"],
    ["a missing env file", "env_file: gone.env", "gone.env", "the env file gone.env cannot be read"],
  ])("%s", (_, body, place, reason) => {
    const { reading, service, at } = composeProject(
      `services:\n  a:\n    image: x\n    privileged: true\n    ${body}\nnetworks: { n: }\n`,
    );
    expect(service("a").privileged).toMatchObject({ value: true });
    expect(reading.gaps.map((gap) => gap.reason)).toEqual([expect.stringContaining(reason)]);
    expect(reading.gaps.map((gap) => gap.location && at(gap.location))).toEqual([place]);
  });

  test("a user as a number is still the user", () => {
    expect(composeProject("services: { a: { image: x, user: 0 } }").service("a").user).toMatchObject({
      value: "0",
    });
  });

  test("a mount without a type is still the mount", () => {
    const { service } = composeProject("services: { a: { image: x, volumes: [{ source: /, target: /h }] } }");
    expect(service("a").mounts).toMatchObject([{ value: { type: "bind", hostPath: "/" } }]);
  });

  test("an unknown key at the top, with its place", () => {
    const { reading, at } = composeProject("services: { a: { image: x } }\nvolume: {}\n");
    expect(reading.subjects).toHaveLength(1);
    expect(reading.gaps.map((gap) => gap.location && at(gap.location))).toEqual(["volume"]);
  });
});

describe("a text that is no Compose file", () => {
  test("broken YAML is one gap with line and column, and what can be read is", () => {
    const { reading, service } = composeProject(
      "services:\n  a:\n    image: x\n    privileged: true\n   user: 5\n",
    );
    expect(service("a").privileged).toMatchObject({ value: true });
    expect(reading.gaps[0]).toMatchObject({
      reason: expect.stringContaining("not valid YAML"),
      location: { startLine: 5 },
    });
  });

  test.each([
    ["nothing", "", "docker compose refuses an empty one"],
    ["comments", "# only this\n", "docker compose refuses an empty one"],
    ["a list", "- a\n", "the top level of a Compose file must be a mapping"],
    ["a text", "hello", "the top level of a Compose file must be a mapping"],
    ["services as a list", "services: [a]\n", "services must be a mapping"],
    ["tabs", "services:\n\ta: {}\n", "a tab is used as indentation"],
    ["an alias to itself", "services: &s { a: *s }\n", "is inside its own anchor"],
  ])("%s", (_, text, reason) => {
    expect(composeProject(text).reasons).toContainEqual(expect.stringContaining(reason));
  });

  test("a missing file is a gap", () => {
    expect(composeProject({}, { files: ["gone.yaml"] }).reading).toMatchObject({
      subjects: [],
      gaps: [{ file: "gone.yaml", reason: "it does not exist" }],
    });
  });
});

test.each([
  ["version: '1'\nweb:\n  extends: { file: a.yml, service: a }\n", /Compose file of version 1/],
  ["web:\n  image: nginx\ndb:\n  build: .\n", /Compose file of version 1.*its services under services:/],
  ["services: [\n", /the \[ above is not closed by \]/],
  ["services: { a: {\n", /the \{ above is not closed by \}|bracket/],
])("%j is called what it is", (text, reason) => {
  expect(composeProject(text).reasons).toEqual([expect.stringMatching(reason)]);
});

test("no message repeats what may be a secret", () => {
  const secret = "hunter2";
  const texts = [
    `services: { a: { image: x, environment: { PW: [${secret}] } } }`,
    `services: { a: { image: x, environment: [{ PW: ${secret} }] } }`,
    `services: { a: { image: x, environment: { "PW=${secret}": {} } } }`,
    `services: { a: { image: x, PW=${secret}: 1 } }`,
    `services: { a: { image: x, environment: "PW=${secret}" } }`,
    `services:\n  a:\n    environment:\n      PW: "${secret}\n`,
    `services:\n  a:\n    environment:\n      PW: @${secret}\n`,
    `services: { a: { image: "\${PW:?${secret}}" } }`,
    `services: { a: { image: "\${PW ${secret}}" } }`,
  ];
  for (const text of texts) {
    const { reading } = composeProject({ "compose.yaml": text, ".env": `A ${secret}\n` });
    expect(reading.gaps.length, text).toBeGreaterThan(0);
    expect(JSON.stringify(reading.gaps), text).not.toContain(secret);
  }
});
