import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectLaw, factsOf } from "../../../test/support/formats/law.ts";
import type { Engine } from "../../model/engine.ts";
import { applyPatches, type EnginePatch, type Patch } from "../../model/patch.ts";
import { applyEdits } from "../../model/writing.ts";
import { readDaemonJson } from "./read.ts";
import { writeDaemonJson } from "./write.ts";

function written(text: string, ...patches: readonly EnginePatch[]): string {
  const { edits, refused } = writeDaemonJson({ text, file: "daemon.json", patches });
  expect(refused).toEqual([]);
  expect(edits.every(({ file }) => file === "daemon.json")).toBe(true);
  return applyEdits(text, edits);
}

function reasons(text: string, ...patches: readonly EnginePatch[]): readonly string[] {
  const { edits, refused } = writeDaemonJson({ text, file: "daemon.json", patches });
  expect(applyEdits(text, edits)).toBe(text);
  return refused.map(({ reason }) => reason);
}

function read(text: string): Engine | undefined {
  const view = readDaemonJson(text, "f").subjects[0]?.views[0];
  return view?.kind === "engine" ? view : undefined;
}

function law(text: string, patches: readonly EnginePatch[]): void {
  expectLaw<Engine>({
    text,
    patches,
    read,
    write: (each, some: readonly Patch[]) =>
      writeDaemonJson({ text: each, file: "f", patches: some as readonly EnginePatch[] }),
  });
}

const icc: EnginePatch = { op: "set", field: "icc", value: false };
const userns: EnginePatch = { op: "set", field: "usernsRemap", value: "default" };
const maxSize: EnginePatch = { op: "add", field: "logOptions", value: { name: "max-size", value: "10m" } };
const maxFile: EnginePatch = { op: "add", field: "logOptions", value: { name: "max-file", value: "3" } };
const files: EnginePatch = {
  op: "add",
  field: "defaultUlimits",
  value: { name: "nofile", soft: 1024, hard: 4096 },
};
const size: EnginePatch = {
  op: "add",
  field: "storageOptions",
  value: { name: "overlay2.size", value: "10G" },
};
const open = (address: string, tls: "none" | "server" | "mutual" = "none"): EnginePatch => ({
  op: "remove",
  field: "listenAddresses",
  value: { address, tls },
});
const insecure = (value: string): EnginePatch => ({ op: "remove", field: "insecureRegistries", value });

