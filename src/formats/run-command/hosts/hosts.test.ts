// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shells and CI systems write their variables so
import { describe, expect, test } from "vitest";
import { memoryFiles } from "../../../../test/support/memory-files.ts";
import { textAt } from "../../../../test/support/text-at.ts";
import type { Container } from "../../../model/container.ts";
import { isFileOrigin } from "../../../model/origin.ts";
import { mentionsDockerRun, type ScriptHost, scriptHostOf } from "../script-host.ts";
import { readScript } from "../scripts.ts";

function read(text: string, file: string) {
  const host = scriptHostOf(file);
  if (!host) throw new Error(`${file} is no script`);
  return readScript(text, file, host, memoryFiles());
}

function containers(text: string, file: string): readonly Container[] {
  return read(text, file).subjects.flatMap((subject) => (subject.kind === "container" ? subject.views : []));
}

/** Every image that the file runs, with the text at its place. */
function images(text: string, file: string): readonly unknown[] {
  return containers(text, file).map(({ image }) => {
    const [origin] = image.state === "unset" ? [] : image.origins;
    const place = origin && isFileOrigin(origin) ? textAt(text, origin) : undefined;
    const value = image.state === "set" ? image.value : image.state;
    return value === place ? value : [value, place];
  });
}

test.each<[string, ScriptHost | undefined]>([
  ["a.sh", "shell"],
  ["x/a.bash", "shell"],
  ["README.md", "markdown"],
  ["docs/a.mdx", "markdown"],
  ["Makefile", "makefile"],
  ["GNUmakefile", "makefile"],
  ["Makefile.am", "makefile"],
  ["rules.mk", "makefile"],
  [".github/workflows/ci.yml", "github-actions"],
  ["/r/.github/workflows/ci.yaml", "github-actions"],
  [".forgejo/workflows/ci.yaml", "github-actions"],
  [".gitea/workflows/ci.yml", "github-actions"],
  ["action.yml", "github-actions"],
  [".gitlab-ci.yml", "gitlab-ci"],
  ["ci/build.gitlab-ci.yml", "gitlab-ci"],
  ["web.service", "systemd"],
  ["ci.yml", undefined],
  ["run.py", undefined],
  ["Dockerfile", undefined],
])("%s is a script of kind %s", (path, host) => {
  expect(scriptHostOf(path)).toBe(host);
});

test.each([
  ["docker run x", true],
  ["docker  container\trun x", true],
  ["docker -H x run y", true],
  ["docker \\\n run x", true],
  ["$DOCKER create x", true],
  ["docker ps", false],
  ["podman run x", true],
  ["the runner of dockerd", false],
])("%s may hold a docker run: %s", (text, may) => {
  expect(mentionsDockerRun(text)).toBe(may);
});

