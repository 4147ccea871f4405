import { describe, expect, test } from "vitest";
import { factsOf } from "../../../test/support/formats/law.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { dedent } from "../../../test/support/subjects.ts";
import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import { applyPatches, type ContainerPatch } from "../../model/patch.ts";
import { applyEdits } from "../../model/writing.ts";
import { readCompose } from "./read.ts";
import { writeCompose, writeComposeServices } from "./write.ts";

type Ask = readonly ContainerPatch[] | ((web: Container) => readonly ContainerPatch[]);

/** What is left of the files, and why what was refused was. */
function written(texts: Readonly<Record<string, string>>, ask: Ask, service = "web") {
  const files = Object.keys(texts).filter((name) => name.endsWith(".yaml"));
  const request = { files, io: memoryFiles(texts) };
  const subject = readCompose(request).subjects.find((each) => each.name === service);
  const view = subject?.kind === "container" ? subject.views[0] : undefined;
  if (!view) throw new Error("no such service");
  const patches = typeof ask === "function" ? ask(view) : ask;
  const { edits, refused } = writeCompose({ ...request, service, patches });
  const after = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      applyEdits(
        text,
        edits.filter((edit) => edit.file === name),
      ),
    ]),
  );
  return { after, reasons: refused.map((each) => each.reason) };
}

/** The text after the patches, none of them refused. */
function write(text: string, ask: Ask, service = "web"): string {
  const { after, reasons } = written({ "compose.yaml": text }, ask, service);
  expect(reasons).toEqual([]);
  return after["compose.yaml"] ?? "";
}

const privileged: ContainerPatch = { op: "set", field: "privileged", value: false };
const dropAll: ContainerPatch = { op: "add", field: "capDrop", value: "ALL" };
const readOnly: ContainerPatch = { op: "set", field: "readonlyRootfs", value: true };
const noNew: ContainerPatch = { op: "set", field: "noNewPrivileges", value: true };
const memory: ContainerPatch = { op: "set", field: "memory", value: 512 * 1024 ** 2 };

const volumesReadOnly = ({ mounts }: Container): readonly ContainerPatch[] =>
  setItems(mounts).map(({ value }) => ({
    op: "replace",
    field: "mounts",
    value,
    with: { ...value, readOnly: true },
  }));

const portsToLoopback = ({ ports }: Container): readonly ContainerPatch[] =>
  setItems(ports).map(({ value }) => ({
    op: "replace",
    field: "ports",
    value,
    with: { ...value, hostIp: "127.0.0.1" },
  }));

const removeMounts = ({ mounts }: Container): readonly ContainerPatch[] =>
  setItems(mounts).map(({ value }) => ({ op: "remove", field: "mounts", value }));

function removeNames(field: "capAdd" | "capDrop", ...names: readonly string[]): readonly ContainerPatch[] {
  return names.map((value) => ({ op: "remove", field, value }));
}

test("what is JSON stays JSON", () => {
  const text = '{\n  "services": {\n    "web": {\n      "image": "a",\n      "user": "root"\n    }\n  }\n}\n';
  expect(write(text, [dropAll, noNew, memory, { op: "set", field: "user", value: "1000" }])).toBe(
    '{\n  "services": {\n    "web": {\n      "image": "a",\n      "user": "1000",\n      "cap_drop": ["ALL"],\n      "mem_limit": "512m",\n      "security_opt": ["no-new-privileges:true"]\n    }\n  }\n}\n',
  );
});

