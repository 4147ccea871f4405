import { expect, it } from "vitest";
import { redactInspect } from "./evidence.ts";

const secret = "hunter2";

const document = {
  Id: "4f",
  Name: "/db",
  Path: "mysqld",
  Args: [`--password=${secret}`],
  State: { Running: true, Error: `exec: ${secret}`, Health: { Log: [{ ExitCode: 0, Output: secret }] } },
  Config: {
    Env: [`MYSQL_ROOT_PASSWORD=${secret}`, "EMPTY="],
    Cmd: ["mysqld", secret],
    Entrypoint: ["/entry.sh", secret],
    Labels: { "traefik.basicauth": secret },
    Healthcheck: { Test: ["CMD", `-p${secret}`] },
    User: "999",
  },
  HostConfig: {
    Binds: ["/var/run/docker.sock:/var/run/docker.sock"],
    CapAdd: ["SYS_ADMIN"],
    LogConfig: { Type: "splunk", Config: { "splunk-token": secret } },
    Mounts: [
      {
        Type: "volume",
        VolumeOptions: { DriverConfig: { Name: "local", Options: { o: `password=${secret}` } } },
      },
    ],
  },
  NetworkSettings: { Networks: { front: { DriverOpts: { key: secret }, IPAddress: "172.17.0.2" } } },
};

it("masks whatever may hold a secret", () => {
  expect(JSON.stringify(redactInspect(document))).not.toContain(secret);
});

it("keeps what tells how the container was run", () => {
  expect(redactInspect(document)).toMatchObject({
    Id: "4f",
    Path: "mysqld",
    State: { Running: true },
    Config: { Env: ["MYSQL_ROOT_PASSWORD=••••", "EMPTY=••••"], Cmd: ["mysqld", "••••"], User: "999" },
    HostConfig: {
      Binds: ["/var/run/docker.sock:/var/run/docker.sock"],
      CapAdd: ["SYS_ADMIN"],
      LogConfig: { Type: "splunk", Config: { "splunk-token": "••••" } },
    },
    NetworkSettings: { Networks: { front: { IPAddress: "172.17.0.2" } } },
  });
});

it("takes any document", () => {
  for (const odd of [null, undefined, 7, "text", [], { Env: null }, { Labels: null, Cmd: "sh -c x" }])
    expect(() => redactInspect(odd)).not.toThrow();
});