describe("Markdown", () => {
  test("code is read, fenced (in lists and quotes too) and indented, and nothing else", () => {
    const text = `docker run prose and \`docker run inline\`

    docker run indented

\`\`\`bash
docker run one
\`\`\`
- item
  ~~~sh title="x"
  docker run two
  ~~~
> \`\`\`\`
> docker run three
> \`\`\`
> docker run four
> \`\`\`\`
1. \`\`\`{.shell}
   docker run five
   \`\`\`
\`\`\`python
docker run no
\`\`\`
\`\`\`\`md
\`\`\`sh
docker run nested
\`\`\`
\`\`\`\`
\`\`\`sh
docker run last`;
    expect(images(text, "README.md")).toEqual(["indented", "one", "two", "three", "four", "five", "last"]);
  });

  test("indented code begins four columns behind the text around it, after a blank line", () => {
    const text = `prose
    docker run goes on with the paragraph

1. item

   docker run text of the item

       docker run in-item
       docker run \\
         second

\tdocker run text of it too

# Heading

\tdocker run tabbed

Prose.

    $ docker run session
    docker run its-output
`;
    expect(images(text, "README.md")).toEqual(["in-item", "second", "tabbed", "session"]);
  });

  test("a session's commands are read, its output is not", () => {
    const text = `\`\`\`console
$ docker run -it \\
>   one
docker run output
root@host:/# docker run two
# docker run three
me@host:~$ docker run four && \\
    docker run five
\`\`\`
\`\`\`sh
# docker run comment
$ docker run six
docker run output
\`\`\`
`;
    expect(images(text, "README.md")).toEqual(["one", "two", "three", "four", "five", "six"]);
  });

  test("a synopsis is no command", () => {
    const text = "```\ndocker run [OPTIONS] IMAGE\ndocker run <image>\ndocker run ...\ndocker run\n```\n";
    expect(read(text, "README.md")).toEqual({ subjects: [], gaps: [], secrets: [] });
  });

  test("a placeholder is a part that is not known", () => {
    const text = "```\ndocker run -v <your data>:/d -u '<uid>' one\ndocker run <image>\ncat <in >out\n```\n";
    const [container, ...others] = containers(text, "README.md");
    expect(others).toEqual([]);
    expect(container).toMatchObject({
      image: { value: "one" },
      mounts: [{ state: "unresolved", reason: "<your data> is not known here" }],
      user: { state: "unresolved" },
      privileged: { state: "unset" },
    });
  });

  test("a command beside what is no shell is read", () => {
    const text = "```\ndocker run x | ( |\ndocker run \\\n  --privileged \\\n  one\n```\n";
    expect(images(text, "README.md")).toEqual(["x", "one"]);
    expect(read(text, "README.md").gaps).toEqual([]);
  });

  test("relative paths stand on the text's folder", () => {
    const [container] = containers("```\ndocker run -v $PWD/x:/y a\n```", "/srv/app/README.md");
    expect(container?.mounts).toMatchObject([{ value: { hostPath: "/srv/app/x" } }]);
  });
});

describe("Makefiles", () => {
  test("recipes are read with make's variables, located where they are defined", () => {
    const text = `DOCKER ?= docker
IMAGE = app
OPTS := --read-only \\
  -v /etc:/e # why
OPTS += -u 0

.PHONY: run
run: build
\t@$(DOCKER) run $(OPTS) \\
\t\t-e H=$$HOME \${IMAGE}
\t-docker run two
\t# docker run comment
other: ; docker run three
`;
    expect(images(text, "Makefile")).toEqual(["app", "two", "three"]);
    const [container] = containers(text, "Makefile");
    expect(container).toMatchObject({
      readonlyRootfs: { value: true, origins: [{ startLine: 3, startColumn: 9 }] },
      mounts: [{ value: { hostPath: "/etc" }, origins: [{ startLine: 4, startColumn: 6, endColumn: 13 }] }],
      user: { value: "0", origins: [{ startLine: 5 }] },
      environment: [{ value: { name: "H", value: "/home/me" }, origins: [{ startLine: 10 }] }],
    });
    expect(read(text, "Makefile").subjects[0]?.location).toMatchObject({
      startLine: 9,
      startColumn: 3,
      endLine: 10,
    });
  });

  test.each([
    "X = --privileged\nifdef Y\nX = --read-only\nendif\na:\n\tdocker run $(X) x\n",
    "ifdef Y\nX = --read-only\nendif\na:\n\tdocker run $(X) x\n",
    "X := $(Y)\nY = --read-only\na:\n\tdocker run $(X) x\n",
    "a:\n\tdocker run $(X) x\n",
    "X = $(Y)\nY = $(X)\na:\n\tdocker run $(X) x\n",
    "X = $(shell flags)\na:\n\tdocker run $(X) x\n",
    "X != flags\na:\n\tdocker run $(X) x\n",
    "a:\n\tdocker run $(if $(A),--privileged) x\n",
    "a:\n\tbash -c 'docker run $(X) x'\n",
  ])("a variable that is not known leaves open what flags may set: %j", (text) => {
    expect(containers(text, "Makefile")).toMatchObject([
      { image: { value: "x" }, privileged: { state: "unresolved" } },
    ]);
  });

  test("what a variable holds is what make gives it", () => {
    const text = `override A = first
A = never
B := $(A)
A := later
B += more
C =
C += only
D = one
D = two
ifndef E
E = default
endif
F = \\#1
a:
\tdocker run x $(A) $(B) $(C) $(D) $(E) $(F)
`;
    const [container] = containers(text, "Makefile");
    expect(container?.command.map((each) => each.state === "set" && each.value)).toEqual([
      "first",
      "first",
      "more",
      "only",
      "two",
      "default",
    ]);
  });

  test("a command that is put together from variables is found, whatever of it is not known", () => {
    const text = `DOCKER ?= docker
FLAGS := $(DOCKER) run --rm --privileged $(if $(NAME),--name $(NAME),) $(MOUNT)
ifeq ($(T), 0)
\tFLAGS += -t
endif
IMAGE := app
RUN := $(FLAGS) "$(IMAGE)"
a:
\t$(RUN) sh -c 'docker run no'
`;
    const [container, ...others] = containers(text, "Makefile");
    expect(others).toEqual([]);
    expect(container).toMatchObject({
      image: { value: "app", origins: [{ startLine: 6, startColumn: 10 }] },
      privileged: { value: true, origins: [{ startLine: 2 }] },
      readonlyRootfs: { state: "unresolved" },
    });
  });

  test("$(CURDIR) and $(PWD) are the folder", () => {
    const text = "a:\n\tdocker run -v $(CURDIR)/x:/x -v $(shell pwd)/y:/y -v $$(pwd)/z:/z a\n";
    expect(containers(text, "/srv/Makefile")[0]?.mounts).toMatchObject([
      { value: { hostPath: "/srv/x" } },
      { value: { hostPath: "/srv/y" } },
      { value: { hostPath: "/srv/z" } },
    ]);
  });
});