describe("where a person would put it", () => {
  const rows: readonly (readonly [string, string, Ask, string])[] = [
    [
      "a value alone is replaced, its comment and quotes stay",
      `
      services:
        web:
          image: a
          privileged: "true"   # why?
          user: 'root'
      `,
      [privileged, { op: "set", field: "user", value: "1000:1000" }],
      `
      services:
        web:
          image: a
          privileged: "false"   # why?
          user: '1000:1000'
      `,
    ],
    [
      "new keys go to the end of the service, before what belongs to the next",
      `
      services:
        web:
          image: a
          # command: b

        # the database
        db:
          image: c
      `,
      [readOnly, dropAll, noNew],
      `
      services:
        web:
          image: a
          # command: b
          read_only: true
          cap_drop:
            - ALL
          security_opt:
            - no-new-privileges:true

        # the database
        db:
          image: c
      `,
    ],
    [
      "lists as the file writes them: dashes under the key",
      `
      services:
          web:
              ports:
              -   80:80 # web
              image: a
      `,
      [
        dropAll,
        {
          op: "add",
          field: "ports",
          value: { hostIp: "127.0.0.1", hostPort: "81", containerPort: "81", protocol: "tcp" },
        },
      ],
      `
      services:
          web:
              ports:
              -   80:80 # web
              -   "127.0.0.1:81:81"
              image: a
              cap_drop:
              - ALL
      `,
    ],
    [
      "lists as the file writes them: brackets",
      `
      services:
        web:
          image: a
          cap_add: [ CHOWN ]
      `,
      [dropAll, { op: "add", field: "capAdd", value: "KILL" }],
      `
      services:
        web:
          image: a
          cap_add: [ CHOWN, KILL ]
          cap_drop: [ALL]
      `,
    ],
    [
      "an item goes with its comment and no other",
      `
      services:
        web:
          cap_add:
            # first
            - CHOWN # stays
            # second
            - SYS_ADMIN # goes
            # third
            - KILL
          image: a
      `,
      removeNames("capAdd", "SYS_ADMIN"),
      `
      services:
        web:
          cap_add:
            # first
            - CHOWN # stays
            # second
            # third
            - KILL
          image: a
      `,
    ],
    [
      "the last item takes the key with it",
      `
      services:
        web:
          cap_add:
            - SYS_ADMIN
          image: a
          logging: {options: {max-size: "0"}}
      `,
      [
        ...removeNames("capAdd", "SYS_ADMIN"),
        { op: "remove", field: "logOptions", value: { name: "max-size", value: "0" } },
      ],
      `
      services:
        web:
          image: a
      `,
    ],
    [
      "volumes in the syntax that is there",
      `
      services:
        web:
          image: a
          volumes:
            - ./a:/a # data
            - "\${B:-./b}:/b:z"
            - type: bind
              source: ./c
              target: /c
            - {type: bind, source: ./d, target: /d}
      `,
      volumesReadOnly,
      `
      services:
        web:
          image: a
          volumes:
            - ./a:/a:ro # data
            - "\${B:-./b}:/b:ro,z"
            - type: bind
              source: ./c
              target: /c
              read_only: true
            - {type: bind, source: ./d, target: /d, read_only: true}
      `,
    ],
    [
      "ports in the syntax that is there, variables left alone",
      `
      services:
        web:
          image: a
          ports:
            - 80
            - 81:81/udp
            - "0.0.0.0:\${PORT:-82}:82"
            - target: 83
              published: "83"
      `,
      portsToLoopback,
      `
      services:
        web:
          image: a
          ports:
            - "127.0.0.1::80"
            - 127.0.0.1:81:81/udp
            - "127.0.0.1:\${PORT:-82}:82"
            - target: 83
              published: "83"
              host_ip: 127.0.0.1
      `,
    ],
    [
      "limits under deploy where those are, at the top where they are not",
      `
      services:
        web:
          image: a
          deploy:
            resources:
              limits:
                cpus: '2'
      `,
      [memory, { op: "set", field: "nanoCpus", value: 1e9 }, { op: "set", field: "pidsLimit", value: 200 }],
      `
      services:
        web:
          image: a
          deploy:
            resources:
              limits:
                cpus: '1'
                memory: 512m
                pids: 200
      `,
    ],
    [
      "the same limit in both places stays the same in both",
      `
      services:
        web:
          image: a
          mem_limit: 1g
          deploy: {resources: {limits: {memory: 1G}}}
      `,
      [memory],
      `
      services:
        web:
          image: a
          mem_limit: 512m
          deploy: {resources: {limits: {memory: 512m}}}
      `,
    ],
    [
      "security options, each in the place of the one before",
      `
      services:
        web:
          image: a
          security_opt:
            - seccomp:unconfined # debug
            - apparmor:unconfined
            - no-new-privileges:false
      `,
      [noNew, { op: "unset", field: "seccomp" }, { op: "set", field: "apparmor", value: "mine" }],
      `
      services:
        web:
          image: a
          security_opt:
            - apparmor:mine
            - no-new-privileges:true
      `,
    ],
    [
      "a credential becomes what is passed through",
      `
      services:
        web:
          image: a
          environment:
            PASSWORD: hunter2 # secret
        db:
          image: a
          environment: [PASSWORD=hunter2]
      `,
      [
        {
          op: "replace",
          field: "environment",
          value: { name: "PASSWORD", value: "hunter2" },
          with: { name: "PASSWORD", value: undefined },
        },
      ],
      `
      services:
        web:
          image: a
          environment:
            PASSWORD: # secret
        db:
          image: a
          environment: [PASSWORD=hunter2]
      `,
    ],
    [
      "tmpfs options, one by one; a single text stays one",
      `
      services:
        web:
          image: a
          tmpfs: /run:exec,noatime
      `,
      ({ mounts }) =>
        setItems(mounts).map(({ value }) => ({
          op: "replace",
          field: "mounts",
          value,
          with: {
            ...value,
            tmpfs: { mode: undefined, suid: false, dev: false, exec: false, size: 64 * 1024 ** 2 },
          },
        })),
      `
      services:
        web:
          image: a
          tmpfs: /run:noatime,size=64m
      `,
    ],
    [
      "braces",
      `
      services: {web: {image: a, privileged: true}, db: {image: c}}
      `,
      [privileged, dropAll],
      `
      services: {web: {image: a, privileged: false, cap_drop: [ALL]}, db: {image: c}}
      `,
    ],
  ];

  test.each(rows)("%s", (_, before, ask, after) => {
    expect(write(dedent(before), ask)).toBe(dedent(after));
  });
});

