// Generated from the Compose Specification's schema: npm run compose-schema writes it. Do not edit.

// The Compose Specification, Copyright 2020 The Compose Specification Authors, Apache License 2.0.

import {
  any,
  bareFlag,
  bareInteger,
  bareNumber,
  between,
  either,
  flag,
  integer,
  list,
  map,
  matching,
  nothing,
  number,
  type Shape,
  setOf,
  single,
  size,
  text,
  textSize,
  word,
} from "./shape.ts";

const extension = [/^x-/, any] as const;

const listOfStringsShape: Shape = setOf(text);

const stringOrListShape: Shape = either(text, listOfStringsShape);

const includeShape: Shape = either(
  text,
  map({ keys: { path: stringOrListShape, env_file: stringOrListShape, project_directory: text } }),
);

const commandShape: Shape = either(nothing, text, list(text));

const listOrDictShape: Shape = either(map({ named: [[/.+/, single]] }), setOf(text));

const serviceHookShape: Shape = map({
  keys: {
    command: commandShape,
    user: text,
    privileged: flag,
    working_dir: text,
    environment: listOrDictShape,
  },
  required: ["command"],
  named: [extension],
});

const developmentShape: Shape = either(
  nothing,
  map({
    keys: {
      watch: list(
        map({
          keys: {
            ignore: stringOrListShape,
            include: stringOrListShape,
            path: text,
            action: word("rebuild", "sync", "restart", "sync+restart", "sync+exec"),
            target: text,
            exec: serviceHookShape,
            initial_sync: bareFlag,
          },
          required: ["path", "action"],
          named: [extension],
        }),
      ),
    },
    named: [extension],
  }),
);

const listOrDictDeduplicatedShape: Shape = either(map({ named: [[/.+/, single]] }), list(text));

const genericResourcesShape: Shape = list(
  map({
    keys: { discrete_resource_spec: map({ keys: { kind: text, value: number }, named: [extension] }) },
    named: [extension],
  }),
);

const devicesShape: Shape = list(
  map({
    keys: {
      capabilities: listOfStringsShape,
      count: either(text, integer),
      device_ids: listOfStringsShape,
      driver: text,
      options: listOrDictShape,
    },
    required: ["capabilities"],
    named: [extension],
  }),
);

const deploymentShape: Shape = either(
  nothing,
  map({
    keys: {
      mode: text,
      endpoint_mode: text,
      replicas: integer,
      labels: listOrDictDeduplicatedShape,
      rollback_config: map({
        keys: {
          parallelism: integer,
          delay: text,
          failure_action: text,
          monitor: text,
          max_failure_ratio: number,
          order: word("start-first", "stop-first"),
        },
        named: [extension],
      }),
      update_config: map({
        keys: {
          parallelism: integer,
          delay: text,
          failure_action: text,
          monitor: text,
          max_failure_ratio: number,
          order: word("start-first", "stop-first"),
        },
        named: [extension],
      }),
      resources: map({
        keys: {
          limits: map({ keys: { cpus: number, memory: textSize, pids: integer }, named: [extension] }),
          reservations: map({
            keys: {
              cpus: number,
              memory: textSize,
              generic_resources: genericResourcesShape,
              devices: devicesShape,
            },
            named: [extension],
          }),
        },
        named: [extension],
      }),
      restart_policy: map({
        keys: { condition: text, delay: text, max_attempts: integer, window: text },
        named: [extension],
      }),
      placement: map({
        keys: {
          constraints: list(text),
          preferences: list(map({ keys: { spread: text }, named: [extension] })),
          max_replicas_per_node: integer,
        },
        named: [extension],
      }),
    },
    named: [extension],
  }),
);

const extraHostsShape: Shape = either(map({ named: [[/.+/, either(text, list(text))]] }), setOf(text));

const serviceConfigOrSecretShape: Shape = list(
  either(
    text,
    map({
      keys: { source: text, target: text, uid: text, gid: text, mode: either(number, text) },
      named: [extension],
    }),
  ),
);