describe("in the file's own style", () => {
  test.each<[string, string, string, readonly EnginePatch[]]>([
    [
      "what goes and comes back stays where it is",
      '{"insecure-registries": ["b:5000", "c:5000"]}',
      '{"insecure-registries": ["b:5000", "c:5000", "a:5000"]}',
      [
        insecure("b:5000"),
        { op: "add", field: "insecureRegistries", value: "b:5000" },
        { op: "add", field: "insecureRegistries", value: "a:5000" },
      ],
    ],
    ["a new file", "", '{\n  "icc": false\n}\n', [icc]],
    ["an empty object", "{}", '{\n  "icc": false\n}', [icc]],
    ["an empty object over two lines", "{\n}\n", '{\n  "icc": false\n}\n', [icc]],
    ["blank lines", " \n\n", '{\n  "icc": false\n}\n', [icc]],
    ["a byte order mark", "\uFEFF", '\uFEFF{\n  "icc": false\n}\n', [icc]],
    ["null", "null\n", '{\n  "icc": false\n}\n', [icc]],
    ["nothing to do", "", "", []],
    [
      "one behind the others",
      '{\n    "debug": true\n}\n',
      '{\n    "debug": true,\n    "icc": false,\n    "userns-remap": "default"\n}\n',
      [icc, userns],
    ],
    ["tabs and CRLF", '{\r\n\t"debug": true\r\n}', '{\r\n\t"debug": true,\r\n\t"icc": false\r\n}', [icc]],
    ["one line", '{ "debug": true }', '{ "debug": true, "icc": false }', [icc]],
    ["no space at all", '{"debug":true,"mtu":1}', '{"debug":true,"mtu":1,"icc":false}', [icc]],
    ["in place", '{\n  "icc" : true, "mtu": 1\n}', '{\n  "icc" : false, "mtu": 1\n}', [icc]],
    ["in place of null", '{ "icc": null }', '{ "icc": false }', [icc]],
    ["in place of a wrong type", '{ "icc": "no" }', '{ "icc": false }', [icc]],
    ["said already", '{ "icc":   false }', '{ "icc":   false }', [icc]],
    ["the last of several", "{}", '{\n  "icc": false\n}', [{ op: "set", field: "icc", value: true }, icc]],
    [
      "an object of options",
      '{\n  "debug": true\n}\n',
      '{\n  "debug": true,\n  "log-opts": {\n    "max-size": "10m",\n    "max-file": "3"\n  }\n}\n',
      [maxSize, maxFile],
    ],
    [
      "an object of options, within a line",
      '{"debug": true}',
      '{"debug": true, "log-opts": { "max-size": "10m", "max-file": "3" }}',
      [maxSize, maxFile],
    ],
    [
      "into an object of options",
      '{\n  "log-opts": { "tag": "x" }\n}\n',
      '{\n  "log-opts": { "tag": "x", "max-size": "10m" }\n}\n',
      [maxSize],
    ],
    [
      "into an empty object of options",
      '{\n  "log-opts": {}\n}\n',
      '{\n  "log-opts": {\n    "max-size": "10m"\n  }\n}\n',
      [maxSize],
    ],
    [
      "a limit in place of what was none",
      '{\n  "log-opts": {\n    "max-size": "-1",\n    "tag": "x"\n  }\n}\n',
      '{\n  "log-opts": {\n    "max-size": "10m",\n    "tag": "x"\n  }\n}\n',
      [{ op: "remove", field: "logOptions", value: { name: "max-size", value: "-1" } }, maxSize],
    ],
    ["a list", "{}", '{\n  "storage-opts": ["overlay2.size=10G"]\n}', [size]],
    [
      "into a list over several lines",
      '{\n  "storage-opts": [\n    "a=b"\n  ]\n}',
      '{\n  "storage-opts": [\n    "a=b",\n    "overlay2.size=10G"\n  ]\n}',
      [size],
    ],
    [
      "into a list within a line",
      '{"storage-opts":["a=b"]}',
      '{"storage-opts":["a=b", "overlay2.size=10G"]}',
      [size],
    ],
    ["into an empty list", '{"storage-opts": [ ]}', '{"storage-opts": ["overlay2.size=10G"]}', [size]],
    [
      "an item of a list",
      '{ "storage-opts": ["overlay2.size=0", "x=y"] }',
      '{ "storage-opts": ["overlay2.size=10G", "x=y"] }',
      [
        {
          op: "replace",
          field: "storageOptions",
          value: { name: "overlay2.size", value: "0" },
          with: { name: "overlay2.size", value: "10G" },
        },
      ],
    ],
    [
      "ulimits",
      '{\n  "debug": true\n}',
      '{\n  "debug": true,\n  "default-ulimits": {\n    "nofile": {\n      "Name": "nofile",\n      "Hard": 4096,\n      "Soft": 1024\n    }\n  }\n}',
      [files],
    ],
    [
      "ulimits in place",
      '{\n  "default-ulimits": {\n    "nofile": { "Name": "nofile", "Hard": -1, "Soft": -1 },\n    "core": { "Hard": 0, "Soft": 0 }\n  }\n}',
      '{\n  "default-ulimits": {\n    "nofile": { "Name": "nofile", "Hard": 4096, "Soft": 1024 },\n    "core": { "Hard": 0, "Soft": 0 }\n  }\n}',
      [{ op: "remove", field: "defaultUlimits", value: { name: "nofile", soft: -1, hard: -1 } }, files],
    ],
    [
      "one host of several",
      '{\n  "hosts": ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2375"],\n  "debug": true\n}',
      '{\n  "hosts": ["unix:///var/run/docker.sock"],\n  "debug": true\n}',
      [open("tcp://0.0.0.0:2375")],
    ],
    [
      "the first and third of four",
      '{"hosts": [\n  "tcp://a:1",\n  "unix:///x",\n  ":2375",\n  "fd://"\n]}',
      '{"hosts": [\n  "unix:///x",\n  "fd://"\n]}',
      [open("tcp://a:1"), open("tcp://:2375")],
    ],
    [
      "all hosts",
      '{\n  "debug": true,\n  "hosts": ["tcp://a:1"]\n}\n',
      '{\n  "debug": true\n}\n',
      [open("tcp://a:1")],
    ],
    ["all that there is", '{\n  "hosts": ["tcp://a:1"]\n}\n', "{}\n", [open("tcp://a:1")]],
    [
      "another address for the last host",
      '{"tlsverify": true, "hosts": ["tcp://a:1"]}',
      '{"tlsverify": true, "hosts": ["unix:///var/run/docker.sock"]}',
      [
        {
          op: "replace",
          field: "listenAddresses",
          value: { address: "tcp://a:1", tls: "mutual" },
          with: { address: "unix:///var/run/docker.sock", tls: "none" },
        },
      ],
    ],
    [
      "an address for one that nobody wrote",
      '{"tls": true}',
      '{"tls": true, "hosts": ["unix:///var/run/docker.sock"]}',
      [
        {
          op: "replace",
          field: "listenAddresses",
          value: { address: "tcp://localhost:2376", tls: "server" },
          with: { address: "unix:///var/run/docker.sock", tls: "none" },
        },
      ],
    ],
    [
      "registries",
      '{ "insecure-registries": ["a:5000", "127.0.0.1", "b"] }',
      '{ "insecure-registries": ["127.0.0.1"] }',
      [insecure("a:5000"), insecure("b")],
    ],
    [
      "an option goes, and another comes",
      '{\n  "seccomp-profile": "unconfined",\n  "debug": true\n}',
      '{\n  "debug": true,\n  "icc": false\n}',
      [{ op: "unset", field: "seccompProfile" }, icc],
    ],
    [
      "the last option goes",
      '{ "debug": true, "seccomp-profile": "unconfined" }',
      '{ "debug": true }',
      [{ op: "unset", field: "seccompProfile" }],
    ],
    [
      "in place of all there was",
      '{ "seccomp-profile": "unconfined" }',
      '{ "icc": false }',
      [{ op: "unset", field: "seccompProfile" }, icc],
    ],
    ["what is not there goes in peace", "{}", "{}", [{ op: "unset", field: "seccompProfile" }]],
    [
      "everything of a boolean kind",
      "{}",
      '{\n  "live-restore": true,\n  "no-new-privileges": true,\n  "selinux-enabled": true\n}',
      [
        { op: "set", field: "liveRestore", value: true },
        { op: "set", field: "noNewPrivileges", value: true },
        { op: "set", field: "selinuxEnabled", value: true },
      ],
    ],
  ])("%s", (_, text, expected, patches) => {
    expect(written(text, ...patches)).toBe(expected);
    law(text, patches);
  });
});

