import type { Container } from "../../../model/container.ts";
import type { EnvironmentVariable } from "../../../model/container-values.ts";
import { type Credential, credentialsInValue } from "../../../model/credentials/find.ts";
import { isOrdinaryWord } from "../../../model/credentials/mask.ts";
import { setItems } from "../../../model/fact.ts";

/**
 * What a credential in a container that a CI starts for one job can open. A `known` one is a password that everybody tries
 * first, of a server that ends with the job. A `fresh` one is chosen, and sets up such a server. All others may open more.
 */
export function throwAwayKind(
  { job, environment }: Pick<Container, "job" | "environment">,
  { name, value = "" }: EnvironmentVariable,
): "known" | "fresh" | undefined {
  if (!job?.isOfCi) return undefined;
  if (credentialIn(name, value) === "value") return opensBesideIt(value) ? "known" : undefined;
  const names = setItems(environment)
    .filter(({ value: { name: other } }) => /USER|DB$|DATABASE/i.test(other))
    .map(({ value: { value: other } }) => other ?? "");
  if (isOrdinaryWord(value) || (value !== "" && names.includes(value))) return "known";
  return setsUp.has(name.toUpperCase()) ? "fresh" : undefined;
}

/** An image creates its server's first account with it: it is no password of a server that was there before. */
const setsUp = new Set([
  "ARANGO_ROOT_PASSWORD",
  "CLICKHOUSE_PASSWORD",
  "COUCHDB_PASSWORD",
  "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN",
  "DOCKER_INFLUXDB_INIT_PASSWORD",
  "ELASTIC_PASSWORD",
  "KEYCLOAK_ADMIN_PASSWORD",
  "MARIADB_PASSWORD",
  "MARIADB_ROOT_PASSWORD",
  "MINIO_ROOT_PASSWORD",
  "MINIO_SECRET_KEY",
  "MONGO_INITDB_ROOT_PASSWORD",
  "MSSQL_SA_PASSWORD",
  "MYSQL_PASSWORD",
  "MYSQL_ROOT_PASSWORD",
  "NEO4J_AUTH",
  "OPENSEARCH_INITIAL_ADMIN_PASSWORD",
  "ORACLE_PASSWORD",
  "POSTGRES_PASSWORD",
  "POSTGRESQL_PASSWORD",
  "RABBITMQ_DEFAULT_PASS",
  "REDIS_PASSWORD",
  "SA_PASSWORD",
]);

/** `scheme://user:password@host` with such a password, of the machine itself or a name without a dot, and nothing besides. */
function opensBesideIt(value: string): boolean {
  const left = value.replaceAll(
    /:\/\/([^\s/:@?#]{0,200}):([^\s/@]{1,500})@(?=(?:[\w-]+|127\.0\.0\.1|\[::1\])(?:[:/?]|$))/g,
    (all, user: string, password: string) => (isOrdinaryWord(password) || password === user ? "://" : all),
  );
  return credentialIn("", left) === undefined;
}

/** Whether the variable holds a credential that is written out: by its name, or by the value's own shape. */
export function credentialIn(name: string, value: string): Credential["by"] | undefined {
  return credentialsInValue(name, value)[0]?.by;
}
