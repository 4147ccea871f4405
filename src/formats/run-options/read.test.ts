import { describe, expect, test } from "vitest";
import {
  optionsFiles,
  readOptions as read,
  readRunOptions,
  writtenAt as textAt,
} from "../../../test/support/formats/run-options.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import { readRunLine } from "../run-command/read.ts";
import { writeRunCommands } from "../run-command/write.ts";
import { spellToolPatch } from "./spell.ts";

describe("a Quadlet unit", () => {
  // After the manual's example (podman-systemd.unit(5)).
  const unit = `[Unit]
Description=The proxy

[Container]
ContainerName=proxy
Image=docker.io/library/traefik:v3.1
AddCapability=NET_ADMIN SYS_TIME
DropCapability=all
AddDevice=-/dev/dri
Environment=A=1 "B=two words"
NoNewPrivileges=true
ReadOnly=yes
Volume=/run/podman/podman.sock:/var/run/docker.sock:ro,Z
Volume=data.volume:/data:U
PublishPort=80:80
PublishPort=127.0.0.1:8080:8080
Network=host
PodmanArgs=--privileged --replace --userns=keep-id --memory \\
  512m
User=1000
Group=1000
SeccompProfile=unconfined
SecurityLabelDisable=true
Sysctl=net.core.somaxconn=1024 kernel.shmmax=1
Tmpfs=/run:size=64m

[Install]
WantedBy=default.target
`;
  const { view, subjects, gaps } = read("quadlet", unit);

  test("is one container, called as it says", () => {
    expect(gaps).toEqual([]);
    expect(subjects.map(({ name, id }) => [name, id])).toEqual([["proxy", "web.container#proxy"]]);
    expect(subjects[0]?.location?.startLine).toBe(4);
  });

  test("with its keys as docker run's options", () => {
    expect(valueOr(view.image, "")).toBe("docker.io/library/traefik:v3.1");
    expect(setItems(view.capAdd).map(({ value }) => value)).toEqual(["NET_ADMIN", "SYS_TIME"]);
    expect(setItems(view.capDrop).map(({ value }) => value)).toEqual(["ALL"]);
    expect(setItems(view.devices).map(({ value }) => value.hostPath)).toEqual(["/dev/dri"]);
    expect(setItems(view.environment).map(({ value }) => value)).toEqual([
      { name: "A", value: "1" },
      { name: "B", value: "two words" },
    ]);
    expect(valueOr(view.noNewPrivileges, false)).toBe(true);
    expect(valueOr(view.readonlyRootfs, false)).toBe(true);
    expect(valueOr(view.privileged, false)).toBe(true);
    expect(valueOr(view.memory, 0)).toBe(512 * 1024 ** 2);
    expect(valueOr(view.user, "")).toBe("1000:1000");
    expect(setItems(view.ports).map(({ value }) => value.hostIp)).toEqual([undefined, "127.0.0.1"]);
    expect(setItems(view.mounts).map(({ value }) => [value.source, value.target])).toEqual([
      ["/run/podman/podman.sock", "/var/run/docker.sock"],
      ["data", "/data"],
      [undefined, "/run"],
    ]);
    expect(view.networkMode).toMatchObject({ value: { mode: "host" } });
    expect(view.seccomp).toMatchObject({ value: { profile: "unconfined" } });
    expect(setItems(view.sysctls)).toHaveLength(2);
  });

  test("each where it is written", () => {
    const [socket] = setItems(view.mounts);
    expect(textAt(unit, socket?.origins[0])).toContain("/run/podman/podman.sock:/var/run/docker.sock");
    expect(textAt(unit, setItems(view.capAdd)[1]?.origins[0])).toBe("SYS_TIME");
  });

  test("Podman limits the processes by itself; a later key counts", () => {
    expect(valueOr(read("quadlet", "[Container]\nImage=a\n").view.pidsLimit, 0)).toBe(2048);
    expect(valueOr(read("quadlet", "[Container]\nImage=a\nPidsLimit=-1\n").view.pidsLimit, 0)).toBe(-1);
  });

  test("what systemd or another unit fills in is left open", () => {
    const { view: open } = read("quadlet", "[Container]\nImage=web.build\nVolume=%h/data:/data\n");
    expect(open.image.state).toBe("unresolved");
    expect(open.mounts[0]).not.toMatchObject({ state: "set", value: { source: "/data" } });
    expect(open.image).toMatchObject({ reason: "the image that web.build makes is not known here" });
  });

  test("without [Container] is a gap", () => {
    expect(readRunOptions("[Pod]\n", "x.container", "quadlet", memoryFiles({})).gaps).toHaveLength(1);
  });

  test("a volume is what the unit beside it says: a path of the host", () => {
    const volume = "[Volume]\nDevice=/etc\nType=none\nOptions=bind\n";
    const text = "[Container]\nImage=a\nVolume=data.volume:/data:ro\nVolume=other.volume:/o\n";
    const reading = readRunOptions(
      text,
      "q/web.container",
      "quadlet",
      memoryFiles({ "q/data.volume": volume }),
    );
    const [web] = (reading.subjects as readonly ContainerSubject[])[0]?.views ?? [];
    expect(
      web && setItems(web.mounts).map(({ value }) => [value.source, value.hostPath, value.readOnly]),
    ).toEqual([
      ["data", "/etc", true],
      ["other", undefined, false],
    ]);
    expect(textAt(text, web && setItems(web.mounts)[0]?.origins[0])).toBe("data.volume:/data:ro");
  });

  test("a pod says what its containers share, and nothing else", () => {
    const text =
      "[Pod]\nPodName=shop\nPublishPort=5432:5432\nNetwork=host\nVolume=/etc:/host/etc\nUserNS=host\n";
    const reading = readRunOptions(text, "shop.pod", "quadlet", memoryFiles({}));
    expect(reading.gaps).toEqual([]);
    const [subject] = reading.subjects as readonly ContainerSubject[];
    const web = subject?.views[0];
    expect(subject?.name).toBe("shop");
    expect(web && setItems(web.ports)).toHaveLength(1);
    expect(web?.networkMode).toMatchObject({ value: { mode: "host" } });
    expect(web && setItems(web.mounts).map(({ value }) => value.hostPath)).toEqual(["/etc"]);
    expect(web?.usernsMode).toMatchObject({ value: { mode: "host" } });
    expect(web?.readonlyRootfs).toMatchObject({ state: "unseen", reason: "the pod's containers say it" });
    expect(web?.image).toMatchObject({ state: "unresolved", reason: "the pod's containers say it" });
    expect(web && textAt(text, setItems(web.ports)[0]?.origins[0])).toBe("5432:5432");
    expect(
      readRunOptions("[Container]\n", "x.pod", "quadlet", memoryFiles({})).gaps.map(({ reason }) => reason),
    ).toEqual(["it has no [Pod] section"]);
  });

  test("a .kube unit is named as not read", () => {
    const network = readRunOptions("[Network]\nInternal=true\n", "x.network", "quadlet", memoryFiles({}));
    expect(network).toMatchObject({ subjects: [], gaps: [] });
    const reading = readRunOptions("[Kube]\nYaml=a.yml\n", "x.kube", "quadlet", memoryFiles({}));
    expect(reading.gaps).toMatchObject([
      { reason: "it starts what a Kubernetes file says, which bulkhead does not read", file: "x.kube" },
    ]);
  });
});