describe("what cannot be written is refused with why", () => {
  test.each<[string, EnginePatch, RegExp]>([
    ['{ "icc": true, }', icc, /trailing comma/],
    ['{\n  // why\n  "icc": true\n}', icc, /JSON has no comments/],
    ["[1]", icc, /not a JSON object/],
    ["\0\u0001", icc, /JSON/],
    ["[Service]\nExecStart=/usr/bin/dockerd -H fd://\n", icc, /systemd unit/],
    ['{ "icc": true, "icc": true }', icc, /“icc” is written several times/],
    ['{ "bridge": "none" }', { op: "unset", field: "icc" }, /another option/],
    ['{ "bridge": "none" }', { op: "set", field: "icc", value: true }, /another option/],
    ['{ "hosts": "tcp://a" }', open("tcp://a"), /put that right first/],
    ['{ "hosts": ["tcp://a:1"] }', open("tcp://b:1"), /from a flag/],
    ["", insecure("r"), /from a flag/],
    ['{ "tlsverify": true, "hosts": ["tcp://a:1"] }', open("tcp://a:1", "mutual"), /localhost:2376/],
    ['{ "tls": true }', open("tcp://localhost:2376", "server"), /localhost:2376/],
    ['{ "log-opts": { "max-size": "1g" } }', maxSize, /an entry of that name already/],
    ['{ "log-opts": { "max-size": 5 } }', maxSize, /an entry of that name already/],
    ["{}", { op: "set", field: "rootless", value: true }, /dockerd-rootless/],
    ["{}", { op: "set", field: "kernelLsm", value: ["selinux"] }, /kernel/],
    ["{}", { op: "set", field: "memoryTotal", value: 1 }, /host/],
    [
      "{}",
      { op: "remove", field: "socketFiles", value: { path: "/x", mode: 0o666, uid: 0, gid: 0 } },
      /chown/,
    ],
  ])("%j: %j", (text, patch, expected) => {
    const [reason = "", ...more] = reasons(text, patch);
    expect(more).toEqual([]);
    expect(reason).toMatch(expected);
  });

  test("one that is refused does not hold up the others", () => {
    const text = '{ "bridge": "none" }';
    const { edits, refused } = writeDaemonJson({
      text,
      file: "f",
      patches: [{ op: "set", field: "icc", value: true }, userns],
    });
    expect(applyEdits(text, edits)).toBe('{ "bridge": "none", "userns-remap": "default" }');
    expect(refused.map(({ patch }) => patch.field)).toEqual(["icc"]);
  });
});