describe("GitHub Actions", () => {
  const file = "/r/.github/workflows/ci.yml";
  test("steps are read in every style of scalar, with their environment", () => {
    const text = `env:
  ONE: one
jobs:
  a:
    env: { TWO: "two" }
    steps:
      - run: docker run $ONE
      - name: x
        run: |
          set -e
          docker run \\
            -v ./x:/y \\
            $TWO
      - run: >-
          docker run
          three
      - run: "docker run -e \\"A=b\\" four"
      - run: 'docker run ''five'''
      - shell: pwsh
        run: docker run no
      - working-directory: sub
        run: docker run -v .:/x six
`;
    expect(images(text, file)).toEqual(["one", "two", "three", "four", ["five", "''five''"], "six"]);
    const all = containers(text, file);
    expect(all[1]?.mounts).toMatchObject([
      { value: { hostPath: "/r/x" }, origins: [{ startLine: 12, startColumn: 16 }] },
    ]);
    expect(all[5]?.mounts).toMatchObject([{ value: { hostPath: "/r/sub" } }]);
  });

  test("an expression is put in within single quotes too", () => {
    const text =
      "jobs:\n  a:\n    steps:\n      - run: docker run -e 'A=${{ secrets.A }}' -v '${{ x }}:/y' -e 'B=${C_1}' z\n";
    expect(containers(text, file)).toMatchObject([
      {
        environment: [{ value: { name: "A", value: undefined } }, { value: { value: "${C_1}" } }],
        mounts: [{ state: "unresolved" }],
      },
    ]);
  });

  test("an expression is not known", () => {
    const text =
      "jobs:\n  a:\n    steps:\n      - run: docker run ${{ matrix.flags }} app:${{ github.sha }}\n";
    expect(containers(text, file)).toMatchObject([
      {
        image: { state: "unresolved" },
        privileged: { state: "unresolved", reason: "${{ matrix.flags }} is not known here" },
      },
    ]);
  });

  test("what runs on Windows is PowerShell", () => {
    const on = (machine: string) =>
      `jobs:\n  a:\n    runs-on: ${machine}\n    steps:\n      - run: |\n          & docker run x\n          docker run y\n`;
    expect(images(on("windows-2022"), file)).toEqual([]);
    expect(read(on("${{ matrix.os }}"), file)).toMatchObject({ subjects: [{}], gaps: [] });
    expect(read(on("ubuntu-latest"), file).gaps).toMatchObject([{ reason: /not valid shell/ }]);
  });

  test("containers of jobs and services are what the runner creates", () => {
    const text = `jobs:
  build:
    container:
      image: node:20
      options: --privileged --cpus 1
      volumes: ["/var/run/docker.sock:/s", "cache:/c"]
      env: { TOKEN: hunter2, OTHER: "\${{ secrets.X }}" }
    services:
      db:
        image: postgres
        ports: [5432:5432]
        options: >-
          --health-cmd pg_isready
      cache: redis
      search: { image: "elasticsearch:8", env: { KEY: value } }
    steps: []
  lint: { container: "node:20", steps: [] }
`;
    const reading = read(text, file);
    expect(reading.gaps).toEqual([]);
    expect(reading.subjects.map((subject) => subject.name)).toEqual(["build", "db", "cache", "search"]);
    expect(reading.subjects[0]?.views[0]).toMatchObject({
      image: { value: "node:20" },
      privileged: { value: true, origins: [{ startLine: 5, startColumn: 16, endColumn: 28 }] },
      nanoCpus: { value: 1e9 },
      mounts: [{ value: { hostPath: "/var/run/docker.sock" } }, { value: { type: "volume" } }],
      environment: [
        { value: { name: "TOKEN", value: "hunter2" } },
        { value: { name: "OTHER", value: undefined } },
      ],
    });
    expect(reading.subjects[1]?.views[0]).toMatchObject({
      ports: [{ value: { hostPort: "5432" } }],
      healthcheck: { value: "command" },
      job: { why: "the runner removes it after the job", isOfCi: true },
    });
    expect(reading.subjects[3]?.views[0]).toMatchObject({
      image: { value: "elasticsearch:8" },
      environment: [{ value: { name: "KEY" } }],
    });
    expect(reading.secrets.map((place) => textAt(text, place))).toContain("hunter2");
  });

  test("what is no YAML is a gap", () => {
    expect(read("docker run: [", file).gaps).toMatchObject([{ reason: "it is not valid YAML" }]);
    expect(read(`docker run: ${"[".repeat(5000)}`, file).gaps).toMatchObject([
      { reason: /nested too deeply/ },
    ]);
  });
});