describe("a devcontainer.json", () => {
  const text = `// what the editor starts
{
  "name": "shop",
  "image": "mcr.microsoft.com/devcontainers/base:bookworm",
  "runArgs": ["--cap-add=SYS_PTRACE", "--security-opt", "seccomp=unconfined", "--network", "host"],
  "privileged": true,
  "mounts": [
    "source=/var/run/docker.sock,target=/var/run/docker.sock,type=bind",
    { "type": "volume", "source": "cache", "target": "/cache" },
    "source=\${localWorkspaceFolder}/data,target=/data,type=bind",
  ],
  "capAdd": ["NET_ADMIN"],
  "containerEnv": { "API_TOKEN": "abcdefgh12345" },
  "appPort": [3000, "0.0.0.0:9229:9229"],
  "containerUser": "vscode",
}
`;
  const { view, gaps, secrets } = read("devcontainer", text);

  test("with its members as docker run's options", () => {
    expect(gaps).toEqual([]);
    expect(valueOr(view.image, "")).toBe("mcr.microsoft.com/devcontainers/base:bookworm");
    expect(valueOr(view.privileged, false)).toBe(true);
    expect(valueOr(view.user, "")).toBe("vscode");
    expect(setItems(view.capAdd).map(({ value }) => value)).toEqual(["SYS_PTRACE", "NET_ADMIN"]);
    expect(view.seccomp).toMatchObject({ value: { profile: "unconfined" } });
    expect(view.networkMode).toMatchObject({ value: { mode: "host" } });
    expect(setItems(view.mounts).map(({ value }) => value.source)).toContain("/var/run/docker.sock");
    expect(setItems(view.ports).map(({ value }) => value.hostIp)).toEqual(["127.0.0.1", "0.0.0.0"]);
    expect(secrets.map((place) => textAt(text, place)).join()).toContain("abcdefgh12345");
  });

  test("each where it is written", () => {
    expect(textAt(text, setItems(view.capAdd)[1]?.origins[0])).toBe("NET_ADMIN");
  });

  test("a feature that mounts the socket, or needs a privileged container", () => {
    const feature = (name: string) =>
      read("devcontainer", `{"image":"a","features":{"ghcr.io/devcontainers/features/${name}:1":{}}}`).view;
    expect(setItems(feature("docker-outside-of-docker").mounts)[0]?.value.source).toBe(
      "/var/run/docker.sock",
    );
    expect(valueOr(feature("docker-in-docker").privileged, false)).toBe(true);
    expect(valueOr(feature("node").privileged, false)).toBe(false);
  });

  test("cut short it is a gap, and what is there is judged", () => {
    const { gaps: broken, view: seen } = read("devcontainer", '{ "runArgs": ["--privileged"], "image": ');
    expect(valueOr(seen.privileged, false)).toBe(true);
    expect(broken).toMatchObject([{ reason: "it is not valid JSON", location: { startLine: 1 } }]);
    expect(seen.image).toMatchObject({ reason: "the image that its build makes is not known here" });
  });

  test("one of a Compose file is that file's", () => {
    const one = '{"dockerComposeFile":"compose.yaml","service":"app"}';
    expect(readRunOptions(one, optionsFiles.devcontainer, "devcontainer", memoryFiles({})).subjects).toEqual(
      [],
    );
  });
});