/** Whether making the patches twice is making them once: not so for “a becomes b, and a is added”. */
function isSettled(text: string, patches: readonly EnginePatch[]): boolean {
  const before = read(text);
  if (!before) return false;
  const once = applyPatches(before, patches);
  return JSON.stringify(factsOf(once)) === JSON.stringify(factsOf(applyPatches(once, patches)));
}

const strings = fc.constantFrom("default", "unconfined", "", "a b", 'q"\\', "ü\u2028");
const named = fc.record({
  name: fc.constantFrom("max-size", "tag", "a"),
  value: fc.constantFrom("-1", "10m", ""),
});
const hosts = fc.constantFrom("unix:///x", "tcp://a:1", ":2375", "fd://", "");
const limits = fc.constantFrom(-1, 64, 4096);
const document = fc.record(
  {
    debug: fc.boolean(),
    icc: fc.oneof(fc.boolean(), fc.constantFrom(null, "x")),
    bridge: fc.constantFrom("none", "br0"),
    tls: fc.boolean(),
    tlsverify: fc.boolean(),
    "userns-remap": strings,
    "seccomp-profile": strings,
    "live-restore": fc.boolean(),
    hosts: fc.oneof(fc.array(hosts, { maxLength: 4 }), fc.constantFrom(null, "tcp://a:1")),
    "insecure-registries": fc.array(fc.constantFrom("a", "b:5000", "::1/128"), { maxLength: 4 }),
    "storage-opts": fc.array(fc.constantFrom("a=b", "overlay2.size=0", "c"), { maxLength: 3 }),
    "log-opts": fc.dictionary(fc.constantFrom("max-size", "tag", "a"), fc.oneof(strings, fc.constant(7))),
    "default-ulimits": fc.dictionary(
      fc.constantFrom("nofile", "core"),
      fc.record({ Name: fc.constant("x"), Soft: limits, Hard: limits }),
    ),
    dns: fc.array(fc.constant("1.1.1.1"), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const styles = fc.constantFrom<(value: unknown) => string>(
  (value) => JSON.stringify(value),
  (value) => `${JSON.stringify(value, null, 2)}\n`,
  (value) => `\uFEFF${JSON.stringify(value, null, "\t").replaceAll("\n", "\r\n")}\r\n`,
  (value) => JSON.stringify(value, null, 1).replaceAll("\n", " "),
  (value) => JSON.stringify(value).replaceAll(",", " ,\n ").replaceAll(":", " : "),
);
const texts = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(document, styles).map(([value, style]) => style(value)) },
  fc.constantFrom("", "  \n", "\uFEFF", "null", "{}", "{ }\r\n"),
);
const addresses = fc.record({
  address: fc.constantFrom("unix:///x", "tcp://a:1", "tcp://:2375", "fd://", "tcp://localhost:2376"),
  tls: fc.constantFrom("none", "server", "mutual"),
});
const ulimits = fc.record({ name: fc.constantFrom("nofile", "core", "nproc"), soft: limits, hard: limits });

function listPatches<T>(field: string, items: fc.Arbitrary<T>): fc.Arbitrary<EnginePatch> {
  const op = fc.constantFrom("add", "remove", "replace");
  return fc
    .record({ op, value: items, other: items })
    .map(
      ({ op, value, other }) =>
        ({ op, field, value, ...(op === "replace" && { with: other }) }) as EnginePatch,
    );
}

const patches = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom<EnginePatch>(
      icc,
      userns,
      { op: "set", field: "icc", value: true },
      { op: "unset", field: "icc" },
      { op: "set", field: "liveRestore", value: true },
      { op: "unset", field: "seccompProfile" },
      { op: "set", field: "cpus", value: 1 },
    ),
    strings.map((value): EnginePatch => ({ op: "set", field: "seccompProfile", value })),
    listPatches("listenAddresses", addresses),
    listPatches("insecureRegistries", fc.constantFrom("a", "b:5000", "c")),
    listPatches("authorizationPlugins", fc.constantFrom("opa")),
    listPatches("storageOptions", named),
    listPatches("logOptions", named),
    listPatches("defaultUlimits", ulimits),
  ),
  { maxLength: 6, selector: (patch) => JSON.stringify(patch) },
);