describe("what comes from elsewhere is overridden in the service", () => {
  const base = dedent(`
    x-base: &base
      image: a
      privileged: true
      network_mode: host
      volumes: &volumes
        - ./a:/a
        - /var/run/docker.sock:/var/run/docker.sock
    services:
  `);

  test("a merge key", () => {
    const service = "  web:\n    <<: *base # all\n  db:\n    <<: *base\n";
    expect(write(base + service, [privileged, ...volumeRemoval])).toBe(
      `${base}  web:\n    <<: *base # all\n    privileged: false\n    volumes:\n      - ./a:/a\n  db:\n    <<: *base\n`,
    );
  });

  test("a merge key of which something goes is written out", () => {
    const service = "  web:\n    <<: *base\n    user: a\n";
    expect(write(base + service, [{ op: "unset", field: "networkMode" }])).toBe(
      `${base}  web:\n    user: a\n    image: a\n    privileged: true\n    volumes:\n      - ./a:/a\n      - /var/run/docker.sock:/var/run/docker.sock\n`,
    );
  });

  test("an alias in place of a list", () => {
    const service = "  web:\n    image: a\n    volumes: *volumes # shared\n";
    expect(write(base + service, volumeRemoval)).toBe(
      `${base}  web:\n    image: a\n    volumes: # shared\n      - ./a:/a\n`,
    );
  });

  test("a service that is an alias goes on to follow it", () => {
    expect(write(`${base}  web: *base\n`, [privileged])).toBe(
      `${base}  web:\n    <<: *base\n    privileged: false\n`,
    );
  });

  test("what an anchor gives to others stays for them", () => {
    const services =
      "services:\n  web:\n    image: a\n    cap_add: &caps [CHOWN, SYS_ADMIN]\n  db:\n    image: a\n    cap_add: *caps\n";
    expect(write(services, removeNames("capAdd", "SYS_ADMIN"))).toBe(
      "services:\n  web:\n    image: a\n    x-cap_add: &caps [CHOWN, SYS_ADMIN]\n    cap_add: [CHOWN]\n  db:\n    image: a\n    cap_add: *caps\n",
    );
  });

  test("another file's service, by extends", () => {
    const texts = {
      "compose.yaml": "services:\n  web:\n    extends: {file: base.yml, service: base}\n",
      "base.yml":
        "services:\n  base:\n    image: a\n    pid: host\n    cap_add: [CHOWN, SYS_ADMIN]\n    volumes: ['/a:/a']\n",
    };
    const { after, reasons } = written(texts, (web) => [
      { op: "unset", field: "pidMode" },
      ...removeNames("capAdd", "SYS_ADMIN"),
      ...volumesReadOnly(web),
    ]);
    expect(reasons).toEqual([]);
    expect(after).toEqual({
      ...texts,
      "compose.yaml":
        "services:\n  web:\n    extends: {file: base.yml, service: base}\n    pid: !reset null\n    cap_add: !override\n      - CHOWN\n    volumes:\n      - '/a:/a:ro'\n",
    });
  });

  test("the last file that holds the service", () => {
    const texts = {
      "compose.yaml": 'services:\n  web:\n    image: a\n    privileged: true\n    ports: ["80:80"]\n',
      "compose.override.yaml": "services:\n  web:\n    user: root\n",
      "other.yaml": "services:\n  db:\n    image: a\n",
    };
    const { after, reasons } = written(texts, (web) => [privileged, ...portsToLoopback(web)]);
    expect(reasons).toEqual([]);
    expect(after).toEqual({
      ...texts,
      "compose.override.yaml":
        'services:\n  web:\n    user: root\n    privileged: false\n    ports: !override\n      - "127.0.0.1:80:80"\n',
    });
  });

  const volumeRemoval: readonly ContainerPatch[] = [
    {
      op: "remove",
      field: "mounts",
      value: mount({
        type: "bind",
        source: "/var/run/docker.sock",
        target: "/var/run/docker.sock",
        hostPath: "/var/run/docker.sock",
      }),
    },
  ];
});

