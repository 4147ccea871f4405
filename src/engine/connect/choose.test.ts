import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseEndpoint } from "./choose.ts";

let home = "";

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "bulkhead-home-"));
});

afterEach(() => {
  rmSync(home, { recursive: true });
});

function write(path: string, text: string): void {
  const file = join(home, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
}

/** A context as `docker context create` leaves it. */
function context(
  name: string,
  host: string,
  files: Readonly<Record<string, string>> = {},
  skipVerify = false,
): void {
  const id = createHash("sha256").update(name).digest("hex");
  const docker = { Host: host, SkipTLSVerify: skipVerify };
  write(
    `.docker/contexts/meta/${id}/meta.json`,
    JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker } }),
  );
  for (const [file, text] of Object.entries(files)) write(`.docker/contexts/tls/${id}/docker/${file}`, text);
}

function choose(options: { host?: string; context?: string; [variable: string]: string | undefined }) {
  const { host, context: name, ...environment } = options;
  const endpoint = chooseEndpoint({ host, context: name, environment, home });
  return endpoint.ok ? endpoint.value : endpoint.reason;
}

describe("which Engine", () => {
  beforeEach(() => {
    context("flag", "tcp://flag:1");
    context("variable", "tcp://variable:1");
    context("current", "tcp://current:1");
    write(".docker/config.json", '{"currentContext": "current"}');
  });

  // Each line takes away what spoke first in the line before.
  it.each([
    [{ context: "flag", DOCKER_HOST: "tcp://host:1", DOCKER_CONTEXT: "variable" }, "tcp://flag:1"],
    [{ host: "tcp://option:1", DOCKER_HOST: "tcp://host:1", DOCKER_CONTEXT: "variable" }, "tcp://option:1"],
    [{ DOCKER_HOST: "tcp://host:1", DOCKER_CONTEXT: "variable" }, "tcp://host:1"],
    [{ DOCKER_CONTEXT: "variable" }, "tcp://variable:1"],
    [{}, "tcp://current:1"],
    [{ DOCKER_CONTEXT: "default" }, "unix:///var/run/docker.sock"],
    [{ context: "default" }, "unix:///var/run/docker.sock"],
    [{ context: "default", DOCKER_HOST: "tcp://host:1" }, "tcp://host:1"],
  ])("%j is %s", (given, address) => {
    expect(choose(given)).toMatchObject({ address });
  });

  it("reads the docker CLI's folder where DOCKER_CONFIG says it is", () => {
    expect(choose({ DOCKER_CONFIG: join(home, "elsewhere") })).toMatchObject({
      address: "unix:///var/run/docker.sock",
    });
  });

  it("says what is wrong with a context", () => {
    expect(choose({ context: "nosuch" })).toMatch(/no docker context “nosuch”/);
    expect(choose({ context: "flag", host: "tcp://x" })).toMatch(/exclude each other/);
    const id = createHash("sha256").update("broken").digest("hex");
    write(`.docker/contexts/meta/${id}/meta.json`, "{");
    expect(choose({ context: "broken" })).toMatch(/is broken/);
  });

  it("goes on without a config.json that is broken, as the docker CLI does", () => {
    write(".docker/config.json", "{");
    expect(choose({})).toMatchObject({ kind: "unix" });
    write(".docker/config.json", '{"currentContext": 5}');
    expect(choose({})).toMatchObject({ kind: "unix" });
  });

  it("takes the default socket for a context without a host", () => {
    context("empty", "");
    expect(choose({ context: "empty" })).toMatchObject({ kind: "unix" });
  });

  it("finds a rootless Engine's socket only where the default one is missing", () => {
    write(".docker/config.json", "{}");
    write("run/docker.sock", "");
    const { path } = choose({ XDG_RUNTIME_DIR: join(home, "run") }) as { readonly path: string };
    expect([join(home, "run/docker.sock"), "/var/run/docker.sock"]).toContain(path);
  });
});

