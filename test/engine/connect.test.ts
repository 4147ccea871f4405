import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineClient } from "../../src/engine/client.ts";
import { chooseEndpoint } from "../../src/engine/connect/choose.ts";
import { connectEngine } from "../../src/engine/connect.ts";
import { readEngine } from "../../src/engine/read/read.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";

type Environment = Readonly<Record<string, string>>;

/** Two ports that were free a moment ago. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()];
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address();
          resolve(typeof address === "object" && address ? address.port : 0);
        });
      }),
  );
  const [first = 0, second = 0] = await Promise.all(ports);
  for (const server of servers) server.close();
  return [first, second];
}

describeWithEngine("reaching an Engine", () => {
  let folder = "";
  let certificates: Certificates;
  let tls: TestEngine;
  let plain: TestEngine;
  let port = 0;
  let plainPort = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bulkhead-connect-"));
    certificates = makeCertificates(join(folder, "certs"));
    [port, plainPort] = await freePorts();
    const { server } = certificates;
    const files = [
      `--tlscacert=${server}/ca.pem`,
      `--tlscert=${server}/cert.pem`,
      `--tlskey=${server}/key.pem`,
    ];
    [tls, plain] = await Promise.all([
      startEngine({ flags: ["--tlsverify", ...files], hosts: [`tcp://127.0.0.1:${port}`] }),
      startEngine({ hosts: [`tcp://127.0.0.1:${plainPort}`] }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([tls?.stop(), plain?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function reach(
    options: { readonly host?: string; readonly context?: string },
    environment: Environment = {},
  ) {
    const client = await connectEngine({ ...options, environment, home: folder });
    if (!client.ok) return client.reason;
    try {
      return await answer(client.value);
    } finally {
      await client.value.close();
    }
  }

  async function answer(client: EngineClient): Promise<string> {
    const info = await client.get("/info");
    return info.ok && JSON.stringify(info.value).includes(tls.folder)
      ? "the Engine with TLS"
      : "the plain Engine";
  }

  describe("over TCP", () => {
    it("without TLS", async () => {
      expect(await reach({ host: `tcp://127.0.0.1:${plainPort}` })).toBe("the plain Engine");
      expect(await reach({}, { DOCKER_HOST: `tcp://localhost:${plainPort}` })).toBe("the plain Engine");
    });

    it("with a client certificate", async () => {
      const environment = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates.client };
      expect(await reach({ host: `tcp://127.0.0.1:${port}` }, environment)).toBe("the Engine with TLS");
    });

    it.each<[string, () => Environment, RegExp]>([
      ["TLS is not asked for", () => ({}), /it speaks TLS only: set DOCKER_TLS_VERIFY=1/],
      [
        "there is no client certificate",
        () => ({ DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates.authority }),
        /wants a client certificate/,
      ],
      [
        "the authority is another",
        () => ({
          DOCKER_TLS_VERIFY: "1",
          DOCKER_CERT_PATH: makeCertificates(join(folder, "strange")).client,
        }),
        /authority that is not trusted here/,
      ],
      [
        "the files are none",
        () => ({ DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: junk() }),
        /the TLS files cannot be used/,
      ],
      ["there are no files", () => ({ DOCKER_TLS_VERIFY: "1" }), /ca\.pem cannot be read: it does not exist/],
    ])("says what to do where %s", async (_, environment, reason) => {
      const said = await reach({ host: `tcp://127.0.0.1:${port}` }, environment());
      expect(said).toMatch(reason);
      expect(said).not.toContain("\n");
    });

    it("says so where the certificate is for another name, and where there is no TLS", async () => {
      const environment = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates.client };
      expect(await reach({ host: `tcp://127.0.0.2:${port}` }, environment)).toMatch(
        /another name|nothing listens/,
      );
      expect(await reach({ host: `tcp://127.0.0.1:${plainPort}` }, environment)).toMatch(
        /does not speak TLS/,
      );
    });

    it("counts the address that was used as one that the Engine listens on", async () => {
      const environment = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates.client };
      const listen = async (host: string) => {
        const client = await connectEngine({
          host,
          environment: host.includes(`${port}`) ? environment : {},
          home: folder,
        });
        if (!client.ok) throw new Error(client.reason);
        const reading = await readEngine(client.value, { containers: [], images: [] });
        await client.value.close();
        expect(reading.host).toBeUndefined();
        return reading.engine?.views[0]?.listenAddresses.map((item) =>
          item.state === "set" ? item.value : item.reason,
        );
      };
      expect(await listen(`tcp://127.0.0.1:${port}`)).toEqual([
        { address: `tcp://127.0.0.1:${port}`, tls: "mutual" },
      ]);
      expect(await listen(`tcp://127.0.0.1:${plainPort}`)).toEqual([
        { address: `tcp://127.0.0.1:${plainPort}`, tls: "none" },
      ]);
    });

    function junk(): string {
      const path = join(folder, "junk");
      mkdirSync(path, { recursive: true });
      for (const name of ["ca", "cert", "key"]) writeFileSync(join(path, `${name}.pem`), "no certificate");
      return path;
    }
  });

  describe("over ssh", () => {
    let environment: Environment = {};

    // An ssh that stays here: it notes what it was called with and runs what should run over there.
    beforeAll(() => {
      const bin = join(folder, "bin");
      mkdirSync(bin);
      const script = `#!/bin/sh
echo "$*" >>${folder}/ssh.log
case "$*" in *refused.example*) echo "Permission denied (publickey)." >&2; exit 255 ;; esac
while [ "$1" != docker ]; do shift; done
exec "$@"
`;
      writeFileSync(join(bin, "ssh"), script);
      chmodSync(join(bin, "ssh"), 0o755);
      environment = { PATH: `${bin}:${process.env.PATH ?? ""}`, HOME: folder };
    });

    it("runs docker system dial-stdio over there", async () => {
      const host = `ssh://me@far.example:2222${plain.socketPath}`;
      expect(await reach({ host }, environment)).toBe("the plain Engine");
      expect(readFileSync(join(folder, "ssh.log"), "utf8").split("\n")[0]).toBe(
        `-o ConnectTimeout=10 -T -l me -p 2222 -- far.example docker --host=unix://${plain.socketPath} system dial-stdio`,
      );
    });

    it("reads a whole Engine", async () => {
      const client = await connectEngine({
        host: `ssh://far.example${plain.socketPath}`,
        environment,
        home: folder,
      });
      if (!client.ok) throw new Error(client.reason);
      const reading = await readEngine(client.value, { containers: "all", images: [] });
      await client.value.close();
      expect(reading).toMatchObject({ gaps: [], host: undefined, engine: { name: "engine" } });
    });

    it("says what ssh says", async () => {
      expect(await reach({ host: "ssh://me@refused.example" }, environment)).toMatch(
        /ssh: Permission denied \(publickey\)\.$/,
      );
      expect(await reach({ host: "ssh://far.example/nosuch.sock" }, environment)).toMatch(
        /nosuch\.sock.*no such file/,
      );
      expect(await reach({ host: "ssh://far.example" }, { PATH: join(folder, "empty") })).toMatch(
        /ssh cannot be started/,
      );
    });
  });

  describe("by a context", () => {
    /** The docker CLI itself, with nothing of this machine's own configuration. */
    function docker(args: readonly string[], environment: Environment = {}): string {
      const env = { PATH: process.env.PATH, HOME: folder, ...environment };
      return execFileSync("docker", args, { env, encoding: "utf8", stdio: "pipe" }).trim();
    }

    beforeAll(() => {
      const { client } = certificates;
      const files = `ca=${client}/ca.pem,cert=${client}/cert.pem,key=${client}/key.pem`;
      docker(["context", "create", "secure", "--docker", `host=tcp://127.0.0.1:${port},${files}`]);
      docker(["context", "create", "local", "--docker", `host=${plain.host}`]);
      docker(["context", "use", "local"]);
    });

    it("that the docker CLI made, with its TLS files", async () => {
      expect(await reach({ context: "secure" })).toBe("the Engine with TLS");
      expect(await reach({ context: "local" })).toBe("the plain Engine");
    });

    it.each<[string, () => { readonly flags: readonly string[]; readonly environment: Environment }]>([
      ["the current context", () => ({ flags: [], environment: {} })],
      ["DOCKER_CONTEXT", () => ({ flags: [], environment: { DOCKER_CONTEXT: "secure" } })],
      [
        "DOCKER_HOST over DOCKER_CONTEXT",
        () => ({ flags: [], environment: { DOCKER_CONTEXT: "secure", DOCKER_HOST: plain.host } }),
      ],
      [
        "--context over DOCKER_HOST",
        () => ({ flags: ["--context", "secure"], environment: { DOCKER_HOST: plain.host } }),
      ],
      [
        "--host over DOCKER_CONTEXT",
        () => ({ flags: ["--host", plain.host], environment: { DOCKER_CONTEXT: "secure" } }),
      ],
      ["DOCKER_CONTEXT=default", () => ({ flags: [], environment: { DOCKER_CONTEXT: "default" } })],
      ["DOCKER_CONFIG", () => ({ flags: [], environment: { DOCKER_CONFIG: join(folder, "elsewhere") } })],
    ])("chooses as the docker CLI does: %s", (_, given) => {
      const { flags, environment } = given();
      const option = (name: string) => (flags[0] === name ? flags[1] : undefined);
      const chosen = chooseEndpoint({
        host: option("--host"),
        context: option("--context"),
        environment,
        home: folder,
      });
      const name = docker([...flags, "context", "show"], environment);
      const theirs = docker(
        [...flags, "context", "inspect", name, "-f", "{{.Endpoints.docker.Host}}"],
        environment,
      );
      expect(chosen).toMatchObject({ ok: true, value: { address: theirs } });
    });
  });
});
