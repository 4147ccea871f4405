// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the shell writes its variables so
import { expect, test } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { containerFromRun } from "../../../test/support/subjects.ts";
import { textAt } from "../../../test/support/text-at.ts";
import { isFileOrigin } from "../../model/origin.ts";
import { readRunLine } from "./read.ts";

function read(text: string, files: Readonly<Record<string, string>> = {}) {
  return readRunLine(text, "run.sh", memoryFiles(files));
}

test("a line becomes a container with its flags as facts", () => {
  const reading = read("docker run -d --name web --read-only -v /etc:/e:ro nginx");
  expect(reading.gaps).toEqual([]);
  expect(reading.subjects).toMatchObject([
    {
      id: "run.sh#web",
      name: "web",
      source: "run-command",
      location: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 57 },
      views: [
        {
          image: { value: "nginx" },
          readonlyRootfs: { value: true, origins: [{ startColumn: 26, endColumn: 37 }] },
          mounts: [{ value: { type: "bind", hostPath: "/etc", readOnly: true } }],
        },
      ],
    },
  ]);
});

test.each([
  ["docker run -v /a:/b nginx", "/a:/b"],
  ["docker run -v/a:/b nginx", "/a:/b"],
  ["docker run -v=/a:/b nginx", "/a:/b"],
  ["docker run --volume=/a:/b nginx", "/a:/b"],
  ["docker run -itv /a:/b nginx", "/a:/b"],
  ['docker run -v "/a:/b" nginx', '"/a:/b"'],
  ['docker run --volume="/a:/b" nginx', '"/a:/b"'],
  ['docker run "--volume=/a:/b" nginx', "/a:/b"],
  ["docker run -v '/a':/b nginx", "'/a':/b"],
  ["docker run \\\n  -v /a:/b \\\n  nginx", "/a:/b"],
  ["V=/a:/b; docker run -v $V nginx", "/a:/b"],
  ["V='-v /a:/b'; docker run $V nginx", "/a:/b"],
  ['O=(-v "/a:/b"); docker run "${O[@]}" nginx', "/a:/b"],
  ["V=/a; docker run -v $V:/b nginx", "$V:/b"],
  ["bash -c 'docker run -v /a:/b nginx'", "/a:/b"],
  ["sh -c \"docker run -v '/a:/b' nginx\"", "'/a:/b'"],
  ["X=`docker run -v /a:/b nginx`", "/a:/b"],
  ["X=`echo \\`docker run -v /a:/b nginx\\``", "/a:/b"],
  ["cat <<E | bash\ndocker run -v /a:/b nginx\nE\n", "/a:/b"],
])("a mount is located where it is written: %s", (line, place) => {
  const [subject] = read(line).subjects;
  const mounts = subject?.kind === "container" ? subject.views[0]?.mounts : undefined;
  expect(mounts).toHaveLength(1);
  expect(mounts?.[0]).toMatchObject({ state: "set", value: { hostPath: "/a", target: "/b" } });
  const [origin] = mounts?.[0]?.origins ?? [];
  expect(origin && isFileOrigin(origin) && textAt(line, origin)).toBe(place);
});

test("a flag without a value stands at itself, also among letters", () => {
  const line = "docker run -itP --privileged nginx";
  const view = containerFromRun(line);
  for (const [fact, place] of [
    [view.publishAllPorts, "P"],
    [view.privileged, "--privileged"],
  ] as const) {
    const origin = fact.state === "set" ? fact.origins[0] : undefined;
    expect(origin && isFileOrigin(origin) && textAt(line, origin)).toBe(place);
  }
});

test.each([
  ["docker run $OPTS nginx", "the variable OPTS is not known here"],
  ['docker run "$@"', "the arguments of the script are not known here"],
  ["docker run ${EXTRA} --name x nginx", "the variable EXTRA is not known here"],
  ["docker run $(cat flags) nginx", "the output of a command is not known here"],
])("what may be set by flags that are not known is unresolved: %s", (line, reason) => {
  const view = containerFromRun(line);
  expect(view.privileged).toMatchObject({ state: "unresolved", reason });
  expect(view.readonlyRootfs).toMatchObject({ state: "unresolved", reason });
  expect(view.mounts).toMatchObject([{ state: "unresolved", reason }]);
});

test("what is set beside flags that are not known stays set", () => {
  const view = containerFromRun("docker run --read-only -v /etc:/e $OPTS -m 1g nginx");
  expect(view.readonlyRootfs).toMatchObject({ state: "set", value: true });
  expect(view.memory).toMatchObject({ state: "set", value: 2 ** 30 });
  expect(view.mounts).toMatchObject([{ value: { hostPath: "/etc" } }, { state: "unresolved" }]);
  expect(view.image).toMatchObject({ state: "set", value: "nginx" });
});