describe("GitLab CI", () => {
  test("scripts are read as one shell a job, shared ones once", () => {
    const text = `variables:
  OPTS: --privileged
.shared: &shared
  - docker run $OPTS one
build:
  before_script: *shared
  variables: { IMG: two }
  script:
    - V=/etc
    - docker run -v $V:/e $IMG
    - |
      if x; then
        docker run three
      fi
    - [docker run four, [docker run five]]
  after_script: docker run six
test:
  before_script: *shared
  script:
    - docker run seven
`;
    expect(images(text, ".gitlab-ci.yml")).toEqual(["one", "two", "three", "four", "five", "six", "seven"]);
    expect(containers(text, ".gitlab-ci.yml")).toMatchObject([
      { privileged: { value: true, origins: [{ startLine: 2 }] } },
      { mounts: [{ value: { hostPath: "/etc" } }] },
      {},
      {},
      {},
      {},
      {},
    ]);
  });
});

describe("systemd units", () => {
  test("commands are split as systemd does", () => {
    const text = `[Service]
Environment="IMG=one" OPTS=--read-only
Environment='MORE=-u 5 -v "/a b:/c"'
# a comment
ExecStartPre=-/usr/bin/docker rm -f %n
ExecStart=/usr/bin/docker run --name %N $OPTS \\
# a comment
  -e "A=b c" -v %t/docker.sock:/s $MORE \${IMG}
ExecStartPost=@/usr/bin/docker docker run two ; /usr/bin/docker run three
ExecStop=/bin/sh -c 'docker run "four"'
ExecReload=/usr/bin/docker run $UNKNOWN --hostname %H five
`;
    const reading = read(text, "web.service");
    expect(images(text, "web.service")).toEqual(["one", "two", "three", ["four", '"four"'], "five"]);
    expect(reading.subjects[0]).toMatchObject({
      name: "web",
      location: { startLine: 6, startColumn: 11, endLine: 8 },
      views: [
        {
          readonlyRootfs: { value: true, origins: [{ startLine: 2 }] },
          user: { value: "5", origins: [{ startLine: 3 }] },
          environment: [{ value: { name: "A", value: "b c" } }],
          mounts: [
            { value: { hostPath: "/run/docker.sock" } },
            { value: { hostPath: "/a b", target: "/c" } },
          ],
        },
      ],
    });
    expect(reading.subjects[4]?.views[0]).toMatchObject({ privileged: { state: "unresolved" } });
  });
});

