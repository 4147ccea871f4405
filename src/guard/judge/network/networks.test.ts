import { describe } from "vitest";
import {
  ask,
  idOf,
  type Outcome,
  policy,
  type Row,
  table,
  type World,
} from "../../../../test/support/guard/guard.ts";

const world: World = {
  containers: { web: {} },
  networks: { net: {}, host: { Driver: "host" } },
  links: { "/srv/link": "/root" },
  services: {
    web: {
      PreviousSpec: {
        TaskTemplate: {
          ContainerSpec: { Image: "app", Mounts: [{ Type: "bind", Source: "/etc", Target: "/x" }] },
        },
      },
    },
  },
};

function row(label: string, request: Row["request"], expected: Outcome, under = policy()): Row {
  return { label, request, expected, policy: under };
}

const srv = policy({ allow: { mounts: [{ source: "/srv/*", readOnly: false }] } });

describe("a network is made", () => {
  const create = (body: object) => ask("network-create", {}, { body: { Name: "n", ...body } });
  const subnet = (Subnet: string) => create({ IPAM: { Driver: "default", Config: [{ Subnet }] } });
  const option = (name: string, value: string) =>
    create({ Options: { [`com.docker.network.${name}`]: value } });
  table([
    row("plain", create({}), "allow"),
    row(
      "as Compose does",
      create({ Driver: "bridge", CheckDuplicate: true, Attachable: false, Options: {}, Labels: { a: "b" } }),
      "allow",
    ),
    row("internal", create({ Internal: true }), "allow"),
    ...["host", "macvlan", "ipvlan", "overlay", "null", "weave"].map((Driver) =>
      row(Driver, create({ Driver }), ["network-options"]),
    ),
    row("a plugin for its addresses", create({ IPAM: { Driver: "infoblox" } }), ["network-options"]),
    row("of the swarm", create({ Scope: "swarm" }), ["guard-swarm"]),
    row("ingress", create({ Ingress: true }), ["guard-swarm"]),
    row("over an interface of the host", option("bridge.name", "br0"), ["network-options"]),
    row("past its filter", option("bridge.gateway_mode_ipv4", "nat-unprotected"), ["network-options"]),
    row("published everywhere", option("bridge.host_binding_ipv4", "0.0.0.0"), ["network-options"]),
    row("published on loopback", option("bridge.host_binding_ipv4", "127.0.0.1"), "allow"),
    row("its MTU", option("driver.mtu", "1400"), "allow"),
    row("configuration from elsewhere", create({ ConfigFrom: { Network: "x" } }), ["network-options"]),
    row("configuration alone", create({ ConfigOnly: true }), ["network-options"]),
    ...["10.1.0.0/16", "172.20.0.0/16", "192.168.7.0/24", "100.64.0.0/10", "fd00:1::/64"].map((each) =>
      row(each, subnet(each), "allow"),
    ),
    ...["8.8.8.0/24", "0.0.0.0/0", "172.32.0.0/16", "10.0.0.0/7", "192.168.0.0/8", "2001:db8::/32", "x"].map(
      (each) => row(each, subnet(each), ["network-options"]),
    ),
  ]);
});

describe("a container joins and leaves a network", () => {
  const connect = (body: object) =>
    ask("network-connect", { network: "net" }, { body: { Container: "web", ...body } });
  table(
    [
      row("plainly", connect({}), "allow"),
      row(
        "with names and an address",
        connect({ EndpointConfig: { Aliases: ["a"], IPAMConfig: { IPv4Address: "10.0.0.2" } } }),
        "allow",
      ),
      row("with driver options", connect({ EndpointConfig: { DriverOpts: { a: "b" } } }), [
        "endpoint-option",
      ]),
      row("one that is not there", connect({ Container: "nobody" }), ["guard-missing"]),
      row(
        "a network off the list",
        connect({}),
        ["guard-network"],
        policy({ allow: { networks: ["other"] } }),
      ),
      row(
        "leaves",
        ask("network-disconnect", { network: idOf("net") }, { body: { Container: "web" } }),
        "allow",
      ),
    ],
    world,
  );
});

describe("a volume is made", () => {
  const create = (body: unknown) => ask("volume-create", {}, { body });
  const bind = (device: string, type = "none") =>
    create({ Name: "v", Driver: "local", DriverOpts: { type, o: "bind", device } });
  table(
    [
      row("plain", create({ Name: "v" }), "allow"),
      row("without a body", create(undefined), "allow"),
      row("that binds a folder", bind("/srv/data"), "allow", srv),
      row("that binds the root", bind("/"), [
        "docker-socket-mount",
        "host-dev-mount",
        "host-proc-mount",
        "sensitive-host-mount",
      ]),
      row("that binds the socket", bind("/var/run/docker.sock"), ["docker-socket-mount"]),
      row("that binds through a link", bind("/srv/link"), ["sensitive-host-mount"]),
      row("that binds with a type of its own", bind("/srv/data", "overlay"), ["volume-options"], srv),
      row("of a disk", create({ DriverOpts: { type: "ext4", device: "/dev/sda1" } }), ["volume-options"]),
      row("of a share", create({ DriverOpts: { type: "nfs", o: "addr=1.2.3.4", device: ":/x" } }), [
        "volume-options",
      ]),
      row(
        "in memory by its type, and a folder by its options",
        create({ DriverOpts: { type: "tmpfs", device: ".", o: "bind" } }),
        ["volume-options"],
      ),
      row(
        "through a link and up",
        create({ DriverOpts: { type: "none", device: "/srv/app/link/..", o: "bind" } }),
        ["volume-options"],
        srv,
      ),
      row("in memory", create({ DriverOpts: { type: "tmpfs", device: "tmpfs", o: "size=1m" } }), "allow"),
      row("of a plugin", create({ Driver: "rexray", DriverOpts: { a: "b" } }), ["volume-options"]),
      row("of the cluster", create({ ClusterVolumeSpec: { Group: "g" } }), ["guard-mount-type"]),
      row("off the list", bind("/srv/data"), ["guard-bind-mount"]),
    ],
    world,
  );
});