test.each([
  "docker run --rm $IMAGE",
  "docker run --rm $IMAGE bash",
  'docker run "$X" bash',
  "docker run $X",
  "docker run $REG/app:$TAG",
])("an image that is not known leaves the rest alone: %s", (line) => {
  const view = containerFromRun(line);
  expect(view.image.state).toBe("unresolved");
  expect(view.privileged.state).toBe("unset");
  expect(view.mounts).toEqual([]);
});

test.each([
  ["-v $D/docker.sock:/s", "mounts"],
  ["-v $(find x):/s", "mounts"],
  ["--mount type=bind,src=$D,dst=/x", "mounts"],
  ["-p $PORT:80", "ports"],
  ["--cap-add $CAP", "capAdd"],
  ["--device $DEV", "devices"],
  ["--ulimit nofile=$N", "ulimits"],
  ["--label a=$B", "labels"],
] as const)("an item that is not known is unresolved: %s", (flags, field) => {
  expect(containerFromRun(`docker run ${flags} nginx`)[field]).toMatchObject([{ state: "unresolved" }]);
});

test.each([
  ["-m $M", "memory"],
  ["--privileged=$P", "privileged"],
  ["-u $(id -u):$(id -g)", "user"],
  ["--net $N", "networkMode"],
  ["--pid container:$C", "pidMode"],
  ["--security-opt seccomp=$S", "seccomp"],
  ["--cpus $((1+1))", "nanoCpus"],
  ["--no-healthcheck=$H", "healthcheck"],
] as const)("a value that is not known is unresolved: %s", (flags, field) => {
  const view = containerFromRun(`docker run ${flags} nginx`);
  expect(view[field].state).toBe("unresolved");
  expect(view.readonlyRootfs.state).toBe("unset");
});

test("an unknown part that cannot change what is mounted does not hide it", () => {
  const view = containerFromRun(
    "docker run -v /var/run/docker.sock:$X --mount type=bind,src=/etc,dst=$Y -p 127.0.0.1:$P:80 -p 80:$Q nginx",
  );
  expect(view.mounts).toMatchObject([
    { state: "set", value: { hostPath: "/var/run/docker.sock" } },
    { state: "set", value: { hostPath: "/etc" } },
  ]);
  expect(view.ports).toMatchObject([{ value: { hostIp: "127.0.0.1" } }, { value: { hostIp: undefined } }]);
});

test("of repeated options the last one holds, as Docker has it", () => {
  const view = containerFromRun(
    "docker run -m 1g -m 2g -e A=1 -e A=2 --ulimit nofile=1 --ulimit nofile=2 --log-opt max-size=1m --log-opt max-size=2m --security-opt seccomp=unconfined --security-opt seccomp=builtin nginx",
  );
  expect(view.memory).toMatchObject({ value: 2 ** 31 });
  expect(view.environment).toMatchObject([{ value: { name: "A", value: "2" } }]);
  expect(view.ulimits).toMatchObject([{ value: { soft: 2 } }]);
  expect(view.logOptions).toMatchObject([{ value: { value: "2m" } }]);
  expect(view.seccomp).toMatchObject({ value: { profile: "default" } });
});

test("a security option with an unknown value leaves the others known", () => {
  const view = containerFromRun(
    "docker run --security-opt no-new-privileges --security-opt apparmor=$A nginx",
  );
  expect(view.noNewPrivileges).toMatchObject({ state: "set", value: true });
  expect(view.apparmor.state).toBe("unresolved");
  expect(view.seccomp.state).toBe("unset");
});

test("files that a line names are read beside it", () => {
  const [subject] = readRunLine(
    "docker run --env-file ./app.env --security-opt seccomp=$(pwd)/open.json nginx",
    "deploy/run.sh",
    memoryFiles({
      "deploy/app.env": "# c\nA=1\nB\n",
      "deploy/open.json": '{"defaultAction":"SCMP_ACT_ALLOW"}',
    }),
  ).subjects;
  expect(subject?.views[0]).toMatchObject({
    environment: [
      {
        value: { name: "A", value: "1" },
        origins: [{ file: "deploy/app.env", startLine: 2, startColumn: 1, endColumn: 4 }],
      },
      { value: { name: "B", value: undefined }, origins: [{ startLine: 3 }] },
    ],
    seccomp: { value: { profile: "custom", allowsAll: true } },
  });
});

test("an env file that is not there is one unresolved item and no gap", () => {
  const reading = read("docker run --env-file missing.env -e A=1 nginx");
  expect(reading.gaps).toEqual([]);
  expect(reading.subjects[0]?.views[0]).toMatchObject({
    environment: [
      { state: "unresolved", reason: "the file missing.env could not be read" },
      { value: { name: "A", value: "1" } },
    ],
  });
});