describe("shell scripts", () => {
  test("CRLF and a byte order mark do not matter", () => {
    const text = "\uFEFFdocker run \\\r\n  -v /etc:/e \\\r\n  one\r\ndocker run two\r\n";
    expect(images(text, "a.sh")).toEqual(["one", "two"]);
    expect(read(text, "a.sh").subjects[0]?.location).toMatchObject({
      startLine: 1,
      startColumn: 2,
      endLine: 3,
    });
  });

  test("a text that is no shell is a gap only where it may hold a docker run", () => {
    expect(read("if then (", "a.sh").gaps).toEqual([]);
    expect(read("docker run x\nif then (", "a.sh")).toMatchObject({
      subjects: [{ name: "x" }],
      gaps: [{ reason: /^it is not valid shell/, location: { startLine: 2 } }],
    });
  });
});

test.each([
  ["Makefile", "O =\nrun: O = --privileged\nrun:\n\tdocker run $(O) x\n"],
  ["Makefile", "O =\ndefine O\n--privileged\nendef\nrun:\n\tdocker run $(O) x\n"],
  ["Makefile", "O =\nrun:\n\t$(eval O=--privileged)\n\tdocker run $(O) x\n"],
  ["Makefile", "O =\n-include local.mk\nrun:\n\tdocker run $(O) x\n"],
  ["Makefile", "include local.mk\nO ?=\nrun:\n\tdocker run $(O) x\n"],
  ["x.service", "[Service]\nEnvironment=O=\nEnvironmentFile=/etc/x\nExecStart=/usr/bin/docker run $O x\n"],
  [
    ".github/workflows/a.yml",
    "env: { O: '' }\njobs:\n  a:\n    steps:\n      - run: echo O=--privileged >> $GITHUB_ENV\n      - run: docker run $O x\n",
  ],
  [
    ".github/workflows/a.yml",
    "jobs:\n  a:\n    steps:\n      - run: echo O=--privileged >> $GITHUB_ENV\n      - run: docker run ${O:-} x\n",
  ],
  [
    ".gitlab-ci.yml",
    'default:\n  before_script: [export O=--privileged]\na:\n  script: ["docker run ${O:-} x"]\n',
  ],
  [
    ".gitlab-ci.yml",
    "variables: { O: '' }\na:\n  rules: [{ if: $X, variables: { O: --privileged } }]\n  script: [docker run $O x]\n",
  ],
  [
    ".gitlab-ci.yml",
    "variables: { O: '' }\n.b:\n  variables: { O: --privileged }\na:\n  extends: .b\n  script: [docker run $O x]\n",
  ],
  [".gitlab-ci.yml", "variables: { O: '' }\na:\n  extends: .away\n  script: [docker run $O x]\n"],
  [
    ".gitlab-ci.yml",
    "variables: { O: '' }\na:\n  parallel:\n    matrix: [{ O: [--privileged, --rm] }]\n  script: [docker run $O x]\n",
  ],
  [".gitlab-ci.yml", 'include: [local.yml]\na:\n  script: ["docker run ${O:-} x"]\n'],
])("%s: a value that something unread may change is not certain: %j", (file, text) => {
  const [container] = containers(text, file);
  const { privileged } = container ?? {};
  const isSaid = privileged?.state === "set" && privileged.value;
  expect(isSaid || privileged?.state === "unresolved", JSON.stringify(privileged)).toBe(true);
});

test.each([
  ["Makefile", "DOCKER ?= docker\ninclude local.mk\nrun:\n\t$(DOCKER) run --privileged x\n"],
  ["a.sh", "DOCKER=docker\n. ./lib.sh\n$DOCKER run --privileged x\n"],
])("%s: the name of the command stays known: %j", (file, text) => {
  expect(containers(text, file)).toMatchObject([{ privileged: { value: true } }]);
});
