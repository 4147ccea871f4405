import { describe, expect, test } from "vitest";
import {
  readOptions as read,
  readRunOptions,
  writtenAt as textAt,
} from "../../../test/support/formats/run-options.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import { spellToolPatch } from "../run-options/spell.ts";
import { ansible } from "./format.ts";
import { readAnsible } from "./read.ts";

describe("an Ansible task", () => {
  const text = `- hosts: all
  tasks:
    - name: the proxy
      become: true
      block:
        - community.docker.docker_container:
            name: proxy
            image: "traefik:v{{ traefik_version }}"
            privileged: yes
            capabilities: [NET_ADMIN, SYS_TIME]
            cap_drop:
              - all
            volumes:
              - /var/run/docker.sock:/var/run/docker.sock:ro
              - "{{ data }}/acme:/acme"
            published_ports: ["80:80", "127.0.0.1:8080:8080"]
            env:
              API_TOKEN: abcdefgh12345
              HOST: "{{ host }}"
            network_mode: host
            memory: 512M
            memory_swap: unlimited
            pids_limit: "{{ pids }}"
            security_opts: ["seccomp=unconfined"]
            read_only: true
            user: "1000:1000"
            ulimits: ["nofile:1024:2048"]
            sysctls: { net.core.somaxconn: 1024 }
            log_options: { max-size: 10m }
            healthcheck: { test: ["NONE"] }
            mounts:
              - { type: bind, source: /etc, target: /host/etc, read_only: true }
            restart_policy: always
    - docker_container: { name: old, state: absent }
  handlers:
    - name: again
      docker_container: name=db image=postgres:16 privileged=true
`;
  const { view, subjects, gaps, secrets } = read("ansible", text);

  test("is a container, in blocks and handlers, too; one that is to go is none", () => {
    expect(gaps).toEqual([]);
    expect(subjects.map(({ name, source, location }) => [name, source, location?.startLine])).toEqual([
      ["proxy", "ansible", 6],
      ["db", "ansible", 37],
    ]);
    const db = subjects[1]?.views[0];
    expect(db && [valueOr(db.image, ""), valueOr(db.privileged, false)]).toEqual(["postgres:16", true]);
  });

  test("with its arguments as docker run's options", () => {
    expect(valueOr(view.privileged, false)).toBe(true);
    expect(setItems(view.capAdd).map(({ value }) => value)).toEqual(["NET_ADMIN", "SYS_TIME"]);
    expect(setItems(view.capDrop).map(({ value }) => value)).toEqual(["ALL"]);
    expect(setItems(view.mounts).map(({ value }) => [value.source, value.readOnly])).toEqual([
      ["/var/run/docker.sock", true],
      ["/etc", true],
    ]);
    expect(setItems(view.ports).map(({ value }) => value.hostIp)).toEqual([undefined, "127.0.0.1"]);
    expect(view.networkMode).toMatchObject({ value: { mode: "host" } });
    expect([valueOr(view.memory, 0), valueOr(view.memorySwap, 0)]).toEqual([512 * 1024 ** 2, -1]);
    expect(view.seccomp).toMatchObject({ value: { profile: "unconfined" } });
    expect([valueOr(view.readonlyRootfs, false), valueOr(view.user, "")]).toEqual([true, "1000:1000"]);
    expect(setItems(view.ulimits).map(({ value }) => value)).toEqual([
      { name: "nofile", soft: 1024, hard: 2048 },
    ]);
    expect(setItems(view.sysctls).map(({ value }) => value)).toEqual([
      { name: "net.core.somaxconn", value: "1024" },
    ]);
    expect(setItems(view.logOptions).map(({ value }) => value)).toEqual([{ name: "max-size", value: "10m" }]);
    expect(valueOr(view.healthcheck, "")).toBe("none");
    expect(secrets.map((place) => textAt(text, place)).join()).toContain("abcdefgh12345");
  });

  test("what Jinja fills in is open, and never passes", () => {
    expect(view.image).toMatchObject({
      state: "unresolved",
      reason: "{{ traefik_version }} is not known here",
    });
    expect(view.pidsLimit.state).toBe("unresolved");
    expect(view.mounts.map(({ state }) => state)).toEqual(["set", "unresolved", "set"]);
    const whole = read(
      "ansible",
      "- docker_container:\n    image: a\n    volumes: '{{ v }}'\n    privileged: '{{ p }}'\n",
    ).view;
    expect([whole.mounts[0]?.state, whole.privileged.state]).toEqual(["unresolved", "unresolved"]);
  });

  test.each([
    ["all arguments", "- docker_container: '{{ c }}'\n"],
    ["further arguments", "- docker_container: { image: a }\n  args: '{{ c }}'\n"],
    ["arguments of the old way", "- docker_container: image=a {{ more }}\n"],
  ])("a template in place of %s leaves every option open", (_, given) => {
    const { view: open } = read("ansible", given);
    expect([open.privileged.state, open.memory.state, open.mounts[0]?.state, open.capDrop[0]?.state]).toEqual(
      Array(4).fill("unresolved"),
    );
  });

  test.each([
    ["healthcheck: { test: '{{ x }}' }", "healthcheck"],
    ["healthcheck: '{{ x }}'", "healthcheck"],
    ["oom_killer: '{{ x }}'", "oomKillDisable"],
    ["privileged: {{ x }}", "privileged"],
    ["env_file: /srv/web.env", "environment"],
    ["device_requests: '{{ x }}'", "devices"],
    ["mounts: [{ type: volume, source: a, target: /b, volume_options: '{{ x }}' }]", "mounts"],
    [`volumes: ${"[".repeat(25)}/:/host${"]".repeat(25)}`, "mounts"],
  ] as const)("%s is open", (given, field) => {
    const { [field]: fact } = read("ansible", `- docker_container: { image: a, ${given} }\n`).view;
    expect([fact].flat().map(({ state }) => state)).toEqual(["unresolved"]);
  });

  test("oom_killer: true turns the OOM killer off", () => {
    const { view: off } = read("ansible", "- docker_container: { image: a, oom_killer: yes }\n");
    expect(off.oomKillDisable).toMatchObject({ value: true });
    expect(
      read("ansible", "- docker_container: { image: a, oom_killer: no }\n").view.oomKillDisable,
    ).toMatchObject({ value: false });
  });

  test("auto_remove does not make it a job: it runs in the background", () => {
    expect(read("ansible", "- docker_container: { image: a, auto_remove: true }\n").view.job).toBeUndefined();
  });

  test("module_defaults and args hold where the task does not say otherwise", () => {
    const { view: given } = read(
      "ansible",
      `- hosts: all
  module_defaults:
    community.docker.docker_container: { privileged: true, cap_drop: [ALL], memory: 1g }
    group/community.docker.docker: { user: root }
  tasks:
    - docker_container: { image: a, cap_drop: [MKNOD] }
      args: { image: b, memory: 512m }
`,
    );
    expect(valueOr(given.privileged, false)).toBe(true);
    expect(setItems(given.capDrop).map(({ value }) => value)).toEqual(["MKNOD"]);
    expect([valueOr(given.image, ""), valueOr(given.memory, 0)]).toEqual(["a", 512 * 1024 ** 2]);
    expect(valueOr(given.user, "")).toBe("root");
  });

  test("a task that many aliases name is read once", () => {
    const blocks = [0, 1, 2, 3, 4, 5].map(
      (level) => `- block: &b${level + 1} [${Array(8).fill(`{ block: *b${level} }`).join(", ")}]\n`,
    );
    const { subjects: once } = read(
      "ansible",
      `- block: &b0\n    - docker_container: { image: a }\n${blocks.join("")}`,
    );
    expect(once).toHaveLength(1);
  });

  test("each where it is written", () => {
    expect(textAt(text, setItems(view.capAdd)[1]?.origins[0])).toBe("SYS_TIME");
    expect(textAt(text, setItems(view.mounts)[0]?.origins[0])).toBe(
      "/var/run/docker.sock:/var/run/docker.sock:ro",
    );
    expect(textAt(text, view.privileged.state === "set" && view.privileged.origins[0])).toBe("yes");
    expect(textAt(text, view.memory.state === "set" && view.memory.origins[0])).toBe("512M");
  });

  test("whose name Jinja makes is called as the task is", () => {
    const { subjects: named } = read(
      "ansible",
      "- name: Start {{ x }} the web server\n  docker_container: { name: '{{ n }}', image: '{{ i }}' }\n",
    );
    expect(named.map(({ name }) => name)).toEqual(["Start-the-web-server"]);
  });

  test("bad input is one line with its place", () => {
    const { gaps: odd } = readRunOptions(
      "- docker_container:\n    image: a\n    memory: lots\n",
      "t.yml",
      "ansible",
      memoryFiles({}),
    );
    expect(odd.map(({ reason, location }) => [reason, location?.startLine, location?.startColumn])).toEqual([
      ["--memory takes a size such as 512m, not “lots”", 3, 13],
    ]);
    const { gaps: broken } = readRunOptions("- docker_container: [", "t.yml", "ansible", memoryFiles({}));
    expect(broken.map(({ reason }) => reason)).toEqual(["it is not valid YAML"]);
  });
});

