import { describe, expect, test } from "vitest";
import { factsOf, gapsOf } from "../../../test/support/formats/engine-facts.ts";
import { configFileOf, readDockerdCommand, readDockerdLine } from "./dockerd.ts";
import { wordsFrom } from "./words.ts";

function facts(text: string) {
  return factsOf(readDockerdLine(text, "line"), { line: text });
}

function gaps(text: string) {
  return gapsOf(readDockerdLine(text, "line"), { line: text });
}

const open = (address: string, place = address) => [{ address, tls: "none" }, place];

describe("spellings of flags", () => {
  test.each([
    ["dockerd -H tcp://0.0.0.0:2375", { listenAddresses: [open("tcp://0.0.0.0:2375")] }],
    ["dockerd -Htcp://a:1 -H=tcp://b:1", { listenAddresses: [open("tcp://a:1"), open("tcp://b:1")] }],
    ["dockerd --host tcp://a:1 --host=fd://", { listenAddresses: [open("tcp://a:1"), open("fd://")] }],
    ["dockerd -DH tcp://a:1", { listenAddresses: [open("tcp://a:1")] }],
    ['dockerd -H "tcp://a:1"', { listenAddresses: [open("tcp://a:1", '"tcp://a:1"')] }],
    ["dockerd -H 0.0.0.0:2375", { listenAddresses: [open("tcp://0.0.0.0:2375", "0.0.0.0:2375")] }],
    [
      "dockerd --tlsverify -H tcp://a:1",
      { listenAddresses: [[{ address: "tcp://a:1", tls: "mutual" }, "tcp://a:1"]] },
    ],
    [
      "dockerd --tls -H tcp://a:1",
      { listenAddresses: [[{ address: "tcp://a:1", tls: "server" }, "tcp://a:1"]] },
    ],
    ["dockerd --icc=false", { icc: [false, "false"] }],
    ["dockerd --icc=0 --icc=T", { icc: [true, "T"] }],
    ["dockerd --icc", { icc: [true, "--icc"] }],
    ["dockerd --icc=nope", { icc: "? icc must be true or false" }],
    [
      "dockerd --selinux-enabled --live-restore",
      { selinuxEnabled: [true, "--selinux-enabled"], liveRestore: [true, "--live-restore"] },
    ],
    ["dockerd --userns-remap=default", { usernsRemap: ["default", "default"] }],
    [
      "dockerd --no-new-privileges --seccomp-profile unconfined",
      { noNewPrivileges: [true, "--no-new-privileges"], seccompProfile: ["unconfined", "unconfined"] },
    ],
    [
      "dockerd --default-ulimit nofile=1:2",
      { defaultUlimits: [[{ name: "nofile", soft: 1, hard: 2 }, "nofile=1:2"]] },
    ],
    [
      "dockerd --log-driver=local --log-opt max-size=1m --log-opt=max-file=2",
      {
        logDriver: ["local", "local"],
        logOptions: [
          [{ name: "max-size", value: "1m" }, "max-size=1m"],
          [{ name: "max-file", value: "2" }, "max-file=2"],
        ],
      },
    ],
    [
      "dockerd --storage-opt dm.basesize=5G -s overlay2",
      {
        storageDriver: ["overlay2", "overlay2"],
        storageOptions: [[{ name: "dm.basesize", value: "5G" }, "dm.basesize=5G"]],
      },
    ],
    [
      "dockerd --insecure-registry r:5000 --authorization-plugin=opa",
      { insecureRegistries: [["r:5000", "r:5000"]], authorizationPlugins: [["opa", "opa"]] },
    ],
    ["dockerd --bridge=none", { icc: [false, "none"] }],
    [
      "dockerd --default-network-opt bridge=a=b --add-runtime x=/y --config-file /x -D",
      {
        furtherOptions: [
          [{ name: "default-network-opts", value: "bridge=a=b" }, "bridge=a=b"],
          [{ name: "runtimes", value: "x=/y" }, "x=/y"],
        ],
      },
    ],
    [
      "dockerd --iptables=false --log-level warn",
      {
        furtherOptions: [
          [{ name: "log-level", value: "warn" }, "warn"],
          [{ name: "iptables", value: "false" }, "false"],
        ],
      },
    ],
    ["dockerd -- -H tcp://a:1", {}],
    ["dockerd", {}],
  ])("%s", (line, expected) => {
    expect(facts(line)).toEqual(expected);
    expect(gaps(line)).toEqual([]);
  });
});

