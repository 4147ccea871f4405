import { describe, expect, test } from "vitest";
import { composeProject } from "../../../test/support/formats/compose.ts";
import { containerFromInspect, containerFromRun } from "../../../test/support/subjects.ts";
import { setItems, valueOr } from "../../model/fact.ts";

const web = (body: string, rest = "") =>
  composeProject(`services:\n  web:\n    image: nginx\n${body}${rest}`);

describe("where a value stands", () => {
  test("the value of a key, an item of a list, a whole long item", () => {
    const { service, written } = web(
      '    read_only: false # so\n    user: "1000"\n    cap_add:\n      - SYS_ADMIN\n    volumes:\n      - "/a:/b"\n      - type: bind\n        source: /c\n        target: /d\n',
    );
    const { readonlyRootfs, user, capAdd, mounts } = service("web");
    expect(written(readonlyRootfs)).toEqual(["false"]);
    expect(written(user)).toEqual(['"1000"']);
    expect(written(capAdd)).toEqual(["SYS_ADMIN"]);
    expect(written(mounts)).toEqual(['"/a:/b"', "type: bind\n        source: /c\n        target: /d"]);
  });

  test("lines and columns count from one, and the end is exclusive", () => {
    const { service } = web("    privileged: true\n");
    expect(service("web").privileged).toEqual({
      state: "set",
      value: true,
      origins: [{ file: "compose.yaml", startLine: 4, startColumn: 17, endLine: 4, endColumn: 21 }],
    });
  });

  test("behind an alias, a merge key and a list of merge keys", () => {
    const { service, written } = composeProject(
      "x-a: &a\n  privileged: true # here\n  user: a\nx-b: &b { user: b, pid: host }\nx-c: &caps [SYS_ADMIN]\nservices:\n  web:\n    <<: [*a, *b]\n    image: x\n    cap_add: *caps\n",
    );
    const { privileged, user, pidMode, capAdd } = service("web");
    expect(written(privileged)).toEqual(["true"]);
    expect(privileged).toMatchObject({ origins: [{ startLine: 2 }] });
    expect(user).toMatchObject({ value: "a", origins: [{ startLine: 3 }] });
    expect(pidMode).toMatchObject({ value: { mode: "host" }, origins: [{ startLine: 4 }] });
    expect(capAdd).toMatchObject([{ value: "SYS_ADMIN", origins: [{ startLine: 5 }] }]);
  });

  test("the service itself, from its key to its end, without what follows", () => {
    const { reading, at } = composeProject(
      "services:\n  web:\n    image: nginx\n    ports:\n      - '80:80'\n\n  # the next\n  db: { image: x } # end\n",
    );
    expect(reading.subjects.map((each) => each.location && at(each.location))).toEqual([
      "web:\n    image: nginx\n    ports:\n      - '80:80'",
      "db: { image: x }",
    ]);
  });

  test("in files with a byte order mark, with CRLF, and behind characters of two units", () => {
    const { service, written } = composeProject(
      "\uFEFFservices:\r\n  web: # 💥\r\n    image: '💥x'\r\n    user: a\r\n",
    );
    expect(service("web").user).toMatchObject({
      origins: [{ startLine: 4, startColumn: 11, endColumn: 12 }],
    });
    expect(written(service("web").image)[0]).toBeDefined();
  });
});

