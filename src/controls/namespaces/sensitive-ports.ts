import { parseImageReference } from "../../model/image-reference.ts";

/**
 * Container ports whose server gives away its data or its host to whoever reaches it: databases and queues, mostly without a
 * password by default, and interfaces for administrators. By the registrations of IANA and the servers' own documentation.
 */
const ports: ReadonlyMap<number, string> = new Map([
  [1433, "SQL Server"],
  [1521, "Oracle"],
  [2375, "the Docker API"],
  [2376, "the Docker API"],
  [2379, "etcd"],
  [2380, "etcd"],
  [3306, "MySQL"],
  [4369, "Erlang's port mapper"],
  [5432, "PostgreSQL"],
  [5601, "Kibana"],
  [5672, "RabbitMQ"],
  [5984, "CouchDB"],
  [6379, "Redis"],
  [7474, "Neo4j"],
  [7687, "Neo4j"],
  [8086, "InfluxDB"],
  [8500, "Consul"],
  [9042, "Cassandra"],
  [9092, "Kafka"],
  [9200, "Elasticsearch"],
  [9300, "Elasticsearch"],
  [10250, "a kubelet"],
  [11211, "memcached"],
  [15672, "RabbitMQ's management"],
  [26257, "CockroachDB"],
  [27017, "MongoDB"],
  [50000, "Jenkins agents or Db2"],
]);

/** Images that are databases or interfaces for administrators, whatever port they listen on: docker.io's repositories. */
const images: ReadonlyMap<string, string> = new Map([
  ["library/adminer", "Adminer"],
  ["library/phpmyadmin", "phpMyAdmin"],
  ["phpmyadmin/phpmyadmin", "phpMyAdmin"],
  ["dpage/pgadmin4", "pgAdmin"],
  ["library/mongo-express", "mongo-express"],
  ["portainer/portainer", "Portainer"],
  ["portainer/portainer-ce", "Portainer"],
  ["portainer/portainer-ee", "Portainer"],
  ["portainer/agent", "the Portainer agent"],
  ["louislam/dockge", "Dockge"],
  ["amir20/dozzle", "Dozzle"],
  ["rediscommander/redis-commander", "Redis Commander"],
  ["redis/redisinsight", "Redis Insight"],
  ["linuxserver/code-server", "a code editor with a shell"],
  ["codercom/code-server", "a code editor with a shell"],
  ["jupyter/base-notebook", "Jupyter"],
  ["library/postgres", "PostgreSQL"],
  ["library/mysql", "MySQL"],
  ["library/mariadb", "MariaDB"],
  ["library/redis", "Redis"],
  ["valkey/valkey", "Valkey"],
  ["library/mongo", "MongoDB"],
  ["library/memcached", "memcached"],
]);

/** The database or the interface for administrators behind a port; undefined for any other. */
export function sensitiveServer(
  image: string | undefined,
  containerPort: string,
  protocol: string,
): string | undefined {
  if (protocol !== "tcp") return undefined;
  const [first = Number.NaN, last = first] = containerPort.split("-").map(Number);
  for (const [port, name] of ports) if (port >= first && port <= last) return name;
  if (image === undefined) return undefined;
  const { registry, repository } = parseImageReference(image);
  const name = registry === "lscr.io" || registry === "docker.io" ? repository : undefined;
  return name === undefined ? undefined : images.get(name);
}