const ulimitsShape: Shape = map({
  named: [
    [
      /^[a-z]+$/,
      either(
        integer,
        map({ keys: { hard: integer, soft: integer }, required: ["soft", "hard"], named: [extension] }),
      ),
    ],
  ],
  open: true,
});

const blkioLimitShape: Shape = map({ keys: { path: text, rate: either(integer, textSize) } });

const blkioWeightShape: Shape = map({ keys: { path: text, weight: integer } });

const listOfStringsDeduplicatedShape: Shape = list(text);

const stringOrListDeduplicatedShape: Shape = either(text, listOfStringsDeduplicatedShape);

const envFileShape: Shape = either(
  text,
  list(either(text, map({ keys: { path: text, format: text, required: flag }, required: ["path"] }))),
);

const labelFileShape: Shape = either(text, list(text));

const gpusShape: Shape = either(
  word("all"),
  list(
    map({
      keys: {
        capabilities: listOfStringsShape,
        count: either(text, integer),
        device_ids: listOfStringsShape,
        driver: text,
        options: listOrDictShape,
      },
      open: true,
    }),
  ),
);

const healthcheckShape: Shape = map({
  keys: {
    disable: flag,
    interval: text,
    retries: number,
    test: either(text, list(text)),
    timeout: text,
    start_period: text,
    start_interval: text,
  },
  named: [extension],
});

const preStartHookShape: Shape = map({
  keys: {
    command: commandShape,
    image: text,
    user: text,
    privileged: flag,
    working_dir: text,
    environment: listOrDictShape,
    per_replica: flag,
  },
  named: [extension],
});

