import { describe, expect, test } from "vitest";
import { factsOf, gapsOf } from "../../../test/support/formats/engine-facts.ts";
import { readDaemonJson } from "./read.ts";

function facts(text: string) {
  return factsOf(readDaemonJson(text, "daemon.json"), { "daemon.json": text });
}

function gaps(text: string) {
  return gapsOf(readDaemonJson(text, "daemon.json"), { "daemon.json": text });
}

test("every option that a control asks for", () => {
  const text = JSON.stringify(
    {
      hosts: ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2376"],
      tlsverify: true,
      "userns-remap": "default",
      "no-new-privileges": true,
      "seccomp-profile": "/etc/docker/seccomp.json",
      "selinux-enabled": true,
      "storage-driver": "overlay2",
      "storage-opts": ["overlay2.size=20G"],
      "log-driver": "json-file",
      "log-opts": { "max-size": "10m", "max-file": "3" },
      "default-ulimits": { nofile: { Name: "nofile", Hard: 64000, Soft: 32000 } },
      icc: false,
      "insecure-registries": ["registry.lan:5000", "10.0.0.0/8"],
      "live-restore": true,
      "authorization-plugins": ["opa"],
      "cgroup-parent": "/docker",
      "default-cgroupns-mode": "private",
      "default-ipc-mode": "private",
      "data-root": "/srv/docker",
      "default-runtime": "runsc",
      rootless: true,
    },
    null,
    2,
  );
  expect(gaps(text)).toEqual([]);
  expect(facts(text)).toEqual({
    listenAddresses: [
      [{ address: "unix:///var/run/docker.sock", tls: "none" }, '"unix:///var/run/docker.sock"'],
      [{ address: "tcp://0.0.0.0:2376", tls: "mutual" }, '"tcp://0.0.0.0:2376"'],
    ],
    usernsRemap: ["default", '"default"'],
    noNewPrivileges: [true, "true"],
    seccompProfile: ["/etc/docker/seccomp.json", '"/etc/docker/seccomp.json"'],
    selinuxEnabled: [true, "true"],
    storageDriver: ["overlay2", '"overlay2"'],
    storageOptions: [[{ name: "overlay2.size", value: "20G" }, '"overlay2.size=20G"']],
    logDriver: ["json-file", '"json-file"'],
    logOptions: [
      [{ name: "max-size", value: "10m" }, '"10m"'],
      [{ name: "max-file", value: "3" }, '"3"'],
    ],
    defaultUlimits: [
      [{ name: "nofile", soft: 32000, hard: 64000 }, expect.stringContaining('"Soft": 32000')],
    ],
    icc: [false, "false"],
    insecureRegistries: [
      ["registry.lan:5000", '"registry.lan:5000"'],
      ["10.0.0.0/8", '"10.0.0.0/8"'],
    ],
    liveRestore: [true, "true"],
    authorizationPlugins: [["opa", '"opa"']],
    cgroupParent: ["/docker", '"/docker"'],
    defaultCgroupnsMode: ["private", '"private"'],
    defaultIpcMode: ["private", '"private"'],
    dataRoot: ["/srv/docker", '"/srv/docker"'],
    defaultRuntime: ["runsc", '"runsc"'],
    rootless: [true, "true"],
  });
});

test("the subject is the engine", () => {
  expect(readDaemonJson("{}\n", "etc/daemon.json").subjects).toMatchObject([
    {
      kind: "engine",
      id: "etc/daemon.json#engine",
      stableId: "etc/daemon.json#engine",
      name: "engine",
      source: "daemon-json",
      location: { startLine: 1, startColumn: 1, endLine: 2, endColumn: 1 },
    },
  ]);
});

describe("TLS", () => {
  test.each([
    ['"hosts":["tcp://a:1"]', "none"],
    ['"hosts":["tcp://a:1"],"tls":true', "server"],
    ['"hosts":["tcp://a:1"],"tls":false', "none"],
    ['"hosts":["tcp://a:1"],"tlsverify":true', "mutual"],
    ['"hosts":["tcp://a:1"],"tlsverify":false', "server"],
    ['"hosts":["tcp://a:1"],"tls":false,"tlsverify":true', "mutual"],
  ])("%s is %s", (members, tls) => {
    expect(facts(`{${members}}`)).toEqual({
      listenAddresses: [[{ address: "tcp://a:1", tls }, '"tcp://a:1"']],
    });
  });

  test("without hosts moves dockerd to TCP", () => {
    expect(facts('{"tls":true}')).toEqual({
      listenAddresses: [[{ address: "tcp://localhost:2376", tls: "server" }, "true"]],
    });
  });

  test("is no matter of a unix socket, and addresses without a scheme are TCP", () => {
    expect(facts('{"hosts":["unix:///x",":2375",""],"tlsverify":true}')).toEqual({
      listenAddresses: [
        [{ address: "unix:///x", tls: "none" }, '"unix:///x"'],
        [{ address: "tcp://:2375", tls: "mutual" }, '":2375"'],
      ],
    });
  });
});

