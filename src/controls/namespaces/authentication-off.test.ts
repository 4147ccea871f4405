import { expect, test } from "vitest";
import { ci, compose, dockerfile, inspect, run, testControl } from "../../../test/support/control-table.ts";
import { containerFromRun } from "../../../test/support/subjects.ts";
import { bareContext } from "../control.ts";
import { authenticationOff } from "./authentication-off.ts";
import { argumentRows, variableRows } from "./authentication-settings.ts";
import { openServers, serverOfImage } from "./open-servers.ts";

const variable = (text: string) => run(`docker run -e ${text} team/app:1`);
const command = (text: string) => run(`docker run team/app:1 ${text}`);

testControl(authenticationOff, {
  fails: [
    ...[
      "POSTGRES_HOST_AUTH_METHOD=trust",
      "MYSQL_ALLOW_EMPTY_PASSWORD=yes",
      "MYSQL_ALLOW_EMPTY_PASSWORD=1",
      "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD=true",
      "ALLOW_EMPTY_PASSWORD=yes",
      "POSTGRES_INITDB_ARGS=--auth-host=trust",
      "'POSTGRES_INITDB_ARGS=-E UTF8 -A trust'",
      "JPDA_ADDRESS=*:8000",
      "CATALINA_OPTS=-Dcom.sun.management.jmxremote.authenticate=false",
      "ALLOW_ANONYMOUS_LOGIN=yes",
      "ALLOW_NONE_AUTHENTICATION=yes",
      "xpack.security.enabled=false",
      "plugins.security.disabled=true",
      "DISABLE_SECURITY_PLUGIN=true",
      "NEO4J_AUTH=none",
      "ARANGO_NO_AUTH=1",
      "ME_CONFIG_BASICAUTH=false",
      "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED=true",
      "GF_AUTH_ANONYMOUS_ORG_ROLE=Admin",
      "VAULT_DEV_ROOT_TOKEN_ID=root",
      "SE_VNC_NO_PASSWORD=1",
      "DISABLE_AUTH=true",
      "'JAVA_TOOL_OPTIONS=-agentlib:jdwp=transport=dt_socket,server=y,address=*:5005'",
      "NODE_OPTIONS=--inspect=0.0.0.0:9229",
    ].map(variable),
    ...[
      "--api.insecure=true",
      "--api.insecure",
      "traefik --api.dashboard=true --api.insecure=true",
      "redis-server --protected-mode no",
      "redis-server --bind 0.0.0.0 --protected-mode no",
      "mysqld --skip-grant-tables",
      "mongod --noauth",
      "--noauth --port 80",
      "mysqld --initialize-insecure",
      "--config.file=/p.yml --web.enable-admin-api",
      "start-notebook.sh --NotebookApp.token=",
      "jupyter lab --ip=0.0.0.0 --ServerApp.token=''",
      "sh -c \"jupyter lab --ServerApp.token=''\"",
      "vault server -dev",
      "server -dev -dev-listen-address=0.0.0.0:8200",
      "cockroach start-single-node --insecure",
      "code-server --auth none",
      "node --inspect=0.0.0.0:9229 app.js",
      "nodemon --inspect-brk=0.0.0.0 app.js",
      "python -m debugpy --listen 0.0.0.0:5678 app.py",
      "dlv debug --headless --listen=:2345",
      "java -agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005 -jar a.jar",
      "chrome --remote-debugging-address=0.0.0.0",
      "x11vnc -forever -nopw",
    ].map(command),
    compose("services: { t: { image: 'traefik:3', command: [--api.insecure=true, --providers.docker] } }"),
    compose("services: { t: { image: 'traefik:3', command: '--providers.docker --api.insecure=true' } }"),
    compose(
      "services: { r: { image: 'redis:7', entrypoint: [redis-server], command: [--protected-mode, 'no'] } }",
    ),
    dockerfile('FROM node:22\nCMD ["node", "--inspect=0.0.0.0", "a.js"]'),
    dockerfile("FROM node:22\nCMD node --inspect=0.0.0.0:9229 a.js"),
    dockerfile("FROM postgres:17\nENV POSTGRES_HOST_AUTH_METHOD=trust"),
    inspect({ Config: { Cmd: ["redis-server", "--protected-mode", "no"] } }),
    ci(
      "github-actions",
      "jobs: { a: { steps: [], services: { db: { image: postgres, env: { POSTGRES_HOST_AUTH_METHOD: trust } } } } }",
      { severity: "low" },
    ),
  ],
  passes: [
    variable("POSTGRES_HOST_AUTH_METHOD=scram-sha-256"),
    variable("MYSQL_ALLOW_EMPTY_PASSWORD="),
    variable("POSTGRES_INITDB_ARGS=--auth-host=scram-sha-256"),
    variable("JPDA_ADDRESS=127.0.0.1:8000"),
    command("mysqld --initialize"),
    variable("xpack.security.enabled=true"),
    variable("GF_AUTH_ANONYMOUS_ORG_ROLE=Viewer"),
    command("--api.insecure=false"),
    command("redis-server --protected-mode yes"),
    command("node --inspect app.js"),
    command("node --inspect=127.0.0.1:9229 app.js"),
    command("vault server -config=/vault/config"),
    command("start-notebook.sh --ServerApp.token=hunter2"),
    command("curl --insecure https://x"),
    dockerfile("FROM debian:12\nRUN node --inspect=0.0.0.0 a.js"),
  ],
});

test("every row of the tables names its source", () => {
  for (const { source } of [...variableRows, ...argumentRows, ...openServers])
    expect(source).toMatch(/^https:\/\/\S+$/);
});

test("no port and no image is two servers", () => {
  const ports = openServers.flatMap((each) => each.ports);
  const images = openServers.flatMap((each) => each.images);
  expect(new Set(ports).size).toBe(ports.length);
  expect(new Set(images).size).toBe(images.length);
  for (const image of images.filter((each) => !each.endsWith("*")))
    expect(serverOfImage(image)?.images).toContain(image);
});

test("a token is not shown", () => {
  const judged = containerFromRun("docker run -e VAULT_DEV_ROOT_TOKEN_ID=hunter2 vault:1");
  expect(
    JSON.stringify(authenticationOff.check.container?.(judged, bareContext("run-command"))),
  ).not.toContain("hunter2");
});