test("the law holds for generated files", { timeout: 180_000 }, () => {
  fc.assert(
    fc.property(texts, patches, (text, some) => {
      fc.pre(isSettled(text, some));
      law(text, some);
    }),
    { numRuns: 3000 },
  );
});

test("what was JSON stays JSON", () => {
  fc.assert(
    fc.property(texts, patches, (text, some) => {
      const { edits } = writeDaemonJson({ text, file: "f", patches: some });
      if (edits.length > 0) JSON.parse(applyEdits(text, edits).replace(/^\uFEFF/, ""));
    }),
    { numRuns: 1000 },
  );
});

test("any text is written without an exception", () => {
  const part = fc.constantFrom(
    ...'{ } [ ] : , " \\ \n true null "hosts" "icc" // [Service] \0 \uD800 1e999'.split(" "),
  );
  const text = fc.oneof(
    fc.array(part, { maxLength: 40 }).map((parts) => parts.join(" ")),
    fc.json(),
  );
  fc.assert(
    fc.property(text, patches, (each, some) => {
      fc.pre(isSettled(each, some));
      law(each, some);
    }),
    { numRuns: 500 },
  );
});

describe("a hostile text takes time by its length only", () => {
  const many = (part: string) => part.repeat(Math.ceil(500_000 / part.length));
  test.each(
    Object.entries({
      "nested lists": many("["),
      "many hosts": `{"hosts":[${many('"tcp://a:1",')}"x"]}`,
      "many keys": `{${many('"icc":true,')}"x":1}`,
      "many options": `{"log-opts":{${Array.from({ length: 30_000 }, (_, index) => `"k${index}":"1"`).join()}}}`,
      "blank lines": many("\n"),
      "a long line": `{"icc":true,"labels":["${many("a")}"]}`,
    }),
  )("%s", (_, text) => {
    const start = process.cpuUsage();
    const some = [icc, userns, maxSize, files, size, open("tcp://a:1"), insecure("a")];
    writeDaemonJson({ text, file: "f", patches: some });
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(4_000);
  });
});
