import { describe, expect, test } from "vitest";
import { composeProject } from "../../../test/support/formats/compose.ts";
import { setItems } from "../../model/fact.ts";

describe("several files", () => {
  test("merge in order, and each value stands in the file that says it last", () => {
    const { service, written, reading } = composeProject(
      {
        "a.yaml": "services:\n  web:\n    image: one\n    user: a\n    volumes: ['/x:/data', '/y:/y']\n",
        "b.yaml":
          "services:\n  web:\n    user: b\n    volumes: ['/z:/data']\n    cap_add: [NET_ADMIN]\n  db: { image: x }\n",
      },
      { files: ["a.yaml", "b.yaml"] },
    );
    const { image, user, mounts, capAdd } = service("web");
    expect(written(image)).toEqual(["one"]);
    expect(written(user)).toEqual(["b.yaml:b"]);
    expect(written(mounts)).toEqual(["b.yaml:'/z:/data'", "'/y:/y'"]);
    expect(written(capAdd)).toEqual(["b.yaml:NET_ADMIN"]);
    expect(reading.subjects.map(({ id, location }) => [id, location?.file, location?.startLine])).toEqual([
      ["a.yaml#web", "a.yaml", 2],
      ["a.yaml#db", "b.yaml", 6],
    ]);
  });

  test("relative paths of all stand on the first one's folder, or on the project folder that is asked for", () => {
    const texts = {
      "one/a.yaml": "services: { web: { image: x } }",
      "two/b.yaml": "services: { web: { volumes: ['./v:/v'] } }",
    };
    const hostPath = (projectDirectory?: string) =>
      setItems(
        composeProject(texts, {
          files: ["one/a.yaml", "two/b.yaml"],
          ...(projectDirectory && { projectDirectory }),
        }).service("web").mounts,
      )[0]?.value.hostPath;
    expect(hostPath()).toMatch(/\/one\/v$/);
    expect(hostPath("/srv")).toBe("/srv/v");
  });

  test("!reset takes away and !override replaces what earlier files say", () => {
    const { service } = composeProject(
      {
        "a.yaml": "services: { web: { image: x, privileged: true, cap_add: [A], ports: ['80:80'] } }",
        "b.yaml": "services: { web: { privileged: !reset null, cap_add: !override [B], ports: !reset [] } }",
      },
      { files: ["a.yaml", "b.yaml"] },
    );
    const { privileged, capAdd, ports } = service("web");
    expect(privileged.state).toBe("unset");
    expect(capAdd).toMatchObject([{ value: "B" }]);
    expect(ports).toEqual([]);
  });
});

describe("extends", () => {
  test("a chain over files, each relative to its own folder, each value where it is written", () => {
    const { service, written, reasons } = composeProject({
      "/app/compose.yaml": "services: { web: { extends: { file: base/b.yaml, service: b }, user: me } }",
      "/app/base/b.yaml":
        "services:\n  b: { extends: { file: ../root.yaml, service: r }, image: x, volumes: ['./b:/b'] }",
      "/app/root.yaml": "services:\n  r: { privileged: true, volumes: ['./r:/r'] }",
    });
    const { privileged, mounts, user } = service("web");
    expect(reasons).toEqual([]);
    expect(written(privileged)).toEqual(["/app/root.yaml:true"]);
    expect(setItems(mounts).map((each) => each.value.hostPath)).toEqual(["/app/r", "/app/base/b"]);
    expect(written(user)).toEqual(["me"]);
  });

  test("a circle is a gap, and the services are read as they stand", () => {
    const { service, reading, at } = composeProject(
      "services:\n  a: { image: x, extends: b, privileged: true }\n  b: { image: y, extends: { service: a } }\n",
    );
    expect(service("a").privileged).toMatchObject({ value: true });
    expect(service("b").image).toMatchObject({ value: "y" });
    expect(reading.gaps[0]).toMatchObject({ reason: "services extend one another in a circle" });
    expect(reading.gaps[0]?.location && at(reading.gaps[0].location)).toBe("{ service: a }");
  });

  test.each([
    [
      "a missing file",
      "{ file: gone.yaml, service: x }",
      "the file gone.yaml that it extends cannot be read",
    ],
    ["a missing service", "nobody", "it extends a service that compose.yaml does not have"],
    ["a remote file", "{ file: 'https://x/y.yaml', service: x }", "it extends a service of a remote file"],
    ["no service", "{ file: x.yaml }", "extends without a service"],
  ])("%s is a gap, and the rest is read", (_, target, reason) => {
    const { service, reasons } = composeProject(
      `services: { a: { image: x, extends: ${target}, privileged: true }, b: { image: y } }`,
    );
    expect(service("a").privileged).toMatchObject({ value: true });
    expect(service("b").image).toMatchObject({ value: "y" });
    expect(reasons).toEqual([expect.stringContaining(reason)]);
  });
});