describe("a service is made", () => {
  const service = (ContainerSpec: object, more: object = {}) =>
    ask(
      "service-create",
      {},
      { body: { Name: "s", TaskTemplate: { ContainerSpec: { Image: "app", ...ContainerSpec }, ...more } } },
    );
  const update = (query: Readonly<Record<string, string>>) =>
    ask(
      "service-update",
      { service: "web" },
      { query, body: { Name: "web", TaskTemplate: { ContainerSpec: { Image: "app" } } } },
    );
  const open = policy({ rules: { "guard-service": "allow" } });
  table(
    [
      row("not by default", service({}), ["guard-service"]),
      row("as it was before", update({ version: "1", rollback: "previous" }), ["sensitive-host-mount"], open),
      row("as it is", update({ version: "1", rollback: "" }), "allow", open),
      row("where the rule is off", service({}), "allow", open),
      row(
        "open is not unjudged",
        service({}),
        ["guard-service"],
        policy({ routes: { "service-create": "allow" } }),
      ),
      row(
        "unjudged by its route",
        service({}),
        "allow",
        policy({ routes: { "service-create": "unjudged" } }),
      ),
      row(
        "with the socket",
        service({ Mounts: [{ Type: "bind", Source: "/var/run/docker.sock", Target: "/s" }] }),
        ["docker-socket-mount"],
        open,
      ),
      row(
        "with a capability",
        service({ CapabilityAdd: ["CAP_SYS_ADMIN"] }),
        ["capabilities-dangerous"],
        open,
      ),
      row(
        "unconfined",
        service({ Privileges: { Seccomp: { Mode: "unconfined" } } }),
        ["seccomp-profile"],
        open,
      ),
      row("on the host's network", service({}, { Networks: [{ Target: "host" }] }), ["host-network"], open),
      row("on it by its id", service({}, { Networks: [{ Target: idOf("host") }] }), ["host-network"], open),
      row("with a log driver", service({}, { LogDriver: { Name: "gelf" } }), ["remote-log-driver"], open),
      row("of a plugin", service({}, { Runtime: "plugin" }), ["guard-plugin"], open),
      row("of an image off the list", service({}), ["guard-image"], {
        ...open,
        allow: { ...open.allow, images: ["other"] },
      }),
    ],
    world,
  );
});

describe("a service of an owner's is given nothing of another's", () => {
  const owned = policy({
    owner: { label: "owner", value: "ci" },
    space: "bulkhead.invalid/ci/",
    rules: { "guard-service": "allow" },
  });
  const own = { owner: "ci" };
  const given = {
    volumes: { mine: { Labels: own }, theirs: { Labels: { owner: "bob" } }, nobodys: {} },
    secrets: { mine: { Spec: { Labels: own } }, theirs: { Spec: { Labels: { owner: "bob" } } } },
    configs: { mine: { Spec: { Labels: own } }, theirs: { Spec: {} } },
    networks: { mine: { Labels: own }, theirs: {} },
    services: {
      web: {
        Spec: { Labels: own },
        PreviousSpec: {
          TaskTemplate: { ContainerSpec: { Image: "app", Secrets: [{ SecretID: idOf("theirs") }] } },
        },
      },
    },
  };
  const update = (ContainerSpec: object, query: Readonly<Record<string, string>> = { version: "1" }) =>
    ask(
      "service-update",
      { service: "web" },
      { query, body: { Name: "web", TaskTemplate: { ContainerSpec: { Image: "app", ...ContainerSpec } } } },
    );
  const create = (ContainerSpec: object, more: object = {}) =>
    ask(
      "service-create",
      {},
      { body: { Name: "s", TaskTemplate: { ContainerSpec: { Image: "app", ...ContainerSpec }, ...more } } },
    );
  const volume = (Source: string) => ({ Mounts: [{ Type: "volume", Source, Target: "/v" }] });
  const secret = (name: string) => ({ Secrets: [{ SecretID: idOf(name), SecretName: name }] });
  const config = (name: string) => ({ Configs: [{ ConfigID: idOf(name), ConfigName: name }] });
  table(
    [create, update].flatMap((send) => [
      row("its own volume", send(volume("mine")), "allow", owned),
      row("a new one", send(volume("new")), "allow", owned),
      row("another's", send(volume("theirs")), ["guard-owner"], owned),
      row("one that nobody owns", send(volume("nobodys")), ["guard-owner"], owned),
      row("its own secret", send(secret("mine")), "allow", owned),
      row("another's secret", send(secret("theirs")), ["guard-owner"], owned),
      row("a secret without an id", send({ Secrets: [{ SecretName: "theirs" }] }), ["guard-missing"], owned),
      row("its own config", send(config("mine")), "allow", owned),
      row("another's config", send(config("theirs")), ["guard-owner"], owned),
    ]),
    given,
  );
  table(
    [
      row("its own network", create({}, { Networks: [{ Target: "mine" }] }), "allow", owned),
      row("another's network", create({}, { Networks: [{ Target: "theirs" }] }), ["guard-owner"], owned),
      row("by a rollback", update({}, { version: "1", rollback: "previous" }), ["guard-owner"], owned),
    ],
    given,
  );
});
