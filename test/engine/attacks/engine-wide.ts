import { recordAt } from "../../../src/base/json.ts";
import { busybox } from "../images.ts";
import { tarOf } from "./archive.ts";
import type { Attack } from "./attack.ts";
import { create, harmless, idIn, type Json, someContainer } from "./make.ts";
import type { Stage } from "./stage.ts";

const networkSeen = async (stage: Stage) => (await stage.ask("GET", "/networks")).text.includes('"evil"');

const network = (name: string, body: Json, more: Partial<Attack> = {}): Attack => ({
  name,
  attempt: (door) => door.call("POST", "/networks/create", { Name: "evil", ...body }),
  seen: networkSeen,
  ...more,
});

const bridge = (options: Json): Json => ({ Driver: "bridge", Options: options });

const networks: readonly Attack[] = [
  network("a network on an interface of the host", { Driver: "macvlan", Options: { parent: "docker0" } }),
  network("a network on the host's segment", { Driver: "ipvlan", Options: { parent: "docker0" } }),
  network(
    "a network whose bridge has a name of the client's choice",
    bridge({ "com.docker.network.bridge.name": "evil0" }),
  ),
  network(
    "a network that publishes on an address of the client's choice",
    bridge({ "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0" }),
  ),
  network("a network that takes addresses of the internet", {
    Driver: "bridge",
    IPAM: { Config: [{ Subnet: "8.8.8.0/24" }] },
  }),
  network("a network that takes much of the internet", {
    Driver: "bridge",
    IPAM: { Config: [{ Subnet: "96.0.0.0/4" }] },
  }),
  network("a network that is configuration alone", {
    ConfigOnly: true,
    IPAM: { Config: [{ Subnet: "8.8.4.0/24" }] },
  }),
  network(
    "a network with settings from one that is configuration alone",
    { Driver: "bridge", ConfigFrom: { Network: "settings" } },
    {
      prepare: (stage) =>
        stage.ask("POST", "/networks/create", {
          Name: "settings",
          ConfigOnly: true,
          IPAM: { Config: [{ Subnet: "8.8.4.0/24" }] },
        }),
    },
  ),
  {
    name: "connects a container with options of the driver",
    prepare: async (stage) => {
      await stage.ask("POST", "/networks/create", { Name: "own" });
      await stage.make("other", { HostConfig: { ...harmless, NetworkMode: "bridge" } });
    },
    attempt: (door) =>
      door.call("POST", "/networks/own/connect", {
        Container: "other",
        EndpointConfig: {
          DriverOpts: { "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.forwarding=1" },
        },
      }),
    seen: (stage) =>
      someContainer(stage, {
        NetworkSettings: {
          Networks: {
            own: {
              DriverOpts: { "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.forwarding=1" },
            },
          },
        },
      }),
  },
  {
    name: "creates a container with options of the driver",
    prepare: (stage) => stage.ask("POST", "/networks/create", { Name: "own" }),
    attempt: (door) =>
      create(door, {
        HostConfig: { NetworkMode: "own" },
        NetworkingConfig: { EndpointsConfig: { own: { DriverOpts: { a: "b" } } } },
      }),
    seen: (stage) =>
      someContainer(stage, { NetworkSettings: { Networks: { own: { DriverOpts: { a: "b" } } } } }),
  },
  {
    name: "joins a network off the list",
    policy: "{ allow: { networks: [front] } }",
    prepare: (stage) => stage.ask("POST", "/networks/create", { Name: "back" }),
    attempt: async (door) => {
      await create(door, { HostConfig: { NetworkMode: "back" } });
      await create(
        door,
        { HostConfig: { NetworkMode: "none" }, NetworkingConfig: { EndpointsConfig: { back: {} } } },
        "evil2",
      );
    },
    seen: async (stage) => (await stage.containers()).length > 0,
  },
  {
    name: "connects a container to a network off the list, by its id",
    policy: "{ allow: { networks: [front, none] } }",
    prepare: async (stage) => {
      stage.kept.set("back", idIn(await stage.ask("POST", "/networks/create", { Name: "back" })));
      await stage.make("other", { HostConfig: { ...harmless, NetworkMode: "bridge" } });
    },
    attempt: async (door, { kept }) => {
      await door.call("POST", `/networks/${kept.get("back")?.slice(0, 8)}/connect`, { Container: "other" });
    },
    seen: async (stage) =>
      (await stage.containers()).some((each) => "back" in recordAt(each, "NetworkSettings", "Networks")),
  },
];

