import { describe, expect, test } from "vitest";
import { factsOf, gapsOf } from "../../../test/support/formats/engine-facts.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { daemonJson, looksLikeDockerdUnit } from "./format.ts";
import { readDockerdUnit, type UnitSurroundings } from "./unit.ts";

function facts(text: string, around?: UnitSurroundings, texts: Readonly<Record<string, string>> = {}) {
  return factsOf(readDockerdUnit(text, "docker.service", around), { "docker.service": text, ...texts });
}

const listen = (address: string, place = address) => [{ address, tls: "none" }, place];

test("docker's own unit", () => {
  const text = `[Unit]
Description=Docker Application Container Engine
Requires=docker.socket

[Service]
Type=notify
# the default is not to use systemd for cgroups
ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
ExecReload=/bin/kill -s HUP $MAINPID
LimitNOFILE=infinity
`;
  const reading = readDockerdUnit(text, "docker.service");
  expect(facts(text)).toEqual({ listenAddresses: [listen("fd://")] });
  expect(reading.gaps).toEqual([]);
  expect(reading.subjects).toMatchObject([{ id: "docker.service#engine", location: { startLine: 8 } }]);
});

describe("ExecStart", () => {
  test.each([
    ["ExecStart=-/usr/bin/dockerd -H tcp://a:1"],
    ["ExecStart=@/usr/bin/dockerd docker -H tcp://a:1"],
    ["ExecStart = +/usr/bin/dockerd -H tcp://a:1\r"],
    ["ExecStart=/usr/bin/dockerd \\\n# a comment\n  ; another\n  -H \\\n  tcp://a:1"],
    ["ExecStart=/usr/bin/dockerd -H fd://\nExecStart=\nExecStart=/usr/bin/dockerd -H tcp://a:1"],
    ["ExecStart=/bin/sh -c 'exec /usr/bin/dockerd -H tcp://a:1'"],
    ["ExecStart=/usr/bin/docker daemon -H tcp://a:1"],
    ["ExecStart=/usr/bin/docker -d -H tcp://a:1"],
    ["ExecStartPre=/bin/true\nExecStart=/usr/bin/dockerd -H tcp://a:1"],
  ])("%j", (lines) => {
    const text = `[Service]\n${lines}\n`;
    expect(facts(text)).toEqual({ listenAddresses: [listen("tcp://a:1")] });
    expect(readDockerdUnit(text, "u").gaps).toEqual([]);
  });

  test.each([
    ["[Service]\nExecStart=/usr/bin/docker run -d nginx\n"],
    ["[Unit]\nExecStart=/usr/bin/dockerd\n"],
    [""],
  ])("%j runs no dockerd", (text) => {
    expect(gapsOf(readDockerdUnit(text, "u"), { u: text })).toEqual([["the unit runs no dockerd", ""]]);
  });
});

describe("variables", () => {
  test("from Environment= are split as systemd splits them, and stand where they are written", () => {
    const text = `[Service]
Environment="OPTS=--icc=false -H tcp://a:1" REMAP=default
ExecStart=/usr/bin/dockerd $OPTS --userns-remap=\${REMAP} $NONE
`;
    expect(facts(text)).toEqual({
      icc: [false, "false"],
      listenAddresses: [listen("tcp://a:1")],
      usernsRemap: ["default", "default"],
    });
  });

  const text = "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=/usr/bin/dockerd $DOCKER_OPTS\n";

  test("from a file that was not seen are not known", () => {
    expect(facts(text)).toMatchObject({ icc: "? $DOCKER_OPTS is not known here" });
    expect(facts(text.replace("=-", "="), { io: memoryFiles() })).toMatchObject({
      icc: "? $DOCKER_OPTS is not known here",
    });
  });

  test("from a file are where that file says so", () => {
    const file = '# options\nDOCKER_OPTS="--icc=false \\\n -D"\n';
    const io = memoryFiles({ "/etc/default/docker": file });
    expect(facts(text, { io }, { "/etc/default/docker": file })).toEqual({
      icc: [false, expect.stringContaining("--icc=false")],
    });
    expect(
      facts(
        text,
        { io: memoryFiles({ "/etc/default/docker": "DOCKER_OPTS='--icc=false'" }) },
        { "/etc/default/docker": "DOCKER_OPTS='--icc=false'" },
      ),
    ).toEqual({ icc: [false, "false"] });
  });

  test("from an optional file that is not there are empty", () => {
    expect(facts(text, { io: memoryFiles() })).toEqual({});
  });
});

