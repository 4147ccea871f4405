import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  readOptions as read,
  readRunOptions,
  writtenAt as textAt,
} from "../../../test/support/formats/run-options.ts";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import { spellToolPatch } from "../run-options/spell.ts";

describe("a Terraform file", () => {
  const text = `variable "tag" {}
resource "docker_image" "proxy" {
  name = "traefik:v3.1" # pinned
}
resource "docker_container" "proxy" {
  name       = "proxy"
  image      = docker_image.proxy.image_id
  privileged = true
  user       = "1000:1000"
  memory     = 512
  memory_swap = -1
  read_only  = true
  network_mode = "host"
  pids_limit = var.pids
  env = ["API_TOKEN=abcdefgh12345", "HOST=\${var.host}"]
  security_opts = ["seccomp=unconfined"]
  log_opts = { "max-size" = "10m", max-file = 3 }
  tmpfs = { "/run" = "size=64m" }
  capabilities {
    add  = ["CAP_NET_ADMIN", "SYS_TIME"]
    drop = ["ALL"]
  }
  volumes {
    host_path      = "/var/run/docker.sock"
    container_path = "/var/run/docker.sock"
    read_only      = true
  }
  volumes {
    host_path      = "\${path.module}/acme"
    container_path = "/acme"
  }
  mounts {
    type = "bind"
    source = "/etc"
    target = "/host/etc"
    bind_options { propagation = "rshared" }
  }
  dynamic "ports" {
    for_each = var.ports
    content {
      internal = ports.value
    }
  }
  ports {
    internal = 80
    external = 8080
    ip       = "127.0.0.1"
  }
  /* devices */
  devices { host_path = "/dev/sda" }
  ulimit {
    name = "nofile"
    soft = 1024
    hard = 2048
  }
  labels {
    label = "a"
    value = "b"
  }
  healthcheck { test = ["NONE"] }
  upload {
    file = "/x"
    content = <<-EOT
      resource "docker_container" "not" {
    EOT
  }
  command = concat(["a"], [
    "}",
  ])
}
resource "docker_container" "db" {
  name  = "db"
  image = "postgres:\${var.tag}"
}
`;
  const { view, subjects, gaps, secrets } = read("terraform", text);

  test("has a container for each resource", () => {
    expect(gaps).toEqual([]);
    expect(subjects.map(({ name, source, location }) => [name, source, location?.startLine])).toEqual([
      ["proxy", "terraform", 5],
      ["db", "terraform", 71],
    ]);
  });

  test("with its arguments and blocks as docker run's options", () => {
    expect(valueOr(view.image, "")).toBe("traefik:v3.1");
    expect(valueOr(view.privileged, false)).toBe(true);
    expect([valueOr(view.memory, 0), valueOr(view.memorySwap, 0)]).toEqual([512 * 1024 ** 2, -1]);
    expect([valueOr(view.readonlyRootfs, false), valueOr(view.user, "")]).toEqual([true, "1000:1000"]);
    expect(view.networkMode).toMatchObject({ value: { mode: "host" } });
    expect(setItems(view.capAdd).map(({ value }) => value)).toEqual(["NET_ADMIN", "SYS_TIME"]);
    expect(setItems(view.capDrop).map(({ value }) => value)).toEqual(["ALL"]);
    expect(setItems(view.mounts).map(({ value }) => [value.type, value.source, value.target])).toEqual([
      ["tmpfs", undefined, "/run"],
      ["bind", "/var/run/docker.sock", "/var/run/docker.sock"],
      ["bind", "/etc", "/host/etc"],
    ]);
    expect(setItems(view.mounts)[2]?.value.propagation).toBe("rshared");
    expect(
      setItems(view.ports).map(({ value }) => [value.hostIp, value.hostPort, value.containerPort]),
    ).toEqual([["127.0.0.1", "8080", "80"]]);
    expect(setItems(view.devices).map(({ value }) => value.hostPath)).toEqual(["/dev/sda"]);
    expect(setItems(view.ulimits).map(({ value }) => value)).toEqual([
      { name: "nofile", soft: 1024, hard: 2048 },
    ]);
    expect(setItems(view.labels).map(({ value }) => value)).toEqual([{ name: "a", value: "b" }]);
    expect(setItems(view.logOptions).map(({ value }) => value)).toEqual([
      { name: "max-size", value: "10m" },
      { name: "max-file", value: "3" },
    ]);
    expect(view.seccomp).toMatchObject({ value: { profile: "unconfined" } });
    expect(valueOr(view.healthcheck, "")).toBe("none");
    expect(secrets.map((place) => textAt(text, place)).join()).toContain("abcdefgh12345");
  });

  test("what an expression makes is open, and never passes", () => {
    expect(view.pidsLimit).toMatchObject({ state: "unresolved", reason: "var.pids is not known here" });
    expect(view.mounts.map(({ state }) => state)).toContain("unresolved");
    expect(view.ports.map(({ state }) => state)).toContain("unresolved");
    expect(subjects[1]?.views[0]?.image).toMatchObject({
      state: "unresolved",
      reason: "${var.tag} is not known here",
    });
    expect(subjects[1]?.views[0]?.pidsLimit.state).toBe("unseen");
  });

  test.each([
    ["capabilities = var.c", "capAdd"],
    ["capabilities = var.c", "capDrop"],
    ["mounts = var.m", "mounts"],
    [
      'mounts {\n type = "volume"\n target = "/x"\n volume_options {\n driver_options = var.o\n }\n }',
      "mounts",
    ],
    ["healthcheck {\n test = var.h\n }", "healthcheck"],
    ['sysctls = { (var.x) = "1" }', "sysctls"],
  ] as const)("%s is open: %s", (given, field) => {
    const { [field]: fact } = read(
      "terraform",
      `resource "docker_container" "a" {\n image = "x"\n ${given}\n}\n`,
    ).view;
    expect([fact].flat().map(({ state }) => state)).toEqual(["unresolved"]);
  });

  test("rm does not make it a job: it runs in the background", () => {
    const { view: removed } = read(
      "terraform",
      'resource "docker_container" "a" {\n image = "x"\n rm = true\n}\n',
    );
    expect(removed.job).toBeUndefined();
  });

  test("an expression may run over lines in a list, a key may be a number, a heredoc may be an argument", () => {
    const { gaps: none, subjects: both } = read(
      "terraform",
      `resource "docker_container" "a" {
  image = "x"
  env = [
    "A=1",
    var.b
      ? "B=1" : "C=1",
  ]
  sysctls = { 80 = "a" }
  command = split(" ", <<-E
    } "
  E
  )
}
resource "docker_container" "b" {
  image = "y"
}
`,
    );
    expect([none, both.length]).toEqual([[], 2]);
  });

  test("each where it is written", () => {
    expect(textAt(text, setItems(view.capAdd)[1]?.origins[0])).toBe("SYS_TIME");
    expect(textAt(text, view.privileged.state === "set" && view.privileged.origins[0])).toBe("true");
    expect(textAt(text, view.memory.state === "set" && view.memory.origins[0])).toBe("512");
    expect(textAt(text, setItems(view.devices)[0]?.origins[0])).toBe("/dev/sda");
  });

  test.each([
    ['resource "docker_container" "a" {\n  image = "x"\n', "this { is not closed", 1, 33],
    ['resource "docker_container" "a" {\n  image = "x\n}\n', "this quote is not closed", 2, 11],
    ['resource "docker_container" "a" {\n  env = ["A=1"\n}\n', "a , or ] is expected here", 3, 1],
    ['resource "docker_container" "a" {\n  image\n}\n', "“image” is followed by neither = nor {", 2, 3],
    [
      'resource "docker_container" "a" {\n  x = <<EOT\n}\n',
      "this text is not closed: no line says EOT",
      2,
      7,
    ],
  ])("bad input is one line with its place: %j", (broken, reason, line, column) => {
    const { gaps: odd } = readRunOptions(broken, "main.tf", "terraform", memoryFiles({}));
    expect(odd.map((each) => [each.reason, each.location?.startLine, each.location?.startColumn])).toEqual([
      [`terraform refuses this: ${reason}`, line, column],
    ]);
  });

  test("any text is taken without an exception", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom('"', "{", "}", "[", "]", "=", "\n", "a", "${", "<<E\n", "E", "#", "/*", ","),
          { maxLength: 40 },
        ),
        (parts) => {
          readRunOptions(
            `resource "docker_container" "a" {${parts.join("")}`,
            "main.tf",
            "terraform",
            memoryFiles({}),
          );
        },
      ),
    );
    readRunOptions(
      `resource "docker_container" "a" { x = ${"[".repeat(100_000)}`,
      "main.tf",
      "terraform",
      memoryFiles({}),
    );
    const { gaps: deep } = readRunOptions("[".repeat(100_000), "main.tf.json", "terraform", memoryFiles({}));
    expect(deep.map(({ reason }) => reason)).toEqual(["it is nested too deeply to be read"]);
  });

  test("in JSON is the same", () => {
    const json = `{"resource": {"docker_container": {"web": {"name": "web", "image": "nginx", "privileged": true,
  "memory": 64, "capabilities": {"add": ["SYS_ADMIN"]}, "volumes": [{"host_path": "/", "container_path": "/host"}],
  "pids_limit": "\${var.pids}"}}}}`;
    const reading = readRunOptions(json, "main.tf.json", "terraform", memoryFiles({}));
    const [web] = (reading.subjects as readonly ContainerSubject[])[0]?.views ?? [];
    if (!web) throw new Error("there is no container");
    expect([valueOr(web.image, ""), valueOr(web.privileged, false), valueOr(web.memory, 0)]).toEqual([
      "nginx",
      true,
      64 * 1024 ** 2,
    ]);
    expect(setItems(web.mounts).map(({ value }) => value.hostPath)).toEqual(["/"]);
    expect(web.pidsLimit.state).toBe("unresolved");
    expect(textAt(json, setItems(web.capAdd)[0]?.origins[0])).toBe("SYS_ADMIN");
  });
});