test.each([
  [{ op: "set", field: "readonlyRootfs", value: true }, "read_only: true"],
  [{ op: "set", field: "privileged", value: false }, "privileged: false"],
  [{ op: "set", field: "pidsLimit", value: 200 }, "pids_limit: 200"],
  [{ op: "set", field: "nanoCpus", value: 5e8 }, "cpus: 0.5"],
  [{ op: "add", field: "capDrop", value: "ALL" }, 'cap_drop: ["ALL"]'],
  [{ op: "remove", field: "links", value: "db" }, '# remove links: ["db"]'],
  [{ op: "set", field: "memory", value: 2 ** 29 }, 'memory: "512m"'],
  [{ op: "set", field: "memorySwap", value: 2 ** 29 }, 'memory_swap: "512m"'],
  [{ op: "set", field: "noNewPrivileges", value: true }, 'security_opts: ["no-new-privileges"]'],
  [{ op: "unset", field: "privileged" }, "# remove privileged: true"],
  [{ op: "unset", field: "cgroupParent" }, '# remove cgroup_parent: "…"'],
  [
    { op: "add", field: "environment", value: { name: "TOKEN", value: "abc" } },
    'env: { TOKEN: "{{ TOKEN }}" }',
  ],
  [
    { op: "set", field: "cpuRealtimeRuntime", value: 1000 },
    "# Ansible's docker_container has no key for --cpu-rt-runtime 1000",
  ],
] as const)("a fix is spelled in the task's own syntax: %j", (patch, said) => {
  expect(spellToolPatch("ansible", patch)).toBe(said);
});