describe("addresses", () => {
  it.each([
    ["unix:///run/x.sock", { kind: "unix", path: "/run/x.sock" }],
    ["unix://", { kind: "unix", path: "/var/run/docker.sock" }],
    ["tcp://10.0.0.1", { kind: "tcp", hostname: "10.0.0.1", port: 2375 }],
    [
      "tcp://h:80/engine/",
      { kind: "tcp", hostname: "h", port: 80, basePath: "/engine", address: "tcp://h:80/engine" },
    ],
    ["h:1", { kind: "tcp", hostname: "h", port: 1 }],
    [":1", { kind: "tcp", hostname: "localhost", port: 1 }],
    ["tcp://", { kind: "tcp", hostname: "localhost", port: 2375 }],
    ["tcp://[::1]:1", { kind: "tcp", hostname: "::1", port: 1, address: "tcp://[::1]:1" }],
    ["https://h", { kind: "tcp", port: 2376, tls: { verify: true } }],
    ["ssh://me@h:22", { kind: "ssh", user: "me", destination: "h", port: "22", socketPath: undefined }],
    ["ssh://h/run/x.sock", { kind: "ssh", user: undefined, destination: "h", socketPath: "/run/x.sock" }],
  ])("%s", (host, expected) => {
    expect(choose({ host })).toMatchObject(expected);
  });

  it.each([
    "npipe:////./pipe/x",
    "tcp://me:hunter2@h",
    "ssh://me:hunter2@h",
    "ssh://",
    "tcp://a b",
    "odd://x",
    "ssh://h?x=1",
  ])("refuses %s in one line and without its password", (host) => {
    expect(choose({ host })).toMatch(/^[^\n]+$/);
    expect(choose({ host })).not.toContain("hunter2");
  });
});

describe("TLS", () => {
  it("comes from DOCKER_CERT_PATH where DOCKER_TLS_VERIFY is set to anything", () => {
    for (const [name, text] of [
      ["ca", "CA"],
      ["cert", "CERT"],
      ["key", "KEY"],
    ])
      write(`certs/${name}.pem`, text ?? "");
    const DOCKER_CERT_PATH = join(home, "certs");
    expect(choose({ host: "tcp://h", DOCKER_TLS_VERIFY: "0", DOCKER_CERT_PATH })).toMatchObject({
      port: 2376,
      tls: { ca: "CA", cert: "CERT", key: "KEY", verify: true },
    });
    expect(choose({ host: "tcp://h", DOCKER_TLS: "1", DOCKER_CERT_PATH })).toMatchObject({
      tls: { verify: false },
    });
    expect(choose({ host: "tcp://h", DOCKER_CERT_PATH })).toMatchObject({ port: 2375, tls: undefined });
    expect(choose({ DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH })).toMatchObject({
      address: "tcp://localhost:2376",
    });
  });

  it("names the file that is missing", () => {
    expect(choose({ host: "tcp://h", DOCKER_TLS_VERIFY: "1" })).toMatch(
      /ca\.pem cannot be read: it does not exist/,
    );
    write(".docker/ca.pem", "CA");
    write(".docker/cert.pem", "CERT");
    expect(choose({ host: "tcp://h", DOCKER_TLS_VERIFY: "1" })).toMatch(/key\.pem cannot be read/);
  });

  it("comes from the context's own files", () => {
    context("secure", "tcp://h:2376", { "ca.pem": "CA", "cert.pem": "CERT", "key.pem": "KEY" });
    expect(choose({ context: "secure" })).toMatchObject({
      tls: { ca: "CA", cert: "CERT", key: "KEY", verify: true },
    });
    context("trusting", "tcp://h:2376", {}, true);
    expect(choose({ context: "trusting" })).toMatchObject({ tls: { verify: false } });
    context("plain", "tcp://h:2375");
    expect(choose({ context: "plain" })).toMatchObject({ tls: undefined });
  });
});