describe("a Jenkinsfile", () => {
  const text = `pipeline {
  agent {
    docker {
      image 'maven:3.9-eclipse-temurin-21'
      args '-v /var/run/docker.sock:/var/run/docker.sock --privileged'
    }
  }
  stages {
    stage('test') {
      agent { dockerfile { args "-u root --network=host" } }
      steps {
        script {
          docker.image("postgres:16").withRun('-e "POSTGRES_PASSWORD=s3cr3t-value" -p 5432:5432') { c ->
            sh 'make check'
          }
        }
      }
    }
  }
}
`;
  const { subjects, gaps } = read("jenkins", text);

  test("has a container for each agent and each run", () => {
    expect(gaps).toEqual([]);
    expect(subjects.map(({ location }) => location?.startLine)).toEqual([3, 10, 13]);
  });

  test("with the options of its args", () => {
    const [maven, built, postgres] = subjects.map(({ views }) => views[0]);
    expect(maven && valueOr(maven.privileged, false)).toBe(true);
    expect(maven && setItems(maven.mounts)[0]?.value.source).toBe("/var/run/docker.sock");
    expect(built?.image).toMatchObject({ reason: "the image that its Dockerfile makes is not known here" });
    expect(built && valueOr(built.user, "")).toBe("root");
    expect(postgres && setItems(postgres.ports)).toHaveLength(1);
    expect(postgres && textAt(text, setItems(postgres.ports)[0]?.origins[0])).toBe("5432:5432");
  });
});