test.each([
  ['links: ["db:db"]', "links", "set"],
  ["nonsense_key: 5", "privileged", "unresolved"],
  ["nonsense_key: 5", "mounts", "unresolved"],
  ["shm_size: 64M", "privileged", "unset"],
] as const)("%s makes %s %s", (given, field, state) => {
  const { view, gaps } = read("ansible", `- docker_container: { image: a, ${given} }\n`);
  const fact = view[field];
  expect("state" in fact ? fact.state : fact[0]?.state).toBe(state);
  expect(gaps.map(({ reason }) => reason)).toEqual(
    given.startsWith("nonsense")
      ? ["bulkhead does not know the key nonsense_key, which may change this"]
      : [],
  );
});

test("tasks of other modules are named as not read", () => {
  const text = [
    "- hosts: all",
    "  tasks:",
    "    - community.docker.docker_compose_v2: { project_src: /x }",
    "    - containers.podman.podman_container: { name: a, image: b, privileged: true }",
    "",
  ].join("\n");
  expect(ansible.recognise.text(text, "play.yml")).toBe(true);
  expect(readAnsible(text, "play.yml", memoryFiles({})).gaps.map(({ reason }) => reason)).toEqual([
    "a task uses community.docker.docker_compose_v2, which is not read",
    "a task uses containers.podman.podman_container, which is not read",
  ]);
});