describe("the text around", () => {
  test("Windows line ends, and no line end at the end", () => {
    const text = "services:\r\n  web:\r\n    image: a\r\n    privileged: true";
    expect(write(text, [{ op: "unset", field: "privileged" }, readOnly])).toBe(
      "services:\r\n  web:\r\n    image: a\r\n    read_only: true",
    );
  });

  test("a byte order mark", () => {
    expect(write("\uFEFFservices:\n  web: {image: a}\n", [readOnly])).toBe(
      "\uFEFFservices:\n  web: {image: a, read_only: true}\n",
    );
  });

  test("adjoining lines at the end of a text that ends in no line end", () => {
    const text = "services:\n  web:\n    image: a\n    cap_drop: [KILL]\n    volumes:\n      - /a:/a";
    expect(write(text, (web) => [...removeNames("capDrop", "KILL"), ...removeMounts(web), readOnly])).toBe(
      "services:\n  web:\n    image: a\n    read_only: true",
    );
  });

  test("the last of several documents", () => {
    const text = "services:\n  web:\n    image: a\n---\nservices:\n  web:\n    user: b\n";
    expect(write(text, [readOnly])).toBe(`${text}    read_only: true\n`);
  });
});

describe("what cannot be written is refused", () => {
  test.each<readonly [string, string, readonly ContainerPatch[], RegExp]>([
    [
      "no such key",
      "services:\n  web: {image: a}\n",
      [{ op: "set", field: "publishAllPorts", value: false }],
      /no key/,
    ],
    ["broken YAML", "services:\n  web:\n    image: a\n    user: [\n", [readOnly], /not valid YAML/],
    [
      "another service would change",
      "services:\n  web: {image: a}\n  db: {extends: web}\n",
      [readOnly],
      /db uses this too/,
    ],
    [
      "an undeclared volume",
      "services:\n  web: {image: a}\n",
      [{ op: "add", field: "mounts", value: mount({ type: "volume", source: "data", target: "/d" }) }],
      /not declared/,
    ],
    [
      "network_mode beside networks",
      "services:\n  web: {image: a, networks: [default]}\n",
      [{ op: "set", field: "networkMode", value: { mode: "none" } }],
      /exclude each other/,
    ],
  ])("%s", (_, text, patches, reason) => {
    const { after, reasons } = written({ "compose.yaml": text }, patches);
    expect(after["compose.yaml"]).toBe(text);
    expect(reasons).toEqual(patches.map(() => expect.stringMatching(reason)));
  });

  test("the rest is written all the same", () => {
    const { after, reasons } = written({ "compose.yaml": "services:\n  web:\n    image: a\n" }, [
      readOnly,
      { op: "add", field: "mounts", value: mount({ type: "volume", source: "data", target: "/d" }) },
    ]);
    expect(after["compose.yaml"]).toBe("services:\n  web:\n    image: a\n    read_only: true\n");
    expect(reasons).toHaveLength(1);
  });
});

