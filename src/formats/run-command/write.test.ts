import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectRunLaw, runsIn, writeRun } from "../../../test/support/formats/run-writing.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { bareContext } from "../../controls/control.ts";
import { controls } from "../../controls/registry.ts";
import { type Container, container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { applyEdits } from "../../model/writing.ts";
import { processorTime } from "../../watch/reading/sweep.ts";
import type { WriterHost } from "./write/quote.ts";
import { writeRunCommand, writeRunCommands } from "./write.ts";

type Patches = (view: Container) => readonly ContainerPatch[];

const readOnlyRoot: Patches = () => [{ op: "set", field: "readonlyRootfs", value: true }];
const unprivileged: Patches = () => [{ op: "set", field: "privileged", value: false }];
const noPublishing: Patches = () => [{ op: "set", field: "publishAllPorts", value: false }];
const memory: Patches = () => [{ op: "set", field: "memory", value: 512 * 1024 ** 2 }];
const dropAll: Patches = () => [{ op: "add", field: "capDrop", value: "ALL" }];
const noNewPrivileges: Patches = () => [{ op: "set", field: "noNewPrivileges", value: true }];
const rule: Patches = () => [{ op: "add", field: "deviceCgroupRules", value: "c 1:3 mr" }];
const unset =
  (
    ...fields: readonly ("networkMode" | "seccomp" | "apparmor" | "selinux" | "pathProtection" | "user")[]
  ): Patches =>
  () =>
    fields.map((field) => ({ op: "unset", field }));
const readOnlyMounts: Patches = ({ mounts }) =>
  setItems(mounts).map(({ value }) => ({
    op: "replace",
    field: "mounts",
    value,
    with: { ...value, readOnly: true },
  }));
const loopback: Patches = ({ ports }) =>
  setItems(ports).map(({ value }) => ({
    op: "replace",
    field: "ports",
    value,
    with: { ...value, hostIp: "127.0.0.1" },
  }));
const noMounts: Patches = ({ mounts }) =>
  setItems(mounts).map(({ value }) => ({ op: "remove", field: "mounts", value }));
const noExec: Patches = ({ mounts }) =>
  setItems(mounts).flatMap(({ value }) =>
    value.tmpfs
      ? [
          {
            op: "replace",
            field: "mounts",
            value,
            with: {
              ...value,
              tmpfs: { ...value.tmpfs, size: 1024 ** 3, exec: false, suid: false, dev: false },
            },
          },
        ]
      : [],
  );
const both =
  (...all: readonly Patches[]): Patches =>
  (view) =>
    all.flatMap((patches) => patches(view));

type Case = readonly [what: string, before: string, patches: Patches, after: string];

function each(host: WriterHost, cases: readonly Case[]): void {
  test.each(cases)("%s", (_what, before, patches, after) => {
    const written = writeRun(before, host, patches);
    expect(written.text).toBe(after);
    expect(written.refused).toEqual([]);
  });
}

describe("a flag is added", () => {
  each("line", [
    [
      "in front of the image",
      "docker run nginx sh -c ls",
      readOnlyRoot,
      "docker run --read-only nginx sh -c ls",
    ],
    ["behind the other flags", "docker run -d -- nginx", memory, "docker run -d --memory 512m -- nginx"],
    [
      "with an equals sign where the others have one",
      "docker run --name=a nginx",
      memory,
      "docker run --name=a --memory=512m nginx",
    ],
    [
      "on its own line where the others stand so",
      "docker run \\\n    -d \\\n    nginx \\\n    ls",
      both(readOnlyRoot, memory),
      "docker run \\\n    -d \\\n    --read-only \\\n    --memory 512m \\\n    nginx \\\n    ls",
    ],
    [
      "on the line of the others where they share one",
      "docker run -d --rm \\\n  nginx",
      memory,
      "docker run -d --rm --memory 512m \\\n  nginx",
    ],
    ["as the first one", "docker run \\\n\tnginx\n", memory, "docker run \\\n\t--memory 512m \\\n\tnginx\n"],
    [
      "in place of all others",
      "docker run \\\n  --privileged \\\n  nginx",
      both(unprivileged, dropAll),
      "docker run \\\n  --cap-drop ALL \\\n  nginx",
    ],
    [
      "between a variable and the image",
      "docker run $OPTS nginx",
      memory,
      "docker run $OPTS --memory 512m nginx",
    ],
    [
      "in front of what may hold the image",
      'docker run --rm "$@"',
      memory,
      'docker run --rm --memory 512m "$@"',
    ],
    [
      "with quotes where it needs them",
      "docker run nginx",
      rule,
      "docker run --device-cgroup-rule 'c 1:3 mr' nginx",
    ],
    ["in a payload", "bash -c 'docker run -d nginx'", memory, "bash -c 'docker run -d --memory 512m nginx'"],
    [
      "in other quotes than the payload's",
      "bash -c 'docker run -d nginx'",
      rule,
      `bash -c 'docker run -d --device-cgroup-rule "c 1:3 mr" nginx'`,
    ],
    [
      "behind a prompt",
      "$ docker run -d \\\n>   --rm \\\n>   nginx",
      memory,
      "$ docker run -d \\\n>   --rm \\\n>   --memory 512m \\\n>   nginx",
    ],
  ]);
});

describe("a value is changed", () => {
  each("line", [
    ["behind its flag", "docker run --memory 1g nginx", memory, "docker run --memory 512m nginx"],
    ["glued to a letter", "docker run -m1g nginx", memory, "docker run -m512m nginx"],
    [
      "behind an equals sign, in its quotes",
      'docker run --memory="1g" nginx',
      memory,
      'docker run --memory="512m" nginx',
    ],
    ["in the last of several", "docker run -m 1g -m 2g nginx", memory, "docker run -m 1g -m 512m nginx"],
    ["in place of a variable", "M=1g\ndocker run -m $M nginx", memory, "M=1g\ndocker run -m 512m nginx"],
    [
      "by a flag behind the variable that holds it",
      "O='-d -m 1g'\ndocker run $O nginx",
      memory,
      "O='-d -m 1g'\ndocker run $O --memory 512m nginx",
    ],
    [
      "of -v, with its options",
      "docker run -v /a:/b:z -v '/c d:/e' -itv ~/x:/y nginx",
      readOnlyMounts,
      "docker run -v /a:/b:z,ro -v '/c d:/e:ro' -itv ~/x:/y:ro nginx",
    ],
    [
      "of -v, whose options say the opposite",
      "docker run -v /a:/b:rw,z nginx",
      readOnlyMounts,
      "docker run -v /a:/b:ro,z nginx",
    ],
    [
      "of -v, whose target is not known",
      'docker run -v "/a:$B" nginx',
      readOnlyMounts,
      'docker run -v "/a:$B:ro" nginx',
    ],
    [
      "of --mount",
      `docker run --mount 'type=bind,"src=/a,b",dst=/c' nginx`,
      readOnlyMounts,
      `docker run --mount 'type=bind,"src=/a,b",dst=/c,readonly' nginx`,
    ],
    [
      "of --mount that says false",
      "docker run --mount type=bind,src=/a,ro=false,dst=/c nginx",
      readOnlyMounts,
      "docker run --mount type=bind,src=/a,readonly,dst=/c nginx",
    ],
    [
      "of -p",
      "docker run -p 8080:80 -p 81 -p 0.0.0.0:1:1/tcp -p=[::]:2:2 nginx",
      loopback,
      "docker run -p 8080:80 -p 81 -p 0.0.0.0:1:1/tcp -p=[::]:2:2 nginx"
        .replace("8080:80", "127.0.0.1:8080:80")
        .replace("-p 81", "-p 127.0.0.1::81")
        .replace("0.0.0.0:1", "127.0.0.1:1")
        .replace("[::]", "127.0.0.1"),
    ],
    [
      "of -p with a variable",
      "P=8080\ndocker run -p $P:80 nginx",
      loopback,
      "P=8080\ndocker run -p 127.0.0.1:$P:80 nginx",
    ],
    [
      "of -p with a default",
      'docker run -p "${PORT:-8080}:80" -p ${OTHER-81}:81 -p ${P:=82} -v "${D:-/srv}:/d" nginx',
      loopback,
      'docker run -p "127.0.0.1:${PORT:-8080}:80" -p 127.0.0.1:${OTHER-81}:81 -p 127.0.0.1::${P:=82} -v "${D:-/srv}:/d" nginx',
    ],
    [
      "of -v with a default",
      'docker run -v "${D:-/srv}:${T:-/d}" nginx',
      readOnlyMounts,
      'docker run -v "${D:-/srv}:${T:-/d}:ro" nginx',
    ],
    [
      "of -p in the long form",
      "docker run -p published=1,target=2 nginx",
      loopback,
      "docker run -p 127.0.0.1:1:2 nginx",
    ],
    [
      "of --tmpfs",
      "docker run --tmpfs /t:rw,exec,size=2g --tmpfs /u nginx",
      noExec,
      "docker run --tmpfs /t:rw,size=1g --tmpfs /u:size=1g nginx",
    ],
    [
      "of --tmpfs that says defaults",
      "docker run --tmpfs /t:defaults,mode=700 nginx",
      noExec,
      "docker run --tmpfs /t:mode=700,size=1g nginx",
    ],
    [
      "of the first network, which is the mode",
      "docker run --network a --network b nginx",
      () => [{ op: "set", field: "networkMode", value: { mode: "container", target: "c", by: "container" } }],
      "docker run --network container:c --network b nginx",
    ],
    [
      "of an option in its old spelling",
      "docker run --security-opt=no-new-privileges:false nginx",
      noNewPrivileges,
      "docker run --security-opt=no-new-privileges:true nginx",
    ],
    [
      "that says no",
      "docker run --read-only=false -d nginx",
      readOnlyRoot,
      "docker run --read-only -d nginx",
    ],
    [
      "into the name alone",
      "docker run -e TOKEN=hunter2 nginx",
      ({ environment }) =>
        setItems(environment).map(({ value }) => ({
          op: "replace",
          field: "environment",
          value,
          with: { ...value, value: undefined },
        })),
      "docker run -e TOKEN nginx",
    ],
    [
      "of the image",
      "docker run --rm nginx ls",
      () => [{ op: "set", field: "image", value: "nginx:1.27" }],
      "docker run --rm nginx:1.27 ls",
    ],
  ]);
});

describe("a flag is taken out", () => {
  each("line", [
    ["with its blank", "docker run --privileged -d nginx", unprivileged, "docker run -d nginx"],
    ["with its value", "docker run -d --net host nginx", unset("networkMode"), "docker run -d nginx"],
    [
      "with its line",
      "docker run \\\n  -d \\\n  --net=host \\\n  nginx",
      unset("networkMode"),
      "docker run \\\n  -d \\\n  nginx",
    ],
    [
      "with its line, as the first one",
      "docker run \\\n  --net=host \\\n  -d \\\n  nginx",
      unset("networkMode"),
      "docker run \\\n  -d \\\n  nginx",
    ],
    [
      "from a line that stays",
      "docker run -d \\\n  --privileged -p 1:1 \\\n  nginx",
      unprivileged,
      "docker run -d \\\n  -p 1:1 \\\n  nginx",
    ],
    [
      "from a first line that stays",
      "docker run --privileged \\\n  -d \\\n  nginx",
      unprivileged,
      "docker run \\\n  -d \\\n  nginx",
    ],
    ["from among letters", "docker run -itdP nginx", noPublishing, "docker run -itd nginx"],
    ["as a letter with a value", "docker run -itv /a:/b --rm nginx", noMounts, "docker run -it --rm nginx"],
    ["as a letter with a glued value", "docker run -itv/a:/b nginx", noMounts, "docker run -it nginx"],
    ["as the only letters", "docker run -P -d nginx", noPublishing, "docker run -d nginx"],
    [
      "in every spelling",
      "docker run --privileged=true --privileged=1 nginx",
      unprivileged,
      "docker run nginx",
    ],
    [
      "with all options of one fact",
      "docker run --security-opt label=disable --security-opt seccomp=unconfined --security-opt label:level:s0 nginx",
      unset("selinux"),
      "docker run --security-opt seccomp=unconfined nginx",
    ],
    [
      "beside one that goes too",
      "docker run --privileged --net host -P nginx",
      both(unprivileged, unset("networkMode"), noPublishing),
      "docker run nginx",
    ],
    [
      "with those of its name that would come back",
      "docker run -e A=1 -e B=1 -e A=2 nginx",
      ({ environment }) =>
        setItems(environment)
          .filter(({ value }) => value.name === "A")
          .map(({ value }) => ({ op: "remove", field: "environment", value })),
      "docker run -e B=1 nginx",
    ],
    [
      "or overridden, where a variable holds it",
      "O=--privileged\ndocker run $O nginx",
      unprivileged,
      "O=--privileged\ndocker run $O --privileged=false nginx",
    ],
    [
      "or overridden, where a variable may hold it",
      "docker run --privileged $O nginx",
      unprivileged,
      "docker run $O --privileged=false nginx",
    ],
  ]);
});

describe("where the command stands", () => {
  const all = both(readOnlyRoot, rule, readOnlyMounts);
  test.each<readonly [string, WriterHost, string, string]>([
    [
      "a script",
      "shell",
      "#!/bin/sh\n# docker run -v /a:/b x\nsudo docker run -v /a:/b x && ls # y\n",
      "#!/bin/sh\n# docker run -v /a:/b x\nsudo docker run -v /a:/b:ro --read-only --device-cgroup-rule 'c 1:3 mr' x && ls # y\n",
    ],
    [
      "a script with CRLF",
      "shell",
      "docker run \\\r\n  -v /a:/b \\\r\n  x\r\n",
      "docker run \\\r\n  -v /a:/b:ro \\\r\n  --read-only \\\r\n  --device-cgroup-rule 'c 1:3 mr' \\\r\n  x\r\n",
    ],
    [
      "Markdown",
      "markdown",
      "- so:\n\n  ~~~ bash\n  docker run \\\n    -v /a:/b \\\n    x\n  ~~~\n",
      "- so:\n\n  ~~~ bash\n  docker run \\\n    -v /a:/b:ro \\\n    --read-only \\\n    --device-cgroup-rule 'c 1:3 mr' \\\n    x\n  ~~~\n",
    ],
    [
      "a Makefile",
      "makefile",
      "run:\n\t@docker run -v $$PWD/a:/b $(IMAGE)\n",
      "run:\n\t@docker run -v $$PWD/a:/b:ro --read-only --device-cgroup-rule 'c 1:3 mr' $(IMAGE)\n",
    ],
    [
      "a block scalar",
      "github-actions",
      "jobs:\n  a:\n    steps:\n      - run: |\n          docker run \\\n            -v /a:/b \\\n            x\n",
      "jobs:\n  a:\n    steps:\n      - run: |\n          docker run \\\n            -v /a:/b:ro \\\n            --read-only \\\n            --device-cgroup-rule 'c 1:3 mr' \\\n            x\n",
    ],
    [
      "a plain scalar",
      "gitlab-ci",
      "a:\n  script:\n    - docker run -v /a:/b x # note\n",
      "a:\n  script:\n    - docker run -v /a:/b:ro --read-only --device-cgroup-rule 'c 1:3 mr' x # note\n",
    ],
    [
      "a plain scalar on several lines",
      "gitlab-ci",
      "a:\n  script:\n    - docker run\n      -v /a:/b\n      x\n",
      "a:\n  script:\n    - docker run\n      -v /a:/b:ro\n      --read-only\n      --device-cgroup-rule 'c 1:3 mr'\n      x\n",
    ],
    [
      "single quotes in YAML",
      "gitlab-ci",
      "a: { script: ['docker run -v /a:/b x'] }\n",
      "a: { script: ['docker run -v /a:/b:ro --read-only --device-cgroup-rule ''c 1:3 mr'' x'] }\n",
    ],
    [
      "double quotes in YAML",
      "gitlab-ci",
      'a:\n  script: "docker run -v \\"/a\\":/b x"\n',
      `a:\n  script: "docker run -v \\"/a\\":/b:ro --read-only --device-cgroup-rule 'c 1:3 mr' x"\n`,
    ],
    [
      "a unit",
      "systemd",
      "[Service]\nExecStart=/usr/bin/docker run --rm \\\n  --name %n \\\n  -v /a:/b \\\n  x\n",
      '[Service]\nExecStart=/usr/bin/docker run --rm \\\n  --name %n \\\n  -v /a:/b:ro \\\n  --read-only \\\n  --device-cgroup-rule "c 1:3 mr" \\\n  x\n',
    ],
    [
      "a job's container",
      "github-actions",
      "jobs:\n  a:\n    container:\n      image: x\n      volumes: [ '/a:/b' ]\n      options: --cpus 1\n",
      "jobs:\n  a:\n    container:\n      image: x\n      volumes: [ '/a:/b:ro' ]\n      options: --cpus 1 --read-only --device-cgroup-rule 'c 1:3 mr'\n",
    ],
    [
      "a job's container without options",
      "github-actions",
      "jobs:\n  a:\n    container:\n      image: x\n      volumes:\n        - /a:/b\n",
      "jobs:\n  a:\n    container:\n      image: x\n      options: --read-only --device-cgroup-rule 'c 1:3 mr'\n      volumes:\n        - /a:/b:ro\n",
    ],
  ])("%s", (_what, host, before, after) => {
    const written = writeRun(before, host, all);
    expect(written.text).toBe(after);
    expect(written.refused).toEqual([]);
  });

  test("a dollar and a percent sign mean themselves", () => {
    const label: Patches = () => [{ op: "add", field: "labels", value: { name: "a", value: "$b %c" } }];
    expect(writeRun("[Service]\nExecStart=docker run x\n", "systemd", label).text).toContain(
      '--label "a=$$b %%c" x',
    );
    expect(writeRun("r:\n\tdocker run x\n", "makefile", label).text).toContain("--label 'a=$$b %c' x");
    expect(writeRun("docker run x\n", "shell", label).text).toContain("--label 'a=$b %c' x");
  });

  each("github-actions", [
    [
      "an entry goes with its line",
      "jobs:\n  a:\n    services:\n      d:\n        image: x\n        volumes:\n          - /var/run/docker.sock:/s\n          - data:/d\n",
      (view) => noMounts(view).slice(0, 1),
      "jobs:\n  a:\n    services:\n      d:\n        image: x\n        volumes:\n          - data:/d\n",
    ],
    [
      "the last entry goes with its list",
      "jobs:\r\n  a:\r\n    services:\r\n      d:\r\n        image: x\r\n        volumes:\r\n          - /a:/b\r\n        options: --privileged\r\n",
      both(noMounts, unprivileged),
      'jobs:\r\n  a:\r\n    services:\r\n      d:\r\n        image: x\r\n        options: ""\r\n',
    ],
  ]);
});

describe("is refused, and the text stays as it is:", () => {
  test.each<readonly [string, string, WriterHost, Patches, RegExp]>([
    [
      "what comes out of an array",
      'A=(-v /a:/b)\ndocker run "${A[@]}" x',
      "shell",
      readOnlyMounts,
      /is not in the command itself/,
    ],
    [
      "what comes out of a file",
      "docker run --env-file e.env x",
      "line",
      () => [{ op: "remove", field: "environment", value: { name: "A", value: "1" } }],
      /is in the file e.env/,
    ],
    [
      "the absence of what a variable may hold",
      "docker run --net host $OPTS x",
      "shell",
      unset("networkMode"),
      /may hold any flags/,
    ],
    [
      "what no flag can say",
      "docker run x",
      "line",
      () => [
        { op: "set", field: "healthcheck", value: "command" },
        {
          op: "set",
          field: "build",
          value: {
            context: ".",
            dockerfile: undefined,
            dockerfileInline: undefined,
            target: undefined,
            args: [],
          },
        },
      ],
      /by hand|builds nothing/,
    ],
    [
      "a flag for a container without a line for it",
      "jobs:\n  a:\n    container: { image: x, volumes: ['/a:/b'] }\n",
      "github-actions",
      readOnlyRoot,
      /has no options/,
    ],
    [
      "what is not there",
      "docker run x",
      "line",
      () => [
        {
          op: "replace",
          field: "mounts",
          value: mount({ type: "bind", source: "/a", target: "/b" }),
          with: mount({ type: "bind", source: "/a", target: "/b", readOnly: true }),
        },
      ],
      /does not contain/,
    ],
    [
      "a value that would be another thing to docker",
      "docker run x",
      "line",
      () => [{ op: "set", field: "pidMode", value: { mode: "private" } }],
      /cannot be written/,
    ],
  ])("%s", (_what, text, host, patches, reason) => {
    const io = memoryFiles({ "e.env": "A=1\n" });
    const [subject] = runsIn(text, host, "f", io);
    const view = subject?.views[0];
    if (!subject || !view) throw new Error("nothing was read");
    const writing = writeRunCommand({
      text,
      file: "f",
      host,
      io,
      subject: subject.id,
      patches: patches(view),
    });
    expect(writing.edits).toEqual([]);
    expect(writing.refused.length).toBeGreaterThan(0);
    for (const each of writing.refused) expect(each.reason).toMatch(reason);
  });

  test("one patch does not take the others with it", () => {
    const written = writeRun(
      'A=(-v /a:/b)\ndocker run "${A[@]}" x',
      "shell",
      both(readOnlyMounts, readOnlyRoot),
    );
    expect(written.text).toBe('A=(-v /a:/b)\ndocker run "${A[@]}" --read-only x');
    expect(written.refused).toHaveLength(1);
  });

  test("a reason holds no secret", () => {
    const text = "T=hunter2\ndocker run $OPTS -e TOKEN=$T x";
    const { refused } = writeRun(text, "shell", ({ environment }) =>
      setItems(environment).map(({ value }) => ({ op: "remove", field: "environment", value })),
    );
    expect(JSON.stringify(refused.map(({ reason }) => reason))).not.toContain("hunter2");
  });
});

test("a mount that the audit knows more of is still the one in the command", () => {
  const written = writeRun("docker run -v /run:/r x", "line", ({ mounts }) =>
    setItems(mounts).map(({ value }) => ({
      op: "remove",
      field: "mounts",
      value: { ...value, resolvedPath: "/run", sockets: ["/run/docker.sock"] },
    })),
  );
  expect(written).toEqual({ text: "docker run x", refused: [] });
});

test("all commands of a file are written at once as they are one by one", () => {
  const text = 'docker run -P a\nf() { docker run -v /a:/b b; }\nA=(-v /a:/b)\ndocker run "${A[@]}" c\n';
  const io = memoryFiles();
  const changes = runsIn(text, "shell").map(({ id, views }) => ({
    subject: id,
    patches: views[0] ? both(readOnlyRoot, readOnlyMounts, noPublishing)(views[0]) : [],
  }));
  const writings = writeRunCommands({ text, file: "f", host: "shell", io, changes });
  const alone = changes.map((change) => writeRunCommand({ text, file: "f", host: "shell", io, ...change }));
  expect(writings).toEqual(alone);
  expect(writings.map(({ refused }) => refused.length)).toEqual([0, 0, 1]);
  expect(
    applyEdits(
      text,
      writings.flatMap(({ edits }) => edits),
    ),
  ).toBe(
    'docker run --read-only a\nf() { docker run -v /a:/b:ro --read-only b; }\nA=(-v /a:/b)\ndocker run "${A[@]}" --read-only c\n',
  );
});

describe("every remedy is written", () => {
  const examples = controls.flatMap((control) =>
    control.examples.bad
      .filter(({ syntax }) => syntax === "run")
      .map(({ text }) => [control.id, text] as const),
  );
  test.each(examples)("%s: %s", (id, text) => {
    const context = bareContext("run-command");
    const control = controls.find((each) => each.id === id);
    const view = runsIn(text, "line")[0]?.views[0];
    if (!view || !control?.check.container) throw new Error("the example is not of a container");
    expect(control.check.container(view, context).verdict).toBe("fail");
    const patches = control.remedy.container?.(view, context).patches ?? [];
    expectRunLaw(text, "line", patches);
    const written = writeRun(text, "line", () => patches);
    expect(written.refused).toEqual([]);
    const after = runsIn(written.text, "line")[0]?.views[0];
    if (!after) throw new Error(`no run is left in ${written.text}`);
    const { verdict } = control.check.container(after, context);
    // A remedy that only a person can make has no patch.
    if (patches.length > 0) expect(verdict, written.text).not.toBe("fail");
    else expect(verdict, written.text).toBe("fail");
  });
});

describe("on any input", () => {
  const some: readonly ContainerPatch[] = [
    ...readOnlyRoot(container("declared")),
    ...rule(container("declared")),
    ...unset("networkMode", "user")(container("declared")),
  ];
  const hosts: readonly WriterHost[] = [
    "line",
    "shell",
    "markdown",
    "makefile",
    "github-actions",
    "gitlab-ci",
    "systemd",
  ];

  test("it writes or refuses, and throws nothing", () => {
    const part = fc.constantFrom(
      "docker run ",
      "-v /a:/b ",
      "--net=host ",
      "x",
      "'",
      '"',
      "\\",
      "\n",
      "\t",
      " ",
      "$A",
      "$(",
      ")",
      "`",
      "\0",
      "\r\n",
      ": ",
      "- ",
      "{",
      "[",
      "# ",
      "run: ",
      "ExecStart=",
      "```\n",
      "%n",
      "<<E\n",
      ";",
      "|",
      "é",
      "\uFEFF",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.constantFrom(...hosts), (parts, host) => {
        const text = parts.join("");
        const subject = runsIn(text, host)[0]?.id ?? "f#none";
        const request = { text, file: "f", host, io: memoryFiles(), subject, patches: some };
        applyEdits(text, writeRunCommand(request).edits);
        if (runsIn(text, host)[0]) expectRunLaw(text, host, some);
      }),
      { numRuns: 600 },
    );
  });

  test("a command that is not there refuses all", () => {
    const request = {
      text: "ls",
      file: "f",
      host: "shell",
      io: memoryFiles(),
      subject: "f#x",
      patches: some,
    } as const;
    expect(writeRunCommand(request)).toMatchObject({ edits: [], refused: some.map((patch) => ({ patch })) });
  });

  test("it takes no longer than its length warrants", () => {
    const flags = Array.from({ length: 3_000 }, (_, index) => `-v /a${index}:/b${index} `).join("");
    const commands = "docker run -v /a:/b -P nginx\n".repeat(100);
    const start = processorTime();
    expect(
      writeRun(`docker run ${flags} nginx`, "shell", both(readOnlyRoot, dropAll, memory)).refused,
    ).toEqual([]);
    const impossible: ContainerPatch = { op: "set", field: "pidMode", value: { mode: "private" } };
    const changes = runsIn(commands, "shell").map(({ id }, index) => ({
      subject: id,
      patches: index === 7 ? [...some.slice(0, 2), impossible] : some.slice(0, 2),
    }));
    const writings = writeRunCommands({
      text: commands,
      file: "f",
      host: "shell",
      io: memoryFiles(),
      changes,
    });
    expect(writings.flatMap(({ refused }) => refused).map(({ patch }) => patch)).toEqual([impossible]);
    expect(processorTime() - start).toBeLessThan(5_000);
  });
});