describe("a task of a module that is not Docker's", () => {
  test("runs containers", () => {
    const text = `- hosts: all
  tasks:
    - shell: docker run --privileged alpine:3 {{ command }}
    - ansible.builtin.command: { cmd: "docker run --name web {{ options }} alpine" }
    - command: { argv: [docker, run, --name, "{{ n }}", --pid=host, "busybox:1"] }
    - shell: |
        cd /srv
        docker run -d -v /:/host debian
    - shell: docker ps
    - docker_container: { name: db, image: "postgres:16" }
`;
    expect(ansible.recognise.text(text, "play.yml")).toBe(true);
    const { subjects, gaps } = readAnsible(text, "play.yml", memoryFiles({}));
    expect(gaps).toEqual([]);
    expect(subjects.map(({ name, source, location }) => [name, source, location?.startLine])).toEqual([
      ["alpine", "run-command", 3],
      ["web", "run-command", 4],
      ["busybox", "run-command", 5],
      ["debian", "run-command", 8],
      ["db", "ansible", 10],
    ]);
  });

  test.each([
    ["shell: chmod 666 /var/run/docker.sock", "socketFiles"],
    ["command: usermod -aG docker bob", "socketFiles"],
    ["command: { argv: [chmod, '666', /var/run/docker.sock] }", "socketFiles"],
    ["ansible.builtin.file: { path: /var/run/docker.sock, mode: '0666' }", "socketFiles"],
    ["file: { path: /var/run/docker.sock, mode: 0666 }", "socketFiles"],
    ["file: { dest: /var/run/docker.sock, owner: '{{ user }}' }", "socketFiles"],
    [
      "ansible.posix.acl: { path: /run/docker.sock, etype: user, entity: bob, permissions: rw }",
      "socketFiles",
    ],
    ["user: { name: bob, groups: docker, append: true }", "socketFiles"],
    ["user: { name: bob, groups: [sudo, docker] }", "socketFiles"],
    [
      "lineinfile: { path: /lib/systemd/system/docker.service, line: 'ExecStart=/usr/bin/dockerd -H tcp://:2375' }",
      "listenAddresses",
    ],
    ['copy: { dest: /etc/docker/daemon.json, content: \'{"hosts": ["tcp://:2375"]}\' }', "listenAddresses"],
  ] as const)("%s changes an Engine", (task, fact) => {
    const text = `- hosts: all\n  tasks:\n    - ${task}\n`;
    expect(ansible.recognise.text(text, "play.yml")).toBe(true);
    const { subjects, gaps } = readAnsible(text, "play.yml", memoryFiles({}));
    expect(gaps).toEqual([]);
    const [view] = subjects[0]?.views ?? [];
    expect(view?.kind === "engine" && view[fact][0]?.state).toBe("set");
  });

  test.each([
    "template: { src: daemon.json.j2, dest: /etc/docker/daemon.json }",
    "copy: { src: daemon.json, dest: /etc/docker/daemon.json }",
    "copy: { dest: /etc/docker/daemon.json, content: '{{ config | to_json }}' }",
  ])("%s is named as not read", (task) => {
    const { gaps } = readAnsible(`- hosts: all\n  tasks:\n    - ${task}\n`, "play.yml", memoryFiles({}));
    expect(gaps.map(({ location }) => location?.startLine)).toEqual([3]);
  });

  test.each([
    "file: { path: /var/run/docker.sock, mode: '0660' }",
    "user: { name: bob, groups: sudo }",
    "user: { name: '{{ u }}', groups: '{{ docker_group }}' }",
  ])("%s does nothing to Docker", (task) => {
    expect(readAnsible(`- hosts: all\n  tasks:\n    - ${task}\n`, "play.yml", memoryFiles({}))).toMatchObject(
      { subjects: [], gaps: [] },
    );
  });
});