test("services written together: what one takes over from another is written once", () => {
  const text =
    "services:\n  web:\n    image: a\n    privileged: true\n  db:\n    extends: web\n    user: b\n";
  const request = { files: ["compose.yaml"], io: memoryFiles({ "compose.yaml": text }) };
  const patches = [dropAll, noNew, privileged];
  const changes = [
    { service: "db", patches: [...patches, readOnly] },
    { service: "web", patches },
  ];
  const { edits, refused } = writeComposeServices({ ...request, changes });
  expect(refused).toEqual([]);
  expect(applyEdits(text, edits)).toBe(
    "services:\n  web:\n    image: a\n    privileged: false\n    cap_drop:\n      - ALL\n    security_opt:\n      - no-new-privileges:true\n  db:\n    extends: web\n    user: b\n    read_only: true\n",
  );
});

test("what a service takes over and changes further on is made in the order that was asked for, or refused", () => {
  const text =
    'services:\n  web:\n    image: a\n    tmpfs:\n      - "/tmp:exec"\n  db:\n    extends: web\n    tmpfs: [/tmp]\n';
  const tmp = (exec: boolean, size?: number) =>
    mount({
      type: "tmpfs",
      target: "/tmp",
      tmpfs: { size, mode: undefined, exec, suid: false, dev: false },
    });
  const noexec: ContainerPatch = { op: "replace", field: "mounts", value: tmp(true), with: tmp(false) };
  const sized: ContainerPatch = { op: "replace", field: "mounts", value: tmp(false), with: tmp(false, 1024) };
  const changes = [
    { service: "web", patches: [noexec] },
    { service: "db", patches: [noexec, sized] },
  ];
  expectMade(text, changes);
});

test("of two services that are each told two values, each keeps the last", () => {
  const text = "services:\n  web:\n    image: a\n  db:\n    extends: web\n";
  const pids = (value: number): ContainerPatch => ({ op: "set", field: "pidsLimit", value });
  expectMade(text, [
    { service: "web", patches: [pids(1), pids(2)] },
    { service: "db", patches: [pids(2), pids(1)] },
  ]);
});

/** Whatever of the changes is not refused is what the services say then. */
function expectMade(
  text: string,
  changes: readonly { readonly service: string; readonly patches: readonly ContainerPatch[] }[],
) {
  const request = (given: string) => ({
    files: ["compose.yaml"],
    io: memoryFiles({ "compose.yaml": given }),
  });
  const viewsOf = (given: string) =>
    new Map(
      readCompose(request(given)).subjects.flatMap((subject) =>
        subject.kind === "container" ? [[subject.name, subject.views[0]] as const] : [],
      ),
    );
  // Never written, so that each of the others is tried by itself.
  const undeclared: ContainerPatch = {
    op: "add",
    field: "mounts",
    value: mount({ type: "volume", source: "nowhere", target: "/d" }),
  };
  const { edits, refused } = writeComposeServices({
    ...request(text),
    changes: changes.map(({ service, patches }) => ({ service, patches: [...patches, undeclared] })),
  });
  const [before, after] = [viewsOf(text), viewsOf(applyEdits(text, edits))];
  const left = new Set(refused.map(({ patch }) => patch));
  for (const { service, patches } of changes) {
    const [was, is] = [before.get(service), after.get(service)];
    if (!was || !is) throw new Error("no such service");
    const made = patches.filter((patch) => !left.has(patch));
    expect(factsOf(is), applyEdits(text, edits)).toEqual(factsOf(applyPatches(was, made)));
  }
}

test.each(["", "\0\0", "{{{{", "- a", "services:", "services: [a]", "web"])("never throws: %j", (text) => {
  const io = memoryFiles({ "compose.yaml": text });
  const writing = writeCompose({ files: ["compose.yaml"], io, service: "web", patches: [readOnly] });
  expect(writing).toMatchObject({ edits: [], refused: [{ patch: readOnly }] });
});

test("nesting without end is refused as well", () => {
  const io = memoryFiles({ "compose.yaml": `services: {web: {image: a, x-a: ${"[".repeat(20_000)}` });
  const writing = writeCompose({ files: ["compose.yaml"], io, service: "web", patches: [readOnly] });
  expect(writing).toMatchObject({ edits: [], refused: [{ patch: readOnly }] });
});
