import { describe, expect, test } from "vitest";
import { ask, decideIn, policy, run } from "../../../test/support/guard/guard.ts";
import { rewriteResponse } from "./response.ts";

const redact = { redact: true, owner: undefined } as const;

describe("redaction", () => {
  test("blanks values of environment variables, wherever they stand, and keeps the rest", () => {
    const document = {
      Id: "x",
      Config: { Env: ["PATH=/bin", "TOKEN=a=b", "EMPTY"], Labels: { a: "b" } },
      Spec: { TaskTemplate: { ContainerSpec: { Env: ["A=secret"] } } },
    };
    expect(rewriteResponse(document, redact)).toEqual({
      Id: "x",
      Config: { Env: ["PATH=***", "TOKEN=***", "EMPTY"], Labels: { a: "b" } },
      Spec: { TaskTemplate: { ContainerSpec: { Env: ["A=***"] } } },
    });
  });

  test("blanks the options of drivers that are passwords, and no others", () => {
    const document = {
      LogConfig: { Type: "splunk", Config: { "splunk-token": "abc", "splunk-url": "https://x" } },
    };
    expect(rewriteResponse(document, redact)).toEqual({
      LogConfig: { Type: "splunk", Config: { "splunk-token": "***", "splunk-url": "https://x" } },
    });
  });

  test("blanks a password among the options of mount(2), and no other of them", () => {
    const volume = (o: string) => ({ Name: "share", Options: { type: "cifs", device: "//host/x", o } });
    expect(rewriteResponse(volume("username=me,password=a=b,ro"), redact)).toEqual(
      volume("username=me,password=***,ro"),
    );
    expect(rewriteResponse({ DriverConfig: volume("pass=x,bypass=1") }, redact)).toEqual({
      DriverConfig: volume("pass=***,bypass=1"),
    });
  });

  test("keeps the shape that a client decodes: base64 of a config, tokens of a swarm", () => {
    expect(rewriteResponse({ Spec: { Data: "c2VjcmV0" } }, redact)).toEqual({ Spec: { Data: btoa("***") } });
    expect(rewriteResponse({ JoinTokens: { Worker: "w", Manager: "m" } }, redact)).toEqual({
      JoinTokens: { Worker: "***", Manager: "***" },
    });
  });

  test("blanks what a build's steps were given", () => {
    const steps = {
      // The Engine leaves the quotes away, so a value ends where nobody can tell.
      "|1 TOKEN=abc def /bin/sh -c make": "|1 ***",
      "RUN |1 TOKEN=abc def /bin/sh -c make # buildkit": "RUN |1 ***",
      "ENV A=b C='d e'": "ENV A=***",
      "/bin/sh -c #(nop)  ENV A=b the rest of it": "/bin/sh -c #(nop)  ENV A=***",
      "/bin/sh -c #(nop)  ARG TOKEN=b c": "/bin/sh -c #(nop)  ARG TOKEN=***",
      "ENV A b c": "ENV A ***",
      'RUN /bin/sh -c A=b\\ c"d e"f make # buildkit': "RUN /bin/sh -c A=*** make # buildkit",
      "RUN /bin/sh -c make install # buildkit": "RUN /bin/sh -c make install # buildkit",
      "COPY . /app": "COPY . /app",
    };
    for (const [step, expected] of Object.entries(steps)) {
      expect(rewriteResponse([{ CreatedBy: step }], redact)).toEqual([{ CreatedBy: expected }]);
    }
  });

  test("blanks a secret where its value stands: hooks of a build, health checks, commands, addresses, lists of volumes", () => {
    const documents = [
      { Config: { OnBuild: ["ENV TOKEN=s3cr3t-value", "RUN A=s3cr3t-value make"] } },
      {
        Config: {
          Env: ["API_TOKEN=s3cr3t-value"],
          Healthcheck: { Test: ["CMD", "curl", "-H", "X: s3cr3t-value", "x"] },
        },
      },
      {
        Config: { Env: ["DB_PASSWORD=s3cr3t-value"], Cmd: ["server", "--db=me:s3cr3t-value@db"] },
        Args: ["s3cr3t-value"],
      },
      {
        HostConfig: {
          LogConfig: { Type: "gelf", Config: { "gelf-address": "udp://me:s3cr3t-value@logs:12201" } },
        },
      },
      {
        Volumes: [{ Name: "share", Options: { type: "cifs", pass: "s3cr3t-value", o: "pass=s3cr3t-value" } }],
      },
      { BuildCache: [{ Description: "mount / from exec /bin/sh -c TOKEN=s3cr3t-value make" }] },
      { ProcessConfig: { entrypoint: "sh", arguments: ["-c", "PASSWORD=s3cr3t-value run"] } },
    ];
    for (const document of documents)
      expect(JSON.stringify(rewriteResponse(document, redact)), JSON.stringify(document)).not.toContain(
        "s3cr3t-value",
      );
  });

  test("blanks the words of an exec among the events, and nothing else of them", () => {
    const event = (action: string) => ({ Type: "container", Action: action, status: action, id: "x" });
    expect(rewriteResponse(event("exec_create: mysql -psecret -e 'a\nb'"), redact)).toEqual(
      event("exec_create: ***"),
    );
    expect(rewriteResponse(event("exec_start: sh -c x: y"), redact)).toEqual(event("exec_start: ***"));
    for (const action of ["start", "health_status: healthy", "exec_die"])
      expect(rewriteResponse(event(action), redact)).toEqual(event(action));
  });

  test("an event names a Compose project as its client does", () => {
    const space = "bulkhead.invalid/ci/";
    const event = (project: string) => ({
      Type: "container",
      Actor: { Attributes: { "com.docker.compose.project": project } },
    });
    const rule = { redact: false, owner: undefined, space };
    expect(rewriteResponse(event(`${space}shop`), rule)).toEqual(event("shop"));
  });

  test("shows a container by the name of its image, which it is made of by id", () => {
    const rule = { redact: false, owner: undefined, images: true } as const;
    const id = `sha256:${"a".repeat(64)}`;
    const labels = { "bulkhead.image": "app:1", a: "b" };
    const own = { a: "b" };
    const rows: readonly (readonly [unknown, unknown])[] = [
      [
        [{ Id: "c", Image: id, ImageID: id, Labels: labels }],
        [{ Id: "c", Image: "app:1", ImageID: id, Labels: own }],
      ],
      [
        { Id: "c", Image: id, Config: { Image: id, Labels: labels } },
        { Id: "c", Image: id, Config: { Image: "app:1", Labels: own } },
      ],
      [
        { from: id, Actor: { Attributes: { image: id, ...labels } } },
        { from: "app:1", Actor: { Attributes: { image: "app:1", ...own } } },
      ],
      ...["Containers", "ContainerUsage"].map(
        (name) =>
          [
            { [name]: { Items: [{ Image: id, Labels: labels }] }, Volumes: [] },
            { [name]: { Items: [{ Image: "app:1", Labels: own }] }, Volumes: [] },
          ] as const,
      ),
      // An image that a commit made of a container.
      [{ Config: { Image: id, Labels: labels } }, { Config: { Image: "app:1", Labels: own } }],
      [[{ Id: id, RepoTags: ["b:1"], Labels: labels }], [{ Id: id, RepoTags: ["b:1"], Labels: own }]],
      // Made by its name, past the guard.
      [[{ Image: "other", Labels: labels }], [{ Image: "other", Labels: own }]],
      [[{ Image: id, Labels: own }], [{ Image: id, Labels: own }]],
      [
        [{ Image: id, Labels: null }, "x"],
        [{ Image: id, Labels: null }, "x"],
      ],
    ];
    for (const [given, shown] of rows) expect(rewriteResponse(given, rule)).toEqual(shown);
  });

  test("holds no value that was blanked", () => {
    const secret = "s3cr3t";
    const document = {
      Config: { Env: [`A=${secret}`] },
      Settings: { Env: [{ Name: "A", Value: secret }] },
      UnlockKey: secret,
      HttpProxy: `http://me:${secret}@proxy`,
      Options: { password: secret },
    };
    expect(JSON.stringify(rewriteResponse(document, redact))).not.toContain(secret);
  });

  test("is asked for where the policy says so, on documents alone", () => {
    const under = policy({ redact: true });
    const world = { containers: { web: {} } };
    const inspect = ask("container-inspect", { container: "web" });
    expect(decideIn(world, inspect, under)).toMatchObject({ response: redact });
    expect(decideIn(world, inspect)).toMatchObject({ response: { redact: false } });
    expect(decideIn(world, ask("container-logs", { container: "web" }), under)).not.toHaveProperty(
      "response",
    );
    expect(decideIn(world, run("app"), under)).not.toHaveProperty("response");
  });
});

describe("the disk's usage", () => {
  const rule = { redact: false, owner: { label: "owner", value: "ci" } };
  const own = { Labels: { owner: "ci" } };

  test("shows what has the label, in the old form and in the new", () => {
    const other = { Labels: null };
    expect(
      rewriteResponse(
        { LayersSize: 1, Images: [other], Containers: [own, other], Volumes: [other], BuildCache: [{}] },
        rule,
      ),
    ).toEqual({ LayersSize: 1, Images: [other], Containers: [own], Volumes: [], BuildCache: [] });
    expect(rewriteResponse({ ContainerUsage: { TotalSize: 2, Items: [own, other] } }, rule)).toEqual({
      ContainerUsage: { TotalSize: 2, Items: [own] },
    });
  });
});