export const serviceShape: Shape = map({
  keys: {
    develop: developmentShape,
    deploy: deploymentShape,
    annotations: listOrDictDeduplicatedShape,
    attach: flag,
    build: either(
      text,
      map({
        keys: {
          context: text,
          dockerfile: text,
          dockerfile_inline: text,
          entitlements: list(text),
          args: listOrDictDeduplicatedShape,
          ssh: listOrDictShape,
          labels: listOrDictDeduplicatedShape,
          cache_from: list(text),
          cache_to: list(text),
          no_cache: flag,
          no_cache_filter: stringOrListShape,
          additional_contexts: listOrDictDeduplicatedShape,
          network: text,
          provenance: either(text, flag),
          sbom: either(text, flag),
          pull: flag,
          target: text,
          shm_size: either(integer, textSize),
          extra_hosts: extraHostsShape,
          isolation: text,
          privileged: flag,
          secrets: serviceConfigOrSecretShape,
          tags: list(text),
          ulimits: ulimitsShape,
          platforms: list(text),
        },
        named: [extension],
      }),
    ),
    blkio_config: map({
      keys: {
        device_read_bps: list(blkioLimitShape),
        device_read_iops: list(blkioLimitShape),
        device_write_bps: list(blkioLimitShape),
        device_write_iops: list(blkioLimitShape),
        weight: integer,
        weight_device: list(blkioWeightShape),
      },
    }),
    cap_add: list(text),
    cap_drop: list(text),
    cgroup: word("host", "private"),
    cgroup_parent: text,
    command: commandShape,
    configs: serviceConfigOrSecretShape,
    container_name: matching(/[a-zA-Z0-9][a-zA-Z0-9_.-]+/),
    cpu_count: between(0, Number.POSITIVE_INFINITY),
    cpu_percent: between(0, 100),
    cpu_shares: number,
    cpu_quota: number,
    cpu_period: number,
    cpu_rt_period: either(number, text),
    cpu_rt_runtime: either(number, text),
    cpus: number,
    cpuset: text,
    credential_spec: map({ keys: { config: text, file: text, registry: text }, named: [extension] }),
    depends_on: either(
      listOfStringsShape,
      map({
        named: [
          [
            /^[a-zA-Z0-9._-]+$/,
            map({
              keys: {
                restart: flag,
                required: flag,
                condition: word("service_started", "service_healthy", "service_completed_successfully"),
              },
              required: ["condition"],
              named: [extension],
            }),
          ],
        ],
      }),
    ),
    device_cgroup_rules: listOfStringsShape,
    devices: list(
      either(
        text,
        map({
          keys: { source: text, target: text, permissions: text },
          required: ["source"],
          named: [extension],
        }),
      ),
    ),
    dns: stringOrListDeduplicatedShape,
    dns_opt: list(text),
    dns_search: stringOrListDeduplicatedShape,
    domainname: text,
    entrypoint: commandShape,
    env_file: envFileShape,
    label_file: labelFileShape,
    environment: listOrDictDeduplicatedShape,
    expose: list(either(text, number)),
    extends: either(text, map({ keys: { service: text, file: text }, required: ["service"] })),
    provider: map({
      keys: {
        type: text,
        options: map({
          named: [[/^.+$/, either(either(text, number, flag), list(either(text, number, flag)))]],
          open: true,
        }),
      },
      required: ["type"],
      named: [extension],
    }),
    external_links: setOf(text),
    extra_hosts: extraHostsShape,
    gpus: gpusShape,
    group_add: setOf(either(text, number)),
    healthcheck: healthcheckShape,
    hostname: text,
    image: text,
    init: flag,
    ipc: text,
    isolation: text,
    labels: listOrDictDeduplicatedShape,
    links: list(text),
    logging: map({
      keys: { driver: text, options: map({ named: [[/^.+$/, either(text, number, nothing)]], open: true }) },
      named: [extension],
    }),
    mac_address: text,
    mem_limit: size,
    mem_reservation: either(integer, textSize),
    mem_swappiness: integer,
    memswap_limit: size,
    network_mode: text,
    models: either(
      listOfStringsShape,
      map({
        named: [
          [
            /^[a-zA-Z0-9._-]+$/,
            either(map({ keys: { endpoint_var: text, model_var: text }, named: [extension] }), nothing),
          ],
        ],
        open: true,
      }),
    ),
    networks: either(
      listOfStringsShape,
      map({
        named: [
          [
            /^[a-zA-Z0-9._-]+$/,
            either(
              map({
                keys: {
                  aliases: listOfStringsDeduplicatedShape,
                  interface_name: text,
                  ipv4_address: text,
                  ipv6_address: text,
                  link_local_ips: listOfStringsDeduplicatedShape,
                  mac_address: text,
                  driver_opts: map({ named: [[/^.+$/, either(text, number)]], open: true }),
                  priority: bareNumber,
                  gw_priority: bareNumber,
                },
                named: [extension],
              }),
              nothing,
            ),
          ],
        ],
      }),
    ),
    oom_kill_disable: flag,
    oom_score_adj: between(-1000, 1000),
    pid: either(text, nothing),
    pids_limit: number,
    platform: text,
    ports: list(
      either(
        bareNumber,
        text,
        map({
          keys: {
            name: text,
            mode: text,
            host_ip: text,
            target: integer,
            published: either(text, integer),
            protocol: text,
            app_protocol: text,
          },
          named: [extension],
        }),
      ),
    ),
    pre_start: list(preStartHookShape),
    post_start: list(serviceHookShape),
    pre_stop: list(serviceHookShape),
    privileged: flag,
    profiles: listOfStringsDeduplicatedShape,
    pull_policy: matching(
      /always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+/,
    ),
    pull_refresh_after: text,
    read_only: flag,
    restart: text,
    runtime: text,
    scale: integer,
    security_opt: setOf(text),
    shm_size: size,
    secrets: serviceConfigOrSecretShape,
    sysctls: listOrDictDeduplicatedShape,
    stdin_open: flag,
    stop_grace_period: text,
    stop_signal: text,
    storage_opt: map({ open: true }),
    tmpfs: stringOrListDeduplicatedShape,
    tty: flag,
    ulimits: ulimitsShape,
    use_api_socket: bareFlag,
    user: text,
    uts: text,
    userns_mode: text,
    volumes: list(
      either(
        text,
        map({
          keys: {
            type: word("bind", "volume", "tmpfs", "cluster", "npipe", "image"),
            source: text,
            target: text,
            read_only: flag,
            consistency: text,
            bind: map({
              keys: {
                propagation: text,
                create_host_path: flag,
                recursive: word("enabled", "disabled", "writable", "readonly"),
                selinux: word("z", "Z"),
              },
              named: [extension],
            }),
            volume: map({
              keys: { labels: listOrDictShape, nocopy: flag, subpath: text },
              named: [extension],
            }),
            tmpfs: map({
              keys: {
                size: either(between(0, Number.POSITIVE_INFINITY), textSize),
                mode: either(number, text),
              },
              named: [extension],
            }),
            image: map({ keys: { subpath: text }, named: [extension] }),
          },
          required: ["type"],
          named: [extension],
        }),
      ),
    ),
    volumes_from: setOf(text),
    working_dir: text,
  },
  named: [extension],
});