test.each([
  [{ op: "set", field: "readonlyRootfs", value: true }, "read_only = true"],
  [{ op: "add", field: "capDrop", value: "ALL" }, 'capabilities { drop = ["ALL"] }'],
  [{ op: "set", field: "memory", value: 2 ** 29 }, "memory = 512"],
  [{ op: "set", field: "cpuShares", value: 512 }, "cpu_shares = 512"],
  [{ op: "unset", field: "networkMode" }, '# remove network_mode = "…"'],
  [
    {
      op: "add",
      field: "ports",
      value: { hostIp: "127.0.0.1", hostPort: "80", containerPort: "8080", protocol: "tcp" },
    },
    'ports { internal = 8080, external = 80, ip = "127.0.0.1" }',
  ],
  [
    { op: "set", field: "pidsLimit", value: 200 },
    "# Terraform's docker_container has no key for --pids-limit 200",
  ],
] as const)("a fix is spelled in the resource's own syntax: %j", (patch, said) => {
  expect(spellToolPatch("terraform", patch)).toBe(said);
});

test("an argument that is not known leaves everything open, and says so", () => {
  const { view, gaps } = read(
    "terraform",
    'resource "docker_container" "a" {\n  image = "a"\n  annotations = 5\n}\n',
  );
  expect(view.privileged.state).toBe("unresolved");
  expect(gaps.map(({ reason }) => reason)).toEqual([
    "bulkhead does not know the key annotations, which may change this",
  ]);
});