describe("subjects", () => {
  test("are named after their services", () => {
    const { reading } = composeProject({ "deploy/app.yaml": "services: { web: { image: x } }" });
    expect(reading.subjects[0]).toMatchObject({
      kind: "container",
      id: "deploy/app.yaml#web",
      stableId: "deploy/app.yaml#web",
      name: "web",
      source: "compose",
    });
  });

  test.each([
    ["a file's name", "docker-stack.yml", "services: { a: { image: x } }"],
    ["placement", "compose.yaml", "services: { a: { image: x, deploy: { placement: {} } } }"],
    ["a mode", "compose.yaml", "services: { a: { image: x, deploy: { mode: global } } }"],
  ])("belong to a Swarm by %s", (_, file, text) => {
    expect(composeProject({ [file]: text }).reading.subjects[0]?.source).toBe("swarm");
  });

  test.each([
    ["resources alone", "services: { a: { image: x, deploy: { resources: { limits: { pids: 5 } } } } }"],
    ["something to build", "services: { a: { build: ., deploy: { mode: global } } }"],
    [
      "a key that docker stack deploy refuses",
      "services: { a: { image: x, mem_limit: 1g, deploy: { mode: global } } }",
    ],
    [
      "one that it ignores, and docker compose obeys",
      "services: { a: { image: x, privileged: true, deploy: { mode: global } } }",
    ],
  ])("do not for %s", (_, text) => {
    expect(composeProject(text).reading.subjects[0]?.source).toBe("compose");
  });

  test("with a stack's name and keys that Swarm ignores are judged as docker compose runs them", () => {
    const text = "services:\n  a:\n    image: x\n    privileged: true\n    network_mode: host\n";
    const { reading, service } = composeProject({ "media-stack.yaml": text });
    expect(reading.subjects[0]?.source).toBe("compose");
    expect([service("a").privileged.state, service("a").networkMode.state]).toEqual(["set", "set"]);
    expect(reading.notes?.map(({ reason, location }) => `${location?.startLine}: ${reason}`)).toEqual([
      "4: docker stack deploy ignores privileged of a; it is judged as docker compose runs it",
      "5: docker stack deploy ignores network_mode of a; it is judged as docker compose runs it",
    ]);
    expect(composeProject({ "compose.yaml": text }).reading.notes).toEqual([]);
  });

  test("on a Swarm have no setting for what docker stack deploy does not take", () => {
    const text = "services: { a: { image: x, cap_add: [SYS_ADMIN], sysctls: { a.b: 1 } } }";
    const view = composeProject({ "stack.yml": text }).service("a");
    expect(view.noNewPrivileges).toMatchObject({ state: "unseen", reason: "Swarm has no setting for it" });
    expect([setItems(view.capAdd), setItems(view.sysctls)].map((each) => each.length)).toEqual([1, 1]);
  });

  test.each([
    ["in the short syntax", '["${SOCK}:/var/run/docker.sock:ro"]', true],
    ["in a folder that is not known", '["${DIR}/docker.sock:/var/run/docker.sock"]', true],
    ["in the long syntax", "[{ type: bind, source: '${SOCK}', target: /run/podman/podman.sock }]", true],
    ["at another target", '["${DATA}:/data"]', false],
  ])("with a socket of a variable that is not set have it, by its target: %s", (_, volumes, known) => {
    const view = composeProject(`services: { a: { image: x, volumes: ${volumes} } }`).service("a");
    expect(view.mounts[0]?.state).toBe(known ? "set" : "unresolved");
  });

  test.each([
    ["an empty test of a health check", "healthcheck: { test: [] }", 0],
    ["a number and its text as groups", "group_add: [1, '1']", 0],
    ["the same number twice", "group_add: [1, 1]", 1],
    ["an IPv6 address without brackets", "ports: ['::1:80:80']", 1],
    ["one in brackets", "ports: ['[::1]:80:80']", 0],
    ["two spaces in a size", "mem_limit: '5  m'", 1],
    ["one space in a size", "mem_limit: '5 m'", 0],
    ["an image that is empty", "image: '${NONE-}'", 1],
  ])("%s is taken as docker compose takes it", (_, key, gaps) => {
    const image = key.startsWith("image") ? "" : "image: x, ";
    const { reading, service } = composeProject(`services: { a: { ${image}${key} } }`);
    expect(reading.gaps).toHaveLength(gaps);
    expect(service("a").healthcheck.state).toBe("unset");
  });

  test("a service that a provider runs is no container", () => {
    const { reading } = composeProject("services: { a: { provider: { type: x } }, b: { image: x } }");
    expect(reading.subjects.map(({ kind, name }) => [kind, name])).toEqual([
      ["container", "b"],
      ["exec", "a"],
    ]);
  });

  test("all services are read unless a profile is asked for", () => {
    const text =
      "services: { a: { image: x }, b: { image: x, profiles: [debug] }, c: { image: x, profiles: [p] } }";
    const names = (profiles?: readonly string[]) =>
      composeProject(text, profiles ? { profiles } : {}).reading.subjects.map((each) => each.name);
    expect(names()).toEqual(["a", "b", "c"]);
    expect(names(["debug"])).toEqual(["a", "b"]);
    expect(names(["*"])).toEqual(["a", "b", "c"]);
  });
});