test.each([
  ['{"seccomp-profile":""}', { seccompProfile: ["builtin", '""'] }],
  ['{"seccomp-profile":"unconfined"}', { seccompProfile: ["unconfined", '"unconfined"'] }],
  ['{"bridge":"none"}', { icc: [false, '"none"'] }],
  ['{"icc":true,"icc":false}', { icc: [false, "false"] }],
  ['{"icc":null}', {}],
  ['\uFEFF{"icc":false}', { icc: [false, "false"] }],
  [
    '{"default-network-opts":{"bridge":{"a.b":"c"}}}',
    { furtherOptions: [[{ name: "default-network-opts", value: "bridge=a.b=c" }, '"c"']] },
  ],
  [
    '{"builder":{"Entitlements":{"security-insecure":true}},"runtimes":{"x":{"path":"/y","runtimeArgs":["-z"]}}}',
    {
      furtherOptions: [
        [{ name: "builder", value: "entitlements.security-insecure=true" }, "true"],
        [{ name: "runtimes", value: "x=/y" }, '"/y"'],
      ],
    },
  ],
  ["{}", {}],
  ["null", {}],
  ["  \n", {}],
])("%j is read as dockerd reads it", (text, expected) => {
  expect(facts(text)).toEqual(expected);
  expect(gaps(text)).toEqual([]);
});

describe("what dockerd refuses is a gap, and the rest is read", () => {
  const missing = "a value or a key is missing here, perhaps behind a trailing comma";
  test.each([
    [
      '{\n  // why\n  "icc": false }',
      "dockerd refuses to start with this file: JSON has no comments",
      "// why",
    ],
    ['{"icc":false,}', `dockerd refuses to start with this file: ${missing}`, "}"],
    ['{"icc":false, "foo": 1}', "dockerd refuses to start: “foo” is none of its options", '"foo"'],
    ['{"icc":false, "ICC": true}', "dockerd refuses to start: “ICC” is none of its options", '"ICC"'],
    ['{"icc":false, "mtu": "1"}', "dockerd refuses to start: mtu must be a whole number", '"1"'],
    [
      '{"icc":false, "hosts": "tcp://a"}',
      "dockerd refuses to start: hosts must be a list of strings",
      '"tcp://a"',
    ],
    [
      '{"icc":false, "host": []}',
      "“host” is a flag and no key: dockerd ignores it here, the key is “hosts”",
      '"host"',
    ],
    [
      '{"icc":false, "x": {"icc": true}}',
      "this key is none of dockerd's options: it ignores what is in it",
      '"x"',
    ],
    ['{"icc":false, "graph": "/x"}', "dockerd refuses to start: “graph” is none of its options", '"graph"'],
  ])("%j", (text, reason, place) => {
    expect(gaps(text)).toEqual([[reason, place]]);
    expect(facts(text)).toMatchObject({ icc: [false, "false"] });
  });

  test("values of the wrong type are not guessed", () => {
    expect(facts('{"icc":"false"}')).toEqual({ icc: "? icc must be true or false" });
    expect(facts('{"hosts":["tcp://a:1", 2]}')).toEqual({
      listenAddresses: [
        [{ address: "tcp://a:1", tls: "none" }, '"tcp://a:1"'],
        "? hosts must be a list of strings",
      ],
    });
    expect(facts('{"hosts":["tcp://a:1"],"tlsverify":"yes"}')).toEqual({
      listenAddresses: ["? tlsverify must be true or false"],
    });
  });

  test.each([["[1]"], ["7"], ['"x"'], ["{"], ["\0\u0001"], ["hosts: x"]])("%j holds nothing", (text) => {
    expect(facts(text)).toEqual({});
    expect(gaps(text)).toHaveLength(1);
  });
});

test("credentials are masked and never told", () => {
  const text =
    '{"http-proxy":"http://me:hunter2@p","log-opts":{"splunk-token":"hunter2","x":7},"registry-mirrors":["https://me:hunter2@m"]}';
  const reading = readDaemonJson(text, "daemon.json");
  expect(
    reading.secrets.map(({ startColumn, endColumn }) => text.slice(startColumn - 1, endColumn - 1)),
  ).toEqual(['"http://me:hunter2@p"', '"hunter2"', '"https://me:hunter2@m"']);
  expect(JSON.stringify(reading.gaps)).not.toContain("hunter2");
});