const init: Json = { ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "127.0.0.1" };
const swarmed = (stage: Stage) => stage.ask("POST", "/swarm/init", init);
const leaves = (stage: Stage) => stage.door.call("POST", "/swarm/leave?force=1");
const inSwarm = async (stage: Stage) => (await stage.door.call("GET", "/swarm")).status === 200;

const listed = (path: string, part: string) => async (stage: Stage) =>
  (await stage.ask("GET", path)).text.includes(part);

const service = (name: string, container: Json, more: Json = {}, policy?: string): Attack => ({
  name,
  ...(policy !== undefined && { policy }),
  prepare: swarmed,
  attempt: (door) =>
    door.call("POST", "/services/create", {
      Name: "evil",
      TaskTemplate: { ContainerSpec: { Image: busybox, Command: ["sleep", "1000"], ...container }, ...more },
      Mode: { Replicated: { Replicas: 0 } },
    }),
  seen: listed("/services", '"evil"'),
  clean: leaves,
});

const opened = "{ routes: { service-create: unjudged, service-update: unjudged } }";
const orchestrated: readonly Attack[] = [
  {
    name: "a swarm",
    attempt: (door) => door.call("POST", "/swarm/init", init),
    seen: inSwarm,
    clean: leaves,
  },
  {
    name: "the end of a swarm",
    prepare: swarmed,
    attempt: (door) => door.call("POST", "/swarm/leave?force=1"),
    seen: async (stage) => !(await inSwarm(stage)),
    clean: leaves,
  },
  {
    name: "the tokens of a swarm",
    prepare: swarmed,
    attempt: (door) => door.call("GET", "/swarm"),
    seen: (_, heard) => heard.includes("SWMTKN"),
    clean: leaves,
  },
  {
    name: "a secret",
    prepare: swarmed,
    attempt: (door) => door.call("POST", "/secrets/create", { Name: "evil", Data: "ZXZpbA==" }),
    seen: listed("/secrets", '"evil"'),
    clean: leaves,
  },
  {
    name: "a config",
    prepare: swarmed,
    attempt: (door) => door.call("POST", "/configs/create", { Name: "evil", Data: "ZXZpbA==" }),
    seen: listed("/configs", '"evil"'),
    clean: leaves,
  },
  {
    name: "a config's content where secrets are closed",
    policy: "{ groups: { secretRead: deny } }",
    prepare: async (stage) => {
      await swarmed(stage);
      const data = Buffer.from("treasure").toString("base64");
      stage.kept.set(
        "config",
        idIn(await stage.ask("POST", "/configs/create", { Name: "other", Data: data })),
      );
    },
    attempt: (door, { kept }) => door.call("GET", `/configs/${kept.get("config")}`),
    seen: (_, heard) => heard.includes(Buffer.from("treasure").toString("base64")),
    clean: leaves,
  },
  service("a service", {}),
  service(
    "a service with the host's root, where services are open",
    { Mounts: [{ Type: "bind", Source: "/", Target: "/x" }] },
    {},
    opened,
  ),
  service("a service with every capability, where services are open", { CapabilityAdd: ["ALL"] }, {}, opened),
  service(
    "a service on the host's network, where services are open",
    {},
    { Networks: [{ Target: "host" }] },
    opened,
  ),
  service(
    "a service with a volume that binds the root, where services are open",
    {
      Mounts: [
        {
          Type: "volume",
          Source: "v",
          Target: "/x",
          VolumeOptions: {
            DriverConfig: { Name: "local", Options: { type: "none", o: "bind", device: "/" } },
          },
        },
      ],
    },
    {},
    opened,
  ),
  service(
    "a service without seccomp, where services are open",
    { Privileges: { Seccomp: { Mode: "unconfined" } } },
    {},
    opened,
  ),
  service(
    "a service that logs to the outside, where services are open",
    {},
    { LogDriver: { Name: "syslog", Options: { "syslog-address": "tcp://127.0.0.1:5001" } } },
    opened,
  ),
  {
    ...service("an update of a service to the host's root, where services are open", {}, {}, opened),
    prepare: async (stage) => {
      await swarmed(stage);
      const spec = {
        Name: "evil",
        TaskTemplate: { ContainerSpec: { Image: busybox } },
        Mode: { Replicated: { Replicas: 0 } },
      };
      stage.kept.set("service", idIn(await stage.ask("POST", "/services/create", spec)));
    },
    attempt: async (door, { kept, ask }) => {
      const { json } = await ask("GET", `/services/${kept.get("service")}`);
      const version = String(recordAt(json, "Version").Index);
      await door.call("POST", `/services/${kept.get("service")}/update?version=${version}`, {
        Name: "evil",
        TaskTemplate: {
          ContainerSpec: { Image: busybox, Mounts: [{ Type: "bind", Source: "/", Target: "/x" }] },
        },
        Mode: { Replicated: { Replicas: 0 } },
      });
    },
    seen: listed("/services", '"Source":"/"'),
  },
  {
    ...service(
      "an update that rolls a service back to the host's root, where services are open",
      {},
      {},
      opened,
    ),
    prepare: async (stage) => {
      await swarmed(stage);
      const spec = (Mounts: readonly Json[]) => ({
        Name: "evil",
        TaskTemplate: { ContainerSpec: { Image: busybox, Mounts } },
        Mode: { Replicated: { Replicas: 0 } },
      });
      const id = idIn(
        await stage.ask("POST", "/services/create", spec([{ Type: "bind", Source: "/", Target: "/x" }])),
      );
      stage.kept.set("service", id);
      const version = String(recordAt((await stage.ask("GET", `/services/${id}`)).json, "Version").Index);
      await stage.ask("POST", `/services/${id}/update?version=${version}`, spec([]));
    },
    attempt: async (door, { kept, ask }) => {
      const { json } = await ask("GET", `/services/${kept.get("service")}`);
      const version = String(recordAt(json, "Version").Index);
      await door.call(
        "POST",
        `/services/${kept.get("service")}/update?version=${version}&rollback=previous`,
        {
          Name: "evil",
          TaskTemplate: { ContainerSpec: { Image: busybox } },
          Mode: { Replicated: { Replicas: 0 } },
        },
      );
    },
    seen: async (stage) => {
      const { json } = await stage.ask("GET", `/services/${stage.kept.get("service")}`);
      return JSON.stringify(recordAt(json, "Spec")).includes('"Source":"/"');
    },
  },
];

