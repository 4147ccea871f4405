import { describe, expect, test } from "vitest";
import { writtenAt as textAt } from "../../../../test/support/formats/run-options.ts";
import { memoryFiles } from "../../../../test/support/memory-files.ts";
import { setItems, valueOr } from "../../../model/fact.ts";
import type { ContainerSubject, EngineSubject } from "../../../model/subject.ts";
import { readScript } from "../scripts.ts";
import { writeRunCommands } from "../write.ts";

function read(text: string) {
  const reading = readScript(text, ".gitlab-ci.yml", "gitlab-ci", memoryFiles({}));
  const containers = reading.subjects.filter((each): each is ContainerSubject => each.kind === "container");
  const engines = reading.subjects.filter((each): each is EngineSubject => each.kind === "engine");
  return { ...reading, containers, engines };
}

const text = `variables:
  PY: "3.12"
  DEPLOY_TOKEN: abcdefgh12345
image: python:$PY
build:
  image:
    name: docker:27
    docker: { user: "1000" }
  services:
    - docker:27-dind
    - name: postgres:16
      alias: db
      variables: { POSTGRES_PASSWORD: s3cr3t-value-9 }
  variables:
    DOCKER_HOST: tcp://docker:2375
    DOCKER_TLS_CERTDIR: ""
  script:
    - docker run --privileged alpine:3
.hidden:
  image: "$CI_REGISTRY_IMAGE:latest"
`;

describe("the containers that jobs ask for", () => {
  const { containers, engines, gaps, secrets } = read(text);
  const named = (name: string) => containers.find((each) => each.name === name)?.views[0];

  test("are those of image and services, and what a script runs", () => {
    expect(gaps).toEqual([]);
    expect(containers.map(({ name, source }) => [name, source])).toEqual([
      ["default", "gitlab-ci"],
      ["build", "gitlab-ci"],
      ["build service", "gitlab-ci"],
      ["db", "gitlab-ci"],
      ["alpine", "run-command"],
      [".hidden", "gitlab-ci"],
    ]);
  });

  test("with image, user and variables; the rest is the runner's", () => {
    expect(named("default")?.image).toMatchObject({ value: "python:3.12" });
    expect(named("build")?.user).toMatchObject({ value: "1000" });
    expect(named(".hidden")?.image.state).toBe("unresolved");
    const db = named("db");
    expect(db && setItems(db.environment).map(({ value }) => value.name)).toEqual(["POSTGRES_PASSWORD"]);
    expect(db?.privileged).toMatchObject({
      state: "unseen",
      reason: "the GitLab runner's config.toml says it",
    });
    expect(db?.noNewPrivileges.state).toBe("unseen");
    expect(named("default") && valueOr(named("default")?.memory as never, 0)).toBe(0);
  });

  test("each where it is written, and variables are hidden", () => {
    const db = named("db");
    expect(db && textAt(text, setItems(db.environment)[0]?.origins[0])).toContain(
      "POSTGRES_PASSWORD: s3cr3t-value-9",
    );
    expect(secrets.map((place) => textAt(text, place)).join()).toContain("abcdefgh12345");
    expect(secrets.map((place) => textAt(text, place)).join()).toContain("s3cr3t-value-9");
  });

  test("a dind without TLS is an Engine on the network", () => {
    expect(engines.map(({ id }) => id)).toEqual([".gitlab-ci.yml#docker:dind"]);
    const [listen] = engines[0]?.views[0]?.listenAddresses ?? [];
    expect(listen).toMatchObject({ state: "set", value: { address: "tcp://0.0.0.0:2375", tls: "none" } });
    expect(textAt(text, listen?.origins[0])).toBe("DOCKER_TLS_CERTDIR");
    expect(engines[0]?.views[0]?.icc.state).toBe("unseen");
  });

  test.each([
    ["a command", "a: { services: [{ name: 'docker:dind', command: ['--tls=false'] }] }", 1],
    [
      "the address alone",
      "variables: { DOCKER_HOST: 'tcp://docker:2375' }\na: { services: ['docker:dind'] }",
      1,
    ],
    [
      "the service's variables",
      "a: { services: [{ name: 'docker:dind', variables: { DOCKER_TLS_CERTDIR: '' } }] }",
      1,
    ],
    [
      "TLS is on",
      "variables: { DOCKER_HOST: 'tcp://docker:2376', DOCKER_TLS_CERTDIR: /certs }\na: { services: ['docker:dind'] }",
      0,
    ],
    ["nothing is said", "a: { services: ['docker:dind'] }", 0],
    ["there is no dind", "a: { services: [postgres], variables: { DOCKER_TLS_CERTDIR: '' } }", 0],
  ])("%s", (_, given, count) => {
    expect(read(given).engines).toHaveLength(count);
  });

  test("are not written where the runner decides; an image is", () => {
    const changes = [
      {
        subject: ".gitlab-ci.yml#db",
        patches: [
          { op: "set", field: "readonlyRootfs", value: true },
          { op: "set", field: "image", value: "postgres:16.4" },
        ],
      },
    ] as const;
    const [written] = writeRunCommands({
      text,
      file: ".gitlab-ci.yml",
      host: "gitlab-ci",
      io: memoryFiles({}),
      changes,
    });
    expect(written?.refused.map(({ reason }) => reason)).toEqual(["the GitLab runner's config.toml says it"]);
    const [edit] = written?.edits ?? [];
    expect(edit && text.slice(0, edit.start) + edit.text + text.slice(edit.end)).toBe(
      text.replace("postgres:16\n", "postgres:16.4\n"),
    );
  });

  test("services by !reference are those of the job that they stand in", () => {
    const { containers: both, gaps: none } = read(
      ".setup:\n  services: [postgres:16]\na:\n  image: x\n  services: !reference [.setup, services]\n",
    );
    expect(none).toEqual([]);
    expect(both.map(({ name }) => name)).toEqual([".setup service", "a"]);
  });

  test("aliases do not multiply the work: a service is read once, and variables up to a bound", () => {
    const many = (count: number, text: string) => Array(count).fill(text).join(", ");
    const variables = Array.from({ length: 400 }, (_, index) => `V${index}: b`).join(", ");
    const jobs = Array.from({ length: 50 }, (_, index) => `j${index}: { services: *s }\n`).join("");
    const multiplied = `.v: &v { ${variables} }\n.s: &s [${many(400, "{ name: a, variables: *v }")}]\n${jobs}`;
    const { containers: few, gaps: told } = read(multiplied);
    expect(few.flatMap(({ views }) => views[0]?.environment ?? []).length).toBeLessThan(
      4 * multiplied.length,
    );
    expect(told.map(({ reason }) => reason)).toEqual(["its aliases multiply it beyond measure"]);
  });

  test("bad input is one line with its place", () => {
    const { gaps: odd } = read("build:\n  image: [\n");
    expect(odd.map(({ reason, location }) => [reason, location?.startLine])).toEqual([
      ["it is not valid YAML", 3],
    ]);
    expect(read("a:\n  image: 'x y'\n").gaps.map(({ reason }) => reason)).toEqual(["“x y” is not an image"]);
  });
});
