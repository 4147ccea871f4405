import { parseImageReference } from "../../model/container/image-reference.ts";

/** A server that gives away its data or its host to anyone who reaches it: a database, a queue, a debugger, an administrator's page. */
export interface OpenServer {
  /** As a message names it. */
  readonly name: string;
  /** Container ports that no other usual server has. */
  readonly ports: readonly number[];
  /** Its images, docker.io's without a registry; `team/*` is all of a team's. Whatever they publish leads to it. */
  readonly images: readonly string[];
  /** Whether it asks for no password unless somebody sets one up. */
  readonly isOpen: boolean;
  readonly source: string;
}

function row(
  name: string,
  ports: readonly number[],
  images: string,
  source: string,
  isOpen = true,
): OpenServer {
  return { name, ports, images: images.split(" ").filter(Boolean), isOpen, source: `https://${source}` };
}

const asks = false;

/** One row for each: ports by the registrations of IANA and the server's documentation, which `source` is. */
export const openServers: readonly OpenServer[] = [
  // Databases.
  row("SQL Server", [1433], "", "learn.microsoft.com/sql/linux/quickstart-install-connect-docker", asks),
  row("Oracle", [1521], "", "container-registry.oracle.com", asks),
  row("MySQL", [3306], "library/mysql", "hub.docker.com/_/mysql", asks),
  row("MariaDB", [], "library/mariadb", "hub.docker.com/_/mariadb", asks),
  row("PostgreSQL", [5432], "library/postgres", "hub.docker.com/_/postgres", asks),
  row("CouchDB", [5984], "library/couchdb", "hub.docker.com/_/couchdb", asks),
  row(
    "Redis",
    [6379],
    "library/redis redis/redis-stack redis/redis-stack-server",
    "redis.io/docs/latest/operate/oss_and_stack/management/security/",
  ),
  row("Valkey", [], "valkey/valkey valkey/valkey-bundle", "valkey.io/topics/security/"),
  row("Dragonfly", [], "docker.dragonflydb.io/dragonflydb/dragonfly", "www.dragonflydb.io/docs"),
  row("KeyDB", [], "eqalpha/keydb", "docs.keydb.dev/docs/security"),
  row("memcached", [11211], "library/memcached", "github.com/memcached/memcached/wiki/SASLHowto"),
  row("MongoDB", [27017], "library/mongo mongodb/mongodb-community-server", "hub.docker.com/_/mongo"),
  row("Neo4j", [7474, 7687], "", "neo4j.com/docs/operations-manual/current/docker/", asks),
  row("InfluxDB", [8086], "", "hub.docker.com/_/influxdb", asks),
  row("Cassandra", [9042], "library/cassandra scylladb/scylla", "cassandra.apache.org/doc/latest/"),
  row("CockroachDB", [26257], "cockroachdb/cockroach", "www.cockroachlabs.com/docs/"),
  row(
    "ClickHouse",
    [],
    "clickhouse/clickhouse-server yandex/clickhouse-server",
    "hub.docker.com/r/clickhouse/clickhouse-server",
  ),
  row("ArangoDB", [8529], "library/arangodb", "hub.docker.com/_/arangodb", asks),
  row("RethinkDB", [28015, 29015], "library/rethinkdb", "rethinkdb.com/docs/security/"),
  row("OrientDB", [2424, 2480], "library/orientdb", "hub.docker.com/_/orientdb", asks),
  row("Dgraph", [], "dgraph/dgraph dgraph/standalone", "dgraph.io/docs/"),
  row("SurrealDB", [], "surrealdb/surrealdb", "surrealdb.com/docs"),
  row(
    "Couchbase",
    [8091],
    "library/couchbase",
    "docs.couchbase.com/server/current/manage/manage-security/",
    asks,
  ),
  row("CrateDB", [], "library/crate crate/crate", "cratedb.com/docs/crate/reference/en/latest/admin/auth/"),
  row("QuestDB", [], "questdb/questdb", "questdb.com/docs/operations/rbac/"),
  row("Aerospike", [], "aerospike/aerospike-server", "aerospike.com/docs/database/manage/security/"),
  row("Tarantool", [3301], "tarantool/tarantool", "www.tarantool.io/en/doc/latest/how-to/access_control/"),
  row("Manticore", [9306, 9308], "manticoresearch/manticore", "manual.manticoresearch.com/Security"),
  row("Hazelcast", [5701], "hazelcast/hazelcast", "docs.hazelcast.com/hazelcast/latest/security/overview"),
  row("Ignite", [10800], "apacheignite/ignite", "ignite.apache.org/docs/latest/security/authentication"),
  row("Druid", [], "apache/druid", "druid.apache.org/docs/latest/operations/security-overview/"),
  row("Pinot", [], "apachepinot/pinot", "docs.pinot.apache.org/operators/operating-pinot/access-control"),
  row("Trino", [], "trinodb/trino prestodb/presto", "trino.io/docs/current/security/overview.html"),
  row(
    "a GraphQL engine",
    [],
    "hasura/graphql-engine",
    "hasura.io/docs/2.0/deployment/securing-graphql-endpoint/",
  ),
  row("TiDB", [], "pingcap/tidb", "docs.pingcap.com/tidb/stable/"),
  // Search and vectors.
  row(
    "Elasticsearch",
    [9200, 9300],
    "library/elasticsearch docker.elastic.co/elasticsearch/elasticsearch",
    "www.elastic.co/docs/deploy-manage/security",
    asks,
  ),
  row("OpenSearch", [], "opensearchproject/opensearch", "docs.opensearch.org/latest/security/", asks),
  row(
    "Solr",
    [8983],
    "library/solr",
    "solr.apache.org/guide/solr/latest/deployment-guide/securing-solr.html",
  ),
  row(
    "Meilisearch",
    [7700],
    "getmeili/meilisearch",
    "www.meilisearch.com/docs/learn/security/basic_security",
  ),
  row("Qdrant", [6333, 6334], "qdrant/qdrant", "qdrant.tech/documentation/guides/security/"),
  row(
    "Weaviate",
    [],
    "semitechnologies/weaviate cr.weaviate.io/semitechnologies/weaviate",
    "docs.weaviate.io/deploy/configuration/authentication",
  ),
  row("Milvus", [19530], "milvusdb/milvus", "milvus.io/docs/authenticate.md"),
  row("Chroma", [], "chromadb/chroma ghcr.io/chroma-core/chroma", "docs.trychroma.com"),
  // Queues, coordination and secrets.
  row(
    "etcd",
    [2379, 2380],
    "bitnami/etcd quay.io/coreos/etcd gcr.io/etcd-development/etcd",
    "etcd.io/docs/latest/op-guide/security/",
  ),
  row(
    "ZooKeeper",
    [2181],
    "library/zookeeper bitnami/zookeeper",
    "zookeeper.apache.org/doc/current/zookeeperAdmin.html",
  ),
  row(
    "Kafka",
    [9092],
    "apache/kafka bitnami/kafka confluentinc/cp-kafka redpandadata/redpanda docker.redpanda.com/redpandadata/redpanda",
    "kafka.apache.org/documentation/#security",
  ),
  row("RabbitMQ", [5672], "", "hub.docker.com/_/rabbitmq", asks),
  row("RabbitMQ's management", [15672], "", "www.rabbitmq.com/docs/management", asks),
  row(
    "ActiveMQ",
    [61616, 8161],
    "apache/activemq-classic",
    "activemq.apache.org/components/classic/documentation/security",
    asks,
  ),
  row("NATS", [4222], "library/nats", "docs.nats.io/running-a-nats-service/configuration/securing_nats"),
  row("Pulsar", [6650], "apachepulsar/pulsar", "pulsar.apache.org/docs/next/security-overview/"),
  row(
    "Mosquitto",
    [1883],
    "library/eclipse-mosquitto",
    "mosquitto.org/documentation/authentication-methods/",
    asks,
  ),
  row("Erlang's port mapper", [4369], "", "www.erlang.org/doc/apps/erts/epmd_cmd.html"),
  row("Consul", [8500], "library/consul hashicorp/consul", "developer.hashicorp.com/consul/docs/secure"),
  row("Nomad", [4646], "hashicorp/nomad", "developer.hashicorp.com/nomad/docs/secure"),
  row(
    "Vault",
    [],
    "library/vault hashicorp/vault openbao/openbao",
    "developer.hashicorp.com/vault/docs/concepts/dev-server",
    asks,
  ),
  row(
    "Temporal",
    [7233],
    "temporalio/auto-setup temporalio/server",
    "docs.temporal.io/self-hosted-guide/security",
  ),
  // Storage and registries.
  row("MinIO", [], "minio/minio quay.io/minio/minio bitnami/minio", "min.io/docs/minio/container/", asks),
  row(
    "a registry",
    [],
    "library/registry distribution/distribution ghcr.io/distribution/distribution",
    "distribution.github.io/distribution/about/deploying/#restricting-access",
  ),
  row("rsync", [873], "", "download.samba.org/pub/rsync/rsyncd.conf.5"),
  row("NFS", [2049], "", "man7.org/linux/man-pages/man5/exports.5.html"),
  // What runs programs for anyone who asks.
  row("the Docker API", [2375, 2376], "", "docs.docker.com/engine/security/protect-access/"),
  row(
    "a kubelet",
    [10250, 10255],
    "",
    "kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/",
    asks,
  ),
  row("Node's inspector", [9229], "", "nodejs.org/en/learn/getting-started/debugging#security-implications"),
  row(
    "a browser's debugger",
    [9222],
    "browserless/chrome ghcr.io/browserless/chromium chromedp/headless-shell",
    "chromedevtools.github.io/devtools-protocol/",
  ),
  row(
    "Selenium",
    [],
    "selenium/hub selenium/standalone-chrome selenium/standalone-firefox selenium/standalone-edge",
    "github.com/SeleniumHQ/docker-selenium",
  ),
  row(
    "Android's debugger",
    [5037],
    "redroid/redroid budtmo/docker-android",
    "developer.android.com/tools/adb",
  ),
  row("distcc", [3632], "", "www.distcc.org/security.html"),
  row(
    "Jupyter",
    [],
    "jupyter/* quay.io/jupyter/*",
    "jupyter-server.readthedocs.io/en/latest/operators/security.html",
    asks,
  ),
  row("Ray", [8265], "rayproject/ray rayproject/ray-ml", "docs.ray.io/en/latest/ray-security/index.html"),
  row("Spark", [7077], "apache/spark bitnami/spark", "spark.apache.org/docs/latest/security.html"),
  row(
    "Hadoop YARN",
    [8088],
    "",
    "hadoop.apache.org/docs/stable/hadoop-project-dist/hadoop-common/SecureMode.html",
  ),
  row(
    "Flink",
    [],
    "library/flink apache/flink",
    "nightlies.apache.org/flink/flink-docs-stable/docs/deployment/security/",
  ),
  row("Celery's Flower", [], "mher/flower", "flower.readthedocs.io/en/latest/auth.html"),
  row("Node-RED", [1880], "nodered/node-red", "nodered.org/docs/user-guide/runtime/securing-node-red"),
  row("Ollama", [11434], "ollama/ollama", "docs.ollama.com/faq"),
  row(
    "a language model",
    [],
    "vllm/vllm-openai localai/localai ghcr.io/huggingface/text-generation-inference ghcr.io/ggml-org/llama.cpp",
    "docs.vllm.ai/en/latest/usage/security/",
  ),
  row("Langflow", [], "langflowai/langflow", "docs.langflow.org/api-keys-and-authentication"),
  row("Flowise", [], "flowiseai/flowise", "docs.flowiseai.com/configuration/authorization", asks),
  row(
    "Zeppelin",
    [],
    "apache/zeppelin",
    "zeppelin.apache.org/docs/latest/setup/security/shiro_authentication.html",
  ),
  row("the AWS emulator", [4566], "localstack/localstack", "docs.localstack.cloud/aws/capabilities/"),
  row("Kong's administration", [8001, 8444], "", "developer.konghq.com/gateway/secure-the-admin-api/"),
  row("Netdata", [19999], "netdata/netdata", "learn.netdata.cloud/docs/netdata-agent/securing-agents"),
  row("Glances", [61208], "nicolargo/glances", "glances.readthedocs.io/en/latest/quickstart.html"),
  row("Syncthing", [8384], "syncthing/syncthing linuxserver/syncthing", "docs.syncthing.net/users/faq.html"),
  row("go2rtc", [1984], "alexxit/go2rtc", "github.com/AlexxIT/go2rtc#security"),
  row("a web shell", [7681], "tsl0922/ttyd wettyoss/wetty", "github.com/tsl0922/ttyd"),
  row("Jenkins agents or Db2", [50000], "", "www.jenkins.io/doc/book/security/services/", asks),
  row(
    "a code editor with a shell",
    [],
    "linuxserver/code-server codercom/code-server gitpod/openvscode-server",
    "coder.com/docs/code-server/guide",
    asks,
  ),
  // Screens.
  row("VNC", [5900, 5901, 5902], "", "datatracker.ietf.org/doc/html/rfc6143#section-7.2", asks),
  row(
    "a desktop in the browser",
    [6901],
    "dorowu/ubuntu-desktop-lxde-vnc accetto/* kasmweb/*",
    "github.com/fcwu/docker-ubuntu-vnc-desktop",
    asks,
  ),
  row("X11", [6000], "", "www.x.org/releases/current/doc/man/man1/Xserver.1.xhtml"),
  // Interfaces for administrators.
  row("Kibana", [5601], "", "www.elastic.co/docs/deploy-manage/security", asks),
  row("Adminer", [], "library/adminer", "hub.docker.com/_/adminer", asks),
  row(
    "phpMyAdmin",
    [],
    "library/phpmyadmin phpmyadmin/phpmyadmin",
    "docs.phpmyadmin.net/en/latest/setup.html#securing-your-phpmyadmin-installation",
    asks,
  ),
  row(
    "pgAdmin",
    [],
    "dpage/pgadmin4",
    "www.pgadmin.org/docs/pgadmin4/latest/container_deployment.html",
    asks,
  ),
  row("mongo-express", [], "library/mongo-express", "hub.docker.com/_/mongo-express", asks),
  row(
    "Portainer",
    [],
    "portainer/portainer portainer/portainer-ce portainer/portainer-ee",
    "docs.portainer.io",
    asks,
  ),
  row("the Portainer agent", [], "portainer/agent", "docs.portainer.io/advanced/edge-agent", asks),
  row("Dockge", [], "louislam/dockge", "github.com/louislam/dockge", asks),
  row("Dozzle", [], "amir20/dozzle ghcr.io/amir20/dozzle", "dozzle.dev/guide/authentication"),
  row("Redis Commander", [], "rediscommander/redis-commander", "github.com/joeferner/redis-commander"),
  row("Redis Insight", [], "redis/redisinsight", "redis.io/docs/latest/operate/redisinsight/"),
  row(
    "cAdvisor",
    [],
    "gcr.io/cadvisor/cadvisor google/cadvisor ghcr.io/google/cadvisor",
    "github.com/google/cadvisor",
  ),
  row(
    "Kafka UI",
    [],
    "provectuslabs/kafka-ui obsidiandynamics/kafdrop",
    "docs.kafka-ui.provectus.io/configuration/authentication",
  ),
];

/** The server behind a port; undefined for any other. By the port first, then by the image, whatever port it has. */
export function openServer(
  image: string | undefined,
  containerPort: string,
  protocol: string,
): OpenServer | undefined {
  if (protocol !== "tcp") return undefined;
  const [first = Number.NaN, last = first] = containerPort.split("-").map(Number);
  const byPort = openServers.find(({ ports }) => ports.some((port) => port >= first && port <= last));
  return byPort ?? (image === undefined ? undefined : serverOfImage(image));
}

/** The server that an image is; undefined for any other. */
export function serverOfImage(image: string): OpenServer | undefined {
  const { registry, repository } = parseImageReference(image);
  const isHub = registry === "docker.io" || registry === "lscr.io";
  const name = isHub ? repository : `${registry}/${repository}`;
  return openServers.find(({ images }) =>
    images.some((each) => (each.endsWith("/*") ? name.startsWith(each.slice(0, -1)) : each === name)),
  );
}