test("every place that holds a value of the environment is a secret, and none is in a gap", () => {
  const text = "P=hunter2\ndocker run -e A=$P -eB='two words' --env=C=x=y -e D=pre$Q --nosuch nginx";
  const reading = read(text, {});
  expect(reading.secrets.map((place) => textAt(text, place))).toEqual([
    "$P",
    "hunter2",
    "'two words'",
    "x=y",
    "pre$Q",
  ]);
  expect(JSON.stringify(reading.gaps)).not.toContain("hunter2");
});

test("a value that is passed through or not known is no literal", () => {
  const view = containerFromRun(
    "docker run -e A -e B=$B -e C=x$D -e E=https://me:word@$HOST/ -e F=$(cat f) nginx",
  );
  expect(view.environment.map((item) => (item.state === "set" ? item.value.value : item))).toEqual([
    undefined,
    undefined,
    undefined,
    "https://me:word@$HOST/",
    undefined,
  ]);
});

test("containers are named once each, and what reports remember does not move with the lines", () => {
  const text =
    "docker run nginx; docker run nginx\ndocker run redis\ndocker run --name a x\ndocker run --name a x\n";
  const before = read(text).subjects;
  expect(before.map((subject) => subject.name)).toEqual(["nginx", "nginx", "redis", "a", "a"]);
  expect(before.map((subject) => subject.id.split("#")[1])).toEqual([
    "nginx",
    "nginx@1",
    "redis",
    "a",
    "a@4",
  ]);
  expect(before.map((subject) => subject.stableId)).toEqual([
    "run.sh#run:nginx:1",
    "run.sh#run:nginx:2",
    "run.sh#run:redis:1",
    "run.sh#a",
    "run.sh#a:2",
  ]);
  const after = read(`# moved\n\n${text}`).subjects;
  expect(after.map((subject) => subject.stableId)).toEqual(before.map((subject) => subject.stableId));
});

test.each([
  ["docker run --nosuch nginx", /knows no flag --nosuch/, "--nosuch"],
  ["docker run --pid-limit 100 --read-only nginx", /knows no flag --pid-limit/, "--pid-limit"],
  ["docker run -Z --read-only nginx", /knows no flag -Z/, "-Z"],
  ["docker run --privileged=maybe nginx", /takes true or false/, "maybe"],
  ["docker run -m lots nginx", /takes a size/, "lots"],
  ["docker run --memory", /lacks its value/, "--memory"],
  ["docker run -d", /names no image/, "docker run -d"],
  ["docker run --mount type=bind,src=/a nginx", /names no target/, "type=bind,src=/a"],
])("what Docker refuses is a gap at its place: %s", (line, reason, place) => {
  const { gaps, subjects } = read(line);
  const told = gaps.find((gap) => reason.test(gap.reason));
  expect(told?.location && textAt(line, told.location)).toBe(place);
  expect(subjects).toHaveLength(1);
});

test("the rest of a line with a flag that Docker does not know is judged", () => {
  const view = containerFromRun("docker run --nosuch x --read-only --other=1 -v /etc:/e nginx");
  expect(view).toMatchObject({
    image: { value: "nginx" },
    readonlyRootfs: { value: true },
    mounts: [{ value: { hostPath: "/etc" } }, { state: "unresolved" }],
    privileged: { state: "unresolved", reason: "the flag --nosuch is not known" },
  });
});

test.each([
  "echo hello",
  "docker ps",
  "",
  "docker run --help",
  "# docker run nginx",
  "echo docker run nginx",
])("a text without a docker run is a gap: %s", (text) => {
  const { subjects, gaps } = read(text);
  expect(subjects).toEqual([]);
  expect(gaps).toMatchObject([{ reason: expect.stringMatching(/there is no docker run/) }]);
});

test("a pasted session is read without its prompts and its output", () => {
  const { subjects } = read(
    "$ docker run -d \\\n>   --name a nginx\ndocker run is running\n# docker run --name b redis\n",
  );
  expect(subjects.map((subject) => subject.name)).toEqual(["a", "b"]);
});

test("--use-api-socket mounts the Engine's socket", () => {
  expect(containerFromRun("docker run --use-api-socket x").mounts).toMatchObject([
    { value: { type: "bind", hostPath: "/var/run/docker.sock" } },
  ]);
});

test.each([
  ["docker run docker.io/library/nginx:1.27", "nginx"],
  ["docker run --name web nginx", "web"],
  ["docker run localhost:5000/team/app@sha256:abc", "app"],
  ['docker run "$IMAGE"', "run@1"],
  ['docker run "${IMAGE:-x}"', "x"],
])("%s is called %s", (text, name) => {
  expect(read(text).subjects.map((subject) => subject.name)).toEqual([name]);
});
