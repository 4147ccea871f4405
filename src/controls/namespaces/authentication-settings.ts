import { programOf } from "../../base/shell.ts";

/** A setting that lets everybody in. */
export interface Opening {
  /** The setting as a message shows it; it holds no secret. */
  readonly said: string;
  readonly server: string;
  /** What everyone can do then: `is its superuser`. */
  readonly can: string;
}

const administers = "is its administrator";
const runsCode = "runs programs in it";

interface VariableRow {
  readonly name: RegExp;
  readonly value: RegExp;
  readonly server: string;
  readonly can?: string;
  readonly source: string;
}

const yes = /^(?:1|true|yes|on|y)$/i;
const no = /^(?:0|false|no|off)$/i;
const something = /\S/;

/** One row for each variable, with where it is documented. */
export const variableRows: readonly VariableRow[] = [
  {
    name: /^POSTGRES_HOST_AUTH_METHOD$/,
    value: /^trust$/i,
    server: "PostgreSQL",
    can: "is its superuser",
    source: "https://hub.docker.com/_/postgres",
  },
  {
    name: /^POSTGRES_INITDB_ARGS$/,
    value: /(?:--auth(?:-host)?[= ]|-A ?)trust\b/,
    server: "PostgreSQL",
    can: "is its superuser",
    source: "https://www.postgresql.org/docs/current/app-initdb.html",
  },
  {
    name: /^JPDA_ADDRESS$/,
    value: /^(?:0\.0\.0\.0|\*):/,
    server: "Java's debugger",
    can: runsCode,
    source: "https://cwiki.apache.org/confluence/display/TOMCAT/Developing",
  },
  {
    name: /^(?:MYSQL_ALLOW_EMPTY_PASSWORD|MARIADB_ALLOW_EMPTY_ROOT_PASSWORD|MARIADB_ALLOW_EMPTY_PASSWORD)$/,
    value: something,
    server: "the database",
    can: "is its root",
    source: "https://hub.docker.com/_/mysql",
  },
  {
    name: /^(?:\w+_)?ALLOW_EMPTY_PASSWORD$/,
    value: yes,
    server: "the server",
    source: "https://github.com/bitnami/containers",
  },
  {
    name: /^(?:ALLOW_ANONYMOUS_LOGIN|ALLOW_NONE_AUTHENTICATION)$/,
    value: yes,
    server: "the server",
    source: "https://github.com/bitnami/containers",
  },
  {
    name: /^xpack\.security\.enabled$|^XPACK_SECURITY_ENABLED$/,
    value: no,
    server: "Elasticsearch",
    source: "https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/security-settings",
  },
  {
    name: /^plugins\.security\.disabled$|^DISABLE_SECURITY_(?:DASHBOARDS_)?PLUGIN$/,
    value: yes,
    server: "OpenSearch",
    source: "https://docs.opensearch.org/latest/security/configuration/disable-enable-security/",
  },
  {
    name: /^NEO4J_AUTH$/,
    value: /^none$/i,
    server: "Neo4j",
    source: "https://neo4j.com/docs/operations-manual/current/docker/",
  },
  {
    name: /^ARANGO_NO_AUTH$/,
    value: something,
    server: "ArangoDB",
    source: "https://hub.docker.com/_/arangodb",
  },
  {
    name: /^CLICKHOUSE_SKIP_USER_SETUP$/,
    value: yes,
    server: "ClickHouse",
    source: "https://hub.docker.com/r/clickhouse/clickhouse-server",
  },
  {
    name: /^INFLUXDB_HTTP_AUTH_ENABLED$/,
    value: no,
    server: "InfluxDB",
    source: "https://docs.influxdata.com/influxdb/v1/administration/config/",
  },
  {
    name: /^AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED$/,
    value: yes,
    server: "Weaviate",
    source: "https://docs.weaviate.io/deploy/configuration/authentication",
  },
  {
    name: /^GF_AUTH_ANONYMOUS_ORG_ROLE$/,
    value: /^(?:admin|editor)$/i,
    server: "Grafana",
    source:
      "https://grafana.com/docs/grafana/latest/setup-grafana/configure-access/configure-authentication/anonymous-auth/",
  },
  {
    name: /^ME_CONFIG_BASICAUTH$/,
    value: no,
    server: "mongo-express",
    source: "https://hub.docker.com/_/mongo-express",
  },
  {
    name: /^PGADMIN_CONFIG_SERVER_MODE$/,
    value: no,
    server: "pgAdmin",
    source: "https://www.pgadmin.org/docs/pgadmin4/latest/container_deployment.html",
  },
  {
    name: /^DISABLE_AUTH$/,
    value: yes,
    server: "RStudio",
    can: runsCode,
    source: "https://rocker-project.org/images/versioned/rstudio.html",
  },
  {
    name: /^WEBUI_AUTH$/,
    value: no,
    server: "Open WebUI",
    source: "https://docs.openwebui.com/getting-started/env-configuration/",
  },
  {
    name: /^SE_VNC_NO_PASSWORD$/,
    value: yes,
    server: "the screen",
    can: "uses it",
    source: "https://github.com/SeleniumHQ/docker-selenium",
  },
  {
    name: /^TRAEFIK_API_INSECURE$/,
    value: yes,
    server: "Traefik's API",
    can: "reads its routes",
    source: "https://doc.traefik.io/traefik/operations/api/#insecure",
  },
  {
    name: /^VAULT_DEV_ROOT_TOKEN_ID$/,
    value: something,
    server: "Vault in its development mode",
    can: "may take its secrets",
    source: "https://developer.hashicorp.com/vault/docs/concepts/dev-server",
  },
  {
    name: /^SURREAL_UNAUTHENTICATED$/,
    value: yes,
    server: "SurrealDB",
    source: "https://surrealdb.com/docs/surrealdb/cli/start",
  },
];