const modelShape: Shape = map({
  keys: { name: text, model: text, context_size: bareInteger, runtime_flags: list(text) },
  required: ["model"],
  named: [extension],
});

const networkShape: Shape = either(
  nothing,
  map({
    keys: {
      name: text,
      driver: text,
      driver_opts: map({ named: [[/^.+$/, either(text, number)]], open: true }),
      ipam: map({
        keys: {
          driver: text,
          config: list(
            map({
              keys: {
                subnet: text,
                ip_range: text,
                gateway: text,
                aux_addresses: map({ named: [[/^.+$/, text]] }),
              },
              named: [extension],
            }),
          ),
          options: map({ named: [[/^.+$/, text]] }),
        },
        named: [extension],
      }),
      external: either(flag, map({ keys: { name: text }, named: [extension] })),
      internal: flag,
      enable_ipv4: flag,
      enable_ipv6: flag,
      attachable: flag,
      labels: listOrDictDeduplicatedShape,
    },
    named: [extension],
  }),
);

const volumeShape: Shape = either(
  nothing,
  map({
    keys: {
      name: text,
      driver: text,
      driver_opts: map({ named: [[/^.+$/, either(text, number)]], open: true }),
      external: either(flag, map({ keys: { name: text }, named: [extension] })),
      labels: listOrDictShape,
    },
    named: [extension],
  }),
);

const secretShape: Shape = map({
  keys: {
    name: text,
    environment: text,
    file: text,
    external: either(flag, map({ keys: { name: text }, open: true })),
    labels: listOrDictShape,
    driver: text,
    driver_opts: map({ named: [[/^.+$/, either(text, number)]], open: true }),
    template_driver: text,
  },
  named: [extension],
});

const configShape: Shape = map({
  keys: {
    name: text,
    content: text,
    environment: text,
    file: text,
    external: either(flag, map({ keys: { name: text }, open: true })),
    labels: listOrDictShape,
    template_driver: text,
  },
  named: [extension],
});

export const projectShape: Shape = map({
  keys: {
    version: text,
    name: text,
    include: list(includeShape),
    services: map({ named: [[/^[a-zA-Z0-9._-]+$/, serviceShape]] }),
    models: map({ named: [[/^[a-zA-Z0-9._-]+$/, modelShape]], open: true }),
    networks: map({ named: [[/^[a-zA-Z0-9._-]+$/, networkShape]], open: true }),
    volumes: map({ named: [[/^[a-zA-Z0-9._-]+$/, volumeShape]] }),
    secrets: map({ named: [[/^[a-zA-Z0-9._-]+$/, secretShape]] }),
    configs: map({ named: [[/^[a-zA-Z0-9._-]+$/, configShape]] }),
  },
  named: [extension],
});