describe("podman run", () => {
  const line =
    "podman run -d --replace --pod new:web --userns=keep-id --systemd=always --secret db --privileged -v /run/podman/podman.sock:/s quay.io/podman/stable";

  test("is read as docker run, without what only Podman knows", () => {
    const reading = readRunLine(line, "--run", memoryFiles({}));
    const view = (reading.subjects as readonly ContainerSubject[])[0]?.views[0];
    expect(reading.gaps).toEqual([]);
    expect(view && valueOr(view.image, "")).toBe("quay.io/podman/stable");
    expect(view && valueOr(view.privileged, false)).toBe(true);
    expect(view && setItems(view.mounts)[0]?.value.source).toBe("/run/podman/podman.sock");
    expect(view?.usernsMode.state).toBe("unset");
  });

  test("and written without losing a word", () => {
    const changes = [
      { subject: "--run#stable", patches: [{ op: "set", field: "readonlyRootfs", value: true }] },
    ] as const;
    const [written] = writeRunCommands({
      text: line,
      file: "--run",
      host: "line",
      io: memoryFiles({}),
      changes,
    });
    expect(written?.refused).toEqual([]);
    const [edit] = written?.edits ?? [];
    expect(edit && line.slice(0, edit.start) + edit.text + line.slice(edit.end)).toBe(
      line.replace(" quay.io", " --read-only quay.io"),
    );
  });
});

test.each([
  ["quadlet", { op: "set", field: "readonlyRootfs", value: true }, "ReadOnly=true"],
  ["quadlet", { op: "set", field: "readonlyRootfs", value: false }, "ReadOnly=false"],
  ["quadlet", { op: "add", field: "capDrop", value: "ALL" }, "DropCapability=ALL"],
  ["quadlet", { op: "set", field: "memory", value: 2 ** 29 }, "Memory=512m"],
  ["quadlet", { op: "set", field: "memorySwap", value: 2 ** 29 }, "PodmanArgs=--memory-swap=512m"],
  ["quadlet", { op: "set", field: "user", value: "1000:1000" }, "User=1000\nGroup=1000"],
  ["quadlet", { op: "unset", field: "networkMode" }, "# remove Network=…"],
  ["quadlet", { op: "unset", field: "seccomp" }, "# remove SeccompProfile=…"],
  ["quadlet", { op: "unset", field: "privileged" }, "# remove PodmanArgs=--privileged"],
  ["quadlet", { op: "unset", field: "pathProtection" }, "# remove Unmask=ALL"],
  ["devcontainer", { op: "add", field: "capDrop", value: "ALL" }, '"runArgs": ["--cap-drop", "ALL"]'],
  ["devcontainer", { op: "set", field: "privileged", value: false }, '"privileged": false'],
  ["devcontainer", { op: "set", field: "user", value: "1000" }, '"containerUser": "1000"'],
  ["devcontainer", { op: "unset", field: "pidMode" }, '// remove "runArgs": ["--pid", "…"]'],
] as const)("in a file of %s %j is spelled %s", (tool, patch, said) => {
  expect(spellToolPatch(tool, patch)).toBe(said);
});

test.each([
  ["quadlet", "[Container]\nImage=a\nAnnotation=run.oci.hooks.stdout=/x\n", "annotations", "set", 0],
  ["quadlet", "[Container]\nImage=a\nNewKey=1\n", "privileged", "unresolved", 1],
  ["quadlet", "[Container]\nImage=a\nCgroupsMode=disabled\n", "memory", "unresolved", 1],
  ["quadlet", "[Container]\nImage=a\nCgroupsMode=split\n", "memory", "unset", 0],
  ["quadlet", "[Container]\nImage=a\nEnvironmentFile=/e\n", "environment", "unresolved", 0],
  ["quadlet", "[Container]\nImage=a\nPod=shop.pod\n", "networkMode", "unresolved", 0],
  ["quadlet", "[Container]\nImage=a\nSecurityLabelNested=true\n", "selinux", "unresolved", 0],
  ["quadlet", "[Container]\nRootfs=/root\n", "image", "unresolved", 0],
  ["quadlet", "[Container]\nImage=a\nGlobalArgs=--module=x\n", "mounts", "unresolved", 1],
  ["devcontainer", '{"image": "a", "newProperty": true}', "privileged", "unresolved", 1],
  ["devcontainer", '{"image": "a", "remoteUser": "x"}', "user", "unset", 0],
] as const)("in %s %j leaves %s %s", (host, text, field, state, gapCount) => {
  const { view, gaps } = read(host, text);
  const fact = view[field];
  expect("state" in fact ? fact.state : fact[0]?.state).toBe(state);
  expect(gaps).toHaveLength(gapCount);
});