/** Java programs take their options from these too. */
const optionVariables =
  /^(?:JAVA_(?:TOOL_)?OPTI?O?N?S|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|CATALINA_OPTS|ES_JAVA_OPTS|NODE_OPTIONS|JAVA_OPTS)$/;

interface ArgumentRow {
  /** Programs that it belongs to; every program (and an image's own) where it is not given. */
  readonly programs?: RegExp;
  readonly pattern: RegExp;
  readonly said: string;
  readonly server: string;
  readonly can?: string;
  readonly source: string;
}

const wide = String.raw`(?:0\.0\.0\.0|\*|\[?::\]?)`;

/** Over the words of a command joined by single spaces. */
export const argumentRows: readonly ArgumentRow[] = [
  {
    pattern: /(?:^| )--api\.insecure(?:=true| true)?(?= |$)/i,
    said: "--api.insecure",
    server: "Traefik's API",
    can: "reads its routes and services",
    source: "https://doc.traefik.io/traefik/operations/api/#insecure",
  },
  {
    pattern: /(?:^| )--protected-mode[ =]no\b/,
    said: "--protected-mode no",
    server: "Redis",
    source: "https://redis.io/docs/latest/operate/oss_and_stack/management/security/",
  },
  {
    pattern: /(?:^| )--skip-grant-tables\b/,
    said: "--skip-grant-tables",
    server: "the database",
    source: "https://dev.mysql.com/doc/refman/8.4/en/server-options.html",
  },
  {
    pattern: /(?:^| )--noauth\b/,
    programs: /^(?:mongod|filebrowser|-.*)?$/,
    said: "--noauth",
    server: "the server",
    source: "https://www.mongodb.com/docs/manual/reference/program/mongod/",
  },
  {
    pattern: /(?:^| )--initialize-insecure\b/,
    said: "--initialize-insecure",
    server: "the database",
    source: "https://dev.mysql.com/doc/refman/8.4/en/server-options.html",
  },
  {
    pattern: /(?:^| )-Dcom\.sun\.management\.jmxremote\.authenticate=false\b/,
    said: "jmxremote.authenticate=false",
    server: "Java's management port",
    can: runsCode,
    source:
      "https://docs.oracle.com/en/java/javase/21/management/monitoring-and-management-using-jmx-technology.html",
  },
  {
    pattern: /(?:^| )--web\.enable-admin-api(?:=true)?(?= |$)/,
    said: "--web.enable-admin-api",
    server: "Prometheus",
    can: "deletes its data",
    source: "https://prometheus.io/docs/prometheus/latest/querying/api/#tsdb-admin-apis",
  },
  {
    pattern: /(?:^| )-E ?xpack\.security\.enabled=false\b/,
    said: "xpack.security.enabled=false",
    server: "Elasticsearch",
    source: "https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/security-settings",
  },
  {
    pattern: /(?:^| )--(?:NotebookApp|ServerApp|LabApp|IdentityProvider)\.token=(?:''|"")?(?= |$)/,
    said: "--ServerApp.token=''",
    server: "Jupyter",
    can: runsCode,
    source: "https://jupyter-server.readthedocs.io/en/latest/operators/security.html",
  },
  {
    pattern: /(?:^| )server (?:.* )?-dev\b/,
    programs: /^(?:vault|bao|server)$/,
    said: "vault server -dev",
    server: "Vault in its development mode",
    can: "may take its secrets",
    source: "https://developer.hashicorp.com/vault/docs/concepts/dev-server",
  },
  {
    pattern: new RegExp(String.raw`(?:^| )agent (?:.* )?-dev\b.*-client[ =]${wide}`),
    programs: /^(?:consul|agent)$/,
    said: "consul agent -dev",
    server: "Consul",
    source: "https://developer.hashicorp.com/consul/docs/agent",
  },
  {
    pattern: /(?:^| )start(?:-single-node)? (?:.* )?--insecure\b/,
    programs: /^(?:cockroach|start|start-single-node)$/,
    said: "--insecure",
    server: "CockroachDB",
    source: "https://www.cockroachlabs.com/docs/stable/cockroach-start",
  },
  {
    pattern: /(?:^| )--auth[ =]none\b/,
    said: "--auth none",
    server: "the editor",
    can: runsCode,
    source: "https://coder.com/docs/code-server/guide",
  },
  {
    pattern: /(?:^| )--anonymous-auth=true\b/,
    said: "--anonymous-auth=true",
    server: "the kubelet",
    can: runsCode,
    source: "https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/",
  },
  {
    pattern: /(?:^| )--unauthenticated\b/,
    programs: /^(?:surreal|start)$/,
    said: "--unauthenticated",
    server: "SurrealDB",
    source: "https://surrealdb.com/docs/surrealdb/cli/start",
  },
  {
    pattern: new RegExp(`(?:^| )--inspect(?:-brk|-wait|-port)?[ =]${wide}(?=[: ]|$)`),
    said: "--inspect",
    server: "Node's inspector",
    can: runsCode,
    source: "https://nodejs.org/en/learn/getting-started/debugging#security-implications",
  },
  {
    pattern: new RegExp(String.raw`jdwp\S*address=${wide}:\d+`),
    said: "jdwp",
    server: "Java's debugger",
    can: runsCode,
    source: "https://docs.oracle.com/en/java/javase/21/docs/specs/jpda/conninv.html",
  },
  {
    pattern: new RegExp(String.raw`debugpy (?:.* )?--listen ${wide}:\d+`),
    said: "debugpy",
    server: "Python's debugger",
    can: runsCode,
    source: "https://github.com/microsoft/debugpy#security-considerations",
  },
  {
    pattern: new RegExp(String.raw`--listen[ =]${wide}?:\d+`),
    programs: /^dlv$/,
    said: "dlv --listen",
    server: "Go's debugger",
    can: runsCode,
    source: "https://github.com/go-delve/delve/blob/master/Documentation/usage/dlv.md",
  },
  {
    pattern: new RegExp(`(?:^| )--remote-debugging-address=${wide}`),
    said: "--remote-debugging-address",
    server: "the browser's debugger",
    can: "uses it with its cookies and files",
    source: "https://chromedevtools.github.io/devtools-protocol/",
  },
  {
    pattern: /(?:^| )-nopw\b/,
    programs: /^x11vnc$/,
    said: "x11vnc -nopw",
    server: "the screen",
    can: "uses it",
    source: "https://github.com/LibVNC/x11vnc",
  },
  {
    pattern: /(?:^| )-?-SecurityTypes[ =]None\b/i,
    said: "-SecurityTypes None",
    server: "the screen",
    can: "uses it",
    source: "https://tigervnc.org/doc/Xvnc.html",
  },
];

/** What a variable opens; undefined for any other. */
export function openVariables(name: string, value: string): Opening | undefined {
  const row = variableRows.find((each) => each.name.test(name) && each.value.test(value.trim()));
  if (row) {
    const shown = /TOKEN|PASSWORD$/.test(name) ? name : `${name}=${value.trim()}`;
    return { said: shown.slice(0, 80), server: row.server, can: row.can ?? administers };
  }
  const [opening] = optionVariables.test(name) ? openArguments(["java", ...value.split(/\s+/)]) : [];
  return opening && { ...opening, said: `${name} with ${opening.said}` };
}

/** What the words of a command open. */
export function openArguments(words: readonly string[]): readonly Opening[] {
  const line = words.join(" ").slice(0, 16_384);
  const program = programOf(words);
  return argumentRows
    .filter(
      ({ pattern, programs }) => (programs === undefined || programs.test(program)) && pattern.test(line),
    )
    .map(({ said, server, can }) => ({ said, server, can: can ?? administers }));
}