describe("mounts", () => {
  test("of the host stand on the Compose file's folder and on the home folder", () => {
    const { service } = composeProject({
      "/srv/app/compose.yaml":
        "services: { web: { image: x, volumes: [./a:/a, ../b/:/b, ~/c:/c, /d/../e:/e] } }",
    });
    expect(setItems(service("web").mounts).map((each) => each.value.hostPath)).toEqual([
      "/srv/app/a",
      "/srv/b",
      "/home/me/c",
      "/e",
    ]);
  });

  test("keep their source as written", () => {
    expect(web("    volumes: ['./a:/a']\n").service("web").mounts).toMatchObject([
      { value: { source: "./a" } },
    ]);
  });

  test("a volume that binds a path of the host shows it, at both places", () => {
    const { service, written } = web(
      "    volumes: [sock:/s]\n",
      "volumes:\n  sock:\n    driver_opts: { type: none, o: 'bind,ro', device: /var/run/docker.sock }\n",
    );
    expect(service("web").mounts).toMatchObject([
      { value: { type: "volume", source: "sock", hostPath: "/var/run/docker.sock", readOnly: true } },
    ]);
    expect(written(service("web").mounts)).toEqual(["sock:/s", "/var/run/docker.sock"]);
  });

  test("use_api_socket mounts the Engine's socket", () => {
    const { service, written } = web("    use_api_socket: true\n");
    expect(service("web").mounts).toMatchObject([
      { value: { type: "bind", hostPath: "/var/run/docker.sock" } },
    ]);
    expect(written(service("web").mounts)).toEqual(["true"]);
  });

  test("secrets with a file are binds under docker compose, and not on a Swarm", () => {
    const text = "services: { a: { image: x, secrets: [s] } }\nsecrets: { s: { file: /etc/shadow } }\n";
    expect(composeProject(text).service("a").mounts).toMatchObject([
      { value: { type: "bind", hostPath: "/etc/shadow", target: "/run/secrets/s", readOnly: true } },
    ]);
    expect(composeProject({ "stack.yml": text }).service("a").mounts).toEqual([]);
  });

  test("tmpfs options", () => {
    const { service } = web("    tmpfs: ['/run:size=64m,mode=1777,exec', /tmp]\n");
    expect(service("web").mounts).toMatchObject([
      {
        value: {
          type: "tmpfs",
          target: "/run",
          tmpfs: { size: 67108864, mode: 0o1777, exec: true, suid: false },
        },
      },
      { value: { target: "/tmp", tmpfs: { size: undefined } } },
    ]);
  });
});

describe("limits", () => {
  test("deploy.resources goes before the older keys that say the same", () => {
    const { service, written } = web(
      "    mem_limit: 64m\n    deploy: { resources: { limits: { memory: 64M, cpus: '0.5', pids: 9 } } }\n",
    );
    const { memory, nanoCpus, pidsLimit } = service("web");
    expect([memory, nanoCpus, pidsLimit].map((fact) => valueOr<number, null>(fact, null))).toEqual([
      67108864, 5e8, 9,
    ]);
    expect(written(memory)).toEqual(["64M"]);
  });
});

describe("the environment", () => {
  const text =
    "services:\n  a:\n    image: x\n    environment:\n      - LITERAL=hunter2\n      - PASSED\n      - REFERENCE=$" +
    "{SECRET}\n      - URL=postgres://u:pw@$" +
    "{HOST}/d\n      - DEFAULTED=$" +
    "{GONE:-fallback}\n";

  test("has the values that the author wrote, and none for what is passed on", () => {
    const { service } = composeProject(text, { environment: { SECRET: "from outside", HOST: "db" } });
    expect(setItems(service("a").environment).map((each) => each.value)).toEqual([
      { name: "LITERAL", value: "hunter2" },
      { name: "PASSED", value: undefined },
      { name: "REFERENCE", value: undefined },
      { name: "URL", value: "postgres://u:pw@$" + "{HOST}/d" },
      { name: "DEFAULTED", value: "fallback" },
    ]);
  });

  test("stays set where a variable of it is not", () => {
    expect(
      composeProject(text)
        .service("a")
        .environment.map((each) => each.state),
    ).not.toContain("unresolved");
  });

  test("tells where its values stand, so that no report shows them", () => {
    const { reading, at } = composeProject(
      "x-e: &e { PW: one }\nservices:\n  a:\n    build: { context: ., args: [ARG=two] }\n    environment: { <<: *e, B: 'three' }\n  b:\n    image: x\n    environment: ['C=four=4', \"D=five\"]\n",
    );
    expect(reading.secrets.map(at)).toEqual(["'three'", "one", "two", "four=4'", 'five"']);
  });

  test("comes from env files, at their own places, under the service's own", () => {
    const { service, written, reading, at } = composeProject({
      "app/compose.yaml":
        "services:\n  a:\n    image: x\n    env_file: [vars.env]\n    environment: { B: mine }\n",
      "app/vars.env": "A=secret\nB=theirs\n",
    });
    expect(setItems(service("a").environment).map((each) => each.value)).toEqual([
      { name: "A", value: "secret" },
      { name: "B", value: "mine" },
    ]);
    expect(written(service("a").environment)).toEqual(["app/vars.env:secret", "mine"]);
    expect(reading.secrets.map(at)).toEqual(["mine", "secret", "theirs"]);
  });
});