describe("where dockerd stands", () => {
  const expected = { listenAddresses: [open("tcp://a:1")] };
  test.each([
    "/usr/bin/dockerd -H tcp://a:1",
    "sudo nohup dockerd -H tcp://a:1 > /var/log/docker 2>&1 &",
    "dockerd > /var/log/docker 2>&1 -H tcp://a:1 &> /dev/null # why",
    "DOCKER_RAMDISK=true exec dockerd -H tcp://a:1",
    "docker daemon -H tcp://a:1",
    "docker -d -H tcp://a:1",
    "docker -H tcp://a:1 -d",
    "docker -H tcp://a:1 --daemon=true",
    "set -e; dockerd -H tcp://a:1 && true",
    "# start it\ndockerd \\\n  -H tcp://a:1\necho done",
    "sh -c 'dockerd -H tcp://a:1'",
  ])("%s", (line) => {
    expect(facts(line)).toEqual(expected);
    expect(gaps(line)).toEqual([]);
  });

  test("the requirement's own line", () => {
    expect(facts("docker -d --storage-opt dm.basesize=5G")).toEqual({
      storageOptions: [[{ name: "dm.basesize", value: "5G" }, "dm.basesize=5G"]],
    });
  });

  test("dockerd-rootless.sh is rootless", () => {
    expect(facts("dockerd-rootless.sh --icc=false")).toEqual({
      rootless: [true, "dockerd-rootless.sh"],
      icc: [false, "false"],
    });
  });

  test.each([
    "docker run -d nginx",
    "docker compose up -d",
    "echo hello",
    "",
    "# dockerd",
    "echo hi # dockerd",
    "docker -D ps -d",
  ])("%j runs none", (line) => {
    expect(readDockerdLine(line, "line").subjects).toEqual([]);
    expect(gaps(line)).toEqual([["there is no dockerd command here", ""]]);
  });
});

describe("what is not known", () => {
  test("a variable that may hold any option leaves nothing unset", () => {
    expect(facts("dockerd -H fd:// --icc=false $DOCKER_OPTS")).toMatchObject({
      listenAddresses: [open("fd://"), "? $DOCKER_OPTS is not known here"],
      icc: [false, "false"],
      noNewPrivileges: "? $DOCKER_OPTS is not known here",
      logOptions: ["? $DOCKER_OPTS is not known here"],
    });
  });

  test("a variable in a value leaves that value open", () => {
    expect(facts("dockerd --userns-remap=$REMAP --icc=false")).toEqual({
      usernsRemap: "? $REMAP is not known here",
      icc: [false, "false"],
    });
  });

  test.each([
    ["dockerd --bogus x --icc=false", "dockerd refuses to start: it has no flag --bogus", "--bogus"],
    ["dockerd --icc=false -Z", "dockerd refuses to start: it has no such short flag", "-Z"],
    ["dockerd --icc=false stray", "dockerd refuses to start: it takes flags only", "stray"],
    ["dockerd --icc=false --host", "dockerd refuses to start: --host needs a value", "--host"],
  ])("%s is a gap", (line, reason, place) => {
    expect(gaps(line)).toEqual([[reason, place]]);
    expect(facts(line)).toEqual({ icc: [false, "false"] });
  });
});

describe("a process", () => {
  const origin = { kernel: "/proc/42/cmdline" };
  const words = wordsFrom(
    ["/usr/bin/dockerd", "-H", "tcp://a:1", "--config-file", "/etc/d.json", "--icc=false"],
    origin,
  );

  test("is read from its words, which need no places", () => {
    const view = readDockerdCommand(words, "/proc/42/cmdline").subjects[0]?.views[0];
    expect(view).toMatchObject({
      listenAddresses: [{ state: "set", value: { address: "tcp://a:1", tls: "none" }, origins: [origin] }],
      icc: { state: "set", value: false, origins: [origin] },
    });
  });

  test("names its daemon.json", () => {
    expect(configFileOf(words)).toBe("/etc/d.json");
    expect(configFileOf(wordsFrom(["dockerd"], origin))).toBe("/etc/docker/daemon.json");
  });

  test("adds up with its daemon.json, TLS included", () => {
    const text = '{"tlsverify": true, "no-new-privileges": true}';
    const reading = readDockerdCommand(words, "cmdline", { text, file: "daemon.json" });
    expect(factsOf(reading, { "daemon.json": text })).toEqual({
      listenAddresses: [[{ address: "tcp://a:1", tls: "mutual" }, ""]],
      icc: [false, ""],
      noNewPrivileges: [true, "true"],
    });
    expect(reading.gaps).toEqual([]);
  });

  test("does not start where both say the same option, even with the same value", () => {
    const json = { text: '{"icc": false, "runtimes": {}}', file: "daemon.json" };
    const line = wordsFrom(["dockerd", "--icc=false", "--add-runtime=x=/y"], origin);
    expect(readDockerdCommand(line, "cmdline", json).gaps.map(({ reason }) => reason)).toEqual([
      "dockerd refuses to start: icc is given both as a flag and in daemon.json",
    ]);
  });
});

test("a password in a proxy's address is masked", () => {
  const line = "dockerd --http-proxy http://me:hunter2@proxy:1";
  const { secrets } = readDockerdLine(line, "line");
  expect(secrets.map(({ startColumn, endColumn }) => line.slice(startColumn - 1, endColumn - 1))).toEqual([
    "http://me:hunter2@proxy:1",
  ]);
});