describe("what surrounds a unit", () => {
  const unit = "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n";

  test("a drop-in resets ExecStart and starts anew", () => {
    const text = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H tcp://a:1\n";
    const around = { dropIns: [{ text, file: "override.conf" }] };
    expect(facts(unit, around, { "override.conf": text })).toEqual({
      listenAddresses: [listen("tcp://a:1")],
    });
  });

  test("a drop-in adds variables", () => {
    const dropIn = { text: "[Service]\nEnvironment=OPTS=--icc=false\n", file: "o.conf" };
    expect(
      facts("[Service]\nExecStart=dockerd $OPTS\n", { dropIns: [dropIn] }, { "o.conf": dropIn.text }),
    ).toEqual({
      icc: [false, "false"],
    });
  });

  test("hosts in daemon.json beside -H fd:// keep dockerd from starting", () => {
    const daemonJson = { text: '{"hosts": ["tcp://a:1"]}', file: "daemon.json" };
    expect(gapsOf(readDockerdUnit(unit, "u", { daemonJson }), { u: unit })).toEqual([
      ["dockerd refuses to start: hosts is given both as a flag and in daemon.json", "-H"],
    ]);
  });

  test("the socket unit stands behind fd://, with dockerd's TLS", () => {
    const socket = {
      text: "[Socket]\nListenStream=/run/docker.sock\nListenStream=2376\nSocketMode=0660\nSocketUser=root\nSocketGroup=docker\n",
      file: "docker.socket",
    };
    const text = "[Service]\nExecStart=/usr/bin/dockerd -H fd:// --tlsverify\n";
    expect(facts(text, { socket }, { "docker.socket": socket.text })).toEqual({
      listenAddresses: [
        listen("unix:///run/docker.sock", "/run/docker.sock"),
        [{ address: "tcp://[::]:2376", tls: "mutual" }, "2376"],
      ],
      socketFiles: [[{ path: "/run/docker.sock", mode: 0o660, uid: 0, gid: -1 }, "0660"]],
    });
  });
});

describe("the socket unit", () => {
  test("by itself", () => {
    expect(facts("[Socket]\nListenStream=%t/docker.sock\nSocketMode=0666\nSocketUser=app\n")).toMatchObject({
      usernsRemap: "? a socket unit does not tell how dockerd is set up",
      listenAddresses: [listen("unix:///run/docker.sock", "%t/docker.sock")],
      socketFiles: [[{ path: "/run/docker.sock", mode: 0o666, uid: -1, gid: 0 }, "0666"]],
    });
  });

  test("is open to everybody without SocketMode, and on every interface with a bare port", () => {
    expect(
      facts(
        "[Socket]\nListenStream=/x\nListenStream=\nListenStream=/run/docker.sock\nListenStream=127.0.0.1:2375\n",
      ),
    ).toMatchObject({
      listenAddresses: [
        listen("unix:///run/docker.sock", "/run/docker.sock"),
        listen("tcp://127.0.0.1:2375", "127.0.0.1:2375"),
      ],
      socketFiles: [[{ path: "/run/docker.sock", mode: 0o666, uid: 0, gid: 0 }, "/run/docker.sock"]],
    });
  });
});

describe("which files are ours", () => {
  test.each([
    ["/lib/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n"],
    ["docker.service.d/override.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd \\\n -H fd://\n"],
    ["docker.socket", "[Socket]\nListenStream=/run/docker.sock\n"],
    ["docker.socket", "[Socket]\nListenStream=2375\n"],
    ["x.socket", "[Socket]\nListenStream=/var/run/docker.sock\n"],
  ])("%s is", (path, text) => {
    expect(looksLikeDockerdUnit(path, text)).toBe(true);
  });

  test.each([
    ["web.service", "[Service]\nExecStart=/usr/bin/docker run -d nginx\n"],
    ["web.service", "[Unit]\nAfter=docker.service\n[Service]\nExecStart=/usr/bin/web\n"],
    ["notes.md", "[Service]\nExecStart=/usr/bin/dockerd\n"],
    ["ssh.socket", "[Socket]\nListenStream=22\n"],
  ])("%s is not", (path, text) => {
    expect(looksLikeDockerdUnit(path, text)).toBe(false);
  });

  test("daemon.json by its name", () => {
    const names = [
      "/etc/docker/daemon.json",
      "daemon.json",
      "daemon.prod.json",
      "docker-daemon.json",
      "a\\daemon.json",
    ];
    expect(names.filter((name) => !daemonJson.recognise.name(name))).toEqual([]);
    expect(
      ["package.json", "daemon.yaml", "mydaemon.json", "daemon.json/x"].filter(daemonJson.recognise.name),
    ).toEqual([]);
  });
});

test("a password in Environment= is a credential, unless an empty one takes it back", () => {
  const proxy = (name: string) => `Environment="${name}=http://bob:hunter2Xy9@proxy.example.org:3128"\n`;
  const found = (text: string) => {
    const [subject] = readDockerdUnit(
      `[Service]\n${text}ExecStart=/usr/bin/dockerd\n`,
      "docker.service",
    ).subjects;
    const [view] = subject?.kind === "engine" ? subject.views : [];
    return (view?.credentials ?? []).map((each) =>
      each.state === "set" ? [each.value.where, each.value.value] : [],
    );
  };
  expect(found(proxy("HTTP_PROXY"))).toEqual([["the variable HTTP_PROXY", "hunter2Xy9"]]);
  expect(found(`${proxy("HTTP_PROXY")}Environment=\n`)).toEqual([]);
  expect(found("Environment=HTTP_PROXY=http://proxy.example.org:3128\n")).toEqual([]);
});