describe("what cannot be told", () => {
  test("a variable without value and default leaves only its fact open", () => {
    const { service, reasons, written } = web(
      "    user: $" + "{WHO}\n    volumes: [$DATA/x:/x, /a:/a]\n    read_only: true\n",
    );
    const { user, mounts, readonlyRootfs } = service("web");
    expect(user).toMatchObject({ state: "unresolved", reason: "the variable WHO is not set" });
    expect(written(user)).toEqual(["$" + "{WHO}"]);
    expect(mounts.map((each) => each.state)).toEqual(["unresolved", "set"]);
    expect(readonlyRootfs).toMatchObject({ value: true });
    expect(reasons).toEqual([]);
  });

  test("one that has to be set where the file is started is no gap", () => {
    const { service, reading } = web("    user: $" + "{WHO:?say who}\n    privileged: true\n");
    expect(service("web").user.state).toBe("unresolved");
    expect(service("web").privileged).toMatchObject({ value: true });
    expect(reading.gaps).toEqual([]);
  });

  test.each([
    ["privileged", "[yes]", "privileged"],
    ["privileged", "maybe", "privileged"],
    ["mem_limit", "lots", "memory"],
    ["pids_limit", "{}", "pidsLimit"],
  ] as const)("%s: %s is no such value: open, and a gap", (key, value, field) => {
    const { service, reasons } = web(`    ${key}: ${value}\n`);
    expect(service("web")[field].state).toBe("unresolved");
    expect(reasons).toHaveLength(1);
  });
});

test.each([
  ["host: { external: true }", "host"],
  ["net: { external: true, name: host }", "host"],
  ["net: { external: { name: host } }", "host"],
  ["net: { external: true, name: none }", "none"],
])("the external network %s is the mode %s", (network, mode) => {
  const name = network.split(":")[0];
  const { service } = composeProject(
    `services:\n  web:\n    image: a\n    networks: [${name}]\nnetworks:\n  ${network}\n`,
  );
  expect(service("web").networkMode).toMatchObject({ state: "set", value: { mode } });
});

test("a network of the project is not a mode, whatever its name", () => {
  const { service } = composeProject(
    "services:\n  web:\n    image: a\n    networks: [host]\nnetworks:\n  host: {}\n",
  );
  expect(service("web").networkMode.state).toBe("unset");
});

test("a container that a service gives its name is that service's", () => {
  const { service } = composeProject(
    'services:\n  web:\n    image: a\n    network_mode: "container:proxy-1"\n    pid: container:elsewhere\n    volumes_from: ["container:proxy-1:ro"]\n  proxy:\n    image: b\n    container_name: proxy-1\n    network_mode: host\n',
  );
  const { networkMode, pidMode, volumesFrom } = service("web");
  expect(networkMode).toMatchObject({ value: { mode: "container", target: "proxy", by: "service" } });
  expect(pidMode).toMatchObject({ value: { mode: "container", target: "elsewhere", by: "container" } });
  expect(setItems(volumesFrom).map(({ value }) => value)).toEqual(["proxy"]);
});

test.each([
  ["all", "    gpus: all\n", "--gpus all", { Count: -1, Capabilities: [["gpu"]] }],
  [
    "two of them",
    "    gpus: [{ device_ids: ['0', '3'] }]\n",
    '--gpus "device=0,3"'.replace("device=0,3", '\\"device=0,3\\"'),
    { DeviceIDs: ["0", "3"], Capabilities: [["gpu"]] },
  ],
  [
    "a number",
    "    deploy: { resources: { reservations: { devices: [{ count: 2, driver: nvidia, capabilities: [gpu] }] } } }\n",
    "--gpus 2",
    { Driver: "nvidia", Count: 2, Capabilities: [["gpu"]] },
  ],
  [
    "what else they can do",
    "    gpus: [{ count: all, capabilities: [utility] }]\n",
    "--gpus all,capabilities=utility",
    { Count: -1, Capabilities: [["utility", "gpu"]] },
  ],
])("GPUs are the same devices in every syntax: %s", (_, body, flag, request) => {
  const { devices } = web(body).service("web");
  const names = (list: typeof devices) => setItems(list).map(({ value }) => value.hostPath);
  expect(names(devices)).toEqual(names(containerFromRun(`docker run ${flag} nginx`).devices));
  const inspected = containerFromInspect({ HostConfig: { DeviceRequests: [request] } });
  expect(names(devices)).toEqual(names(inspected.devices));
  expect(devices).toHaveLength(1);
});