describe("include", () => {
  test("brings services of other projects, each with its own folder and variables", () => {
    const { service, reading, reasons } = composeProject(
      {
        "/app/compose.yaml":
          "include:\n  - db/compose.yaml\n  - { path: [c/a.yaml, c/b.yaml], project_directory: ., env_file: c.env }\nservices: { web: { image: x } }\n",
        "/app/db/compose.yaml":
          "services: { db: { image: 'pg:$TAG', volumes: ['./data:/data', 'vol:/v'] } }\nvolumes: { vol: }\n",
        "/app/db/.env": "TAG=16\n",
        "/app/c.env": "TAG=7\n",
        "/app/c/a.yaml": "services: { cache: { image: 'redis:$TAG', volumes: ['./c:/c'] } }",
        "/app/c/b.yaml": "services: { cache: { read_only: true } }",
      },
      {},
    );
    expect(reasons).toEqual([]);
    expect(reading.subjects.map((each) => each.id).toSorted()).toEqual([
      "/app/compose.yaml#cache",
      "/app/compose.yaml#db",
      "/app/compose.yaml#web",
    ]);
    expect(service("db").image).toMatchObject({ value: "pg:16" });
    expect(service("db").mounts).toMatchObject([
      { value: { hostPath: "/app/db/data" } },
      { value: { source: "vol" } },
    ]);
    expect(service("cache")).toMatchObject({ image: { value: "redis:7" }, readonlyRootfs: { value: true } });
    expect(service("cache").mounts).toMatchObject([{ value: { hostPath: "/app/c" } }]);
  });

  test.each([
    ["a missing file", "gone.yaml", "the included file gone.yaml cannot be read"],
    ["a remote file", "https://example.com/x.git", "it includes a remote file"],
    ["itself", "compose.yaml", "files include one another in a circle"],
    ["an unset variable", "$WHERE", "the variable WHERE is not set"],
  ])("%s is a gap, and the rest is read", (_, path, reason) => {
    const { service, reasons } = composeProject(`include: ['${path}']\nservices: { a: { image: x } }\n`);
    expect(service("a").image).toMatchObject({ value: "x" });
    expect(reasons).toEqual([expect.stringContaining(reason)]);
  });
});

describe("variables", () => {
  const text = "services: { a: { image: '$A-$B-$C' } }";

  test("come from the process before the project folder's .env", () => {
    const { service } = composeProject(
      { "compose.yaml": text, ".env": "A=file\nB=file\nC=$A\n" },
      { environment: { A: "process" } },
    );
    expect(service("a").image).toMatchObject({ value: "process-file-process" });
  });

  test("come from the env files that are asked for instead, later over earlier", () => {
    const { service } = composeProject(
      { "compose.yaml": text, ".env": "A=no\n", "1.env": "A=1\nB=1\nC=1", "2.env": "B=2" },
      { envFiles: ["1.env", "2.env"] },
    );
    expect(service("a").image).toMatchObject({ value: "1-2-1" });
  });

  test("hold the project's name", () => {
    const named = composeProject("name: shop\nservices: { a: { image: '$COMPOSE_PROJECT_NAME' } }");
    expect(named.service("a").image).toMatchObject({ value: "shop" });
  });

  test("a name that every object has is not set", () => {
    expect(composeProject("services: { a: { image: $constructor } }").service("a").image.state).toBe(
      "unresolved",
    );
  });

  test("an env file that cannot be read is a gap", () => {
    const { reading } = composeProject({ "compose.yaml": text }, { envFiles: ["gone.env"] });
    expect(reading.gaps).toMatchObject([{ file: "gone.env" }]);
  });
});