const pluginArchive = () =>
  tarOf({
    "config.json": JSON.stringify({
      Description: "evil",
      Documentation: "",
      Entrypoint: ["/bin/true"],
      Interface: { Types: ["docker.volumedriver/1.0"], Socket: "evil.sock" },
      Network: { Type: "host" },
      Linux: { Capabilities: ["CAP_SYS_ADMIN"], AllowAllDevices: true, Devices: null },
      Mounts: [],
      Env: [],
      Args: { Name: "", Description: "", Settable: null, Value: [] },
      WorkDir: "",
    }),
    "rootfs/bin/true": "",
  });

const removesPlugin = (stage: Stage) => stage.door.call("DELETE", "/plugins/evil:latest?force=1");
const plugins: readonly Attack[] = [
  {
    name: "a plugin from an archive",
    attempt: async (door) => door.send("POST", "/plugins/create?name=evil", await pluginArchive()),
    seen: listed("/plugins", "evil"),
    clean: removesPlugin,
  },
  {
    name: "a plugin from a registry",
    attempt: (door) => door.call("POST", "/plugins/pull?remote=127.0.0.1:5000/evil&name=evil", []),
    seen: (stage) => stage.neighbour.heard().includes("evil"),
    clean: removesPlugin,
  },
  {
    name: "settings of a plugin",
    prepare: async (stage) => stage.door.send("POST", "/plugins/create?name=evil", await pluginArchive()),
    attempt: (door) => door.call("DELETE", "/plugins/evil:latest?force=1"),
    seen: async (stage) => !(await listed("/plugins", "evil")(stage)),
    clean: removesPlugin,
  },
];

export const engineWideAttacks: readonly Attack[] = [...networks, ...orchestrated, ...plugins];
