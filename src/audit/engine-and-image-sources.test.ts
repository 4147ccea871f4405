import { describe, expect, test } from "vitest";
import { engineFromDaemonJson, imageFromDockerfile } from "../../test/support/subjects.ts";
import { bareContext } from "../controls/control.ts";
import { controls } from "../controls/registry.ts";
import { engineFromInfo } from "../engine/documents/info.ts";
import { engineSight, imageFromInspect, imageSight } from "../engine/documents/sight.ts";
import { oldestApi } from "../engine/documents/since.ts";
import { daemonSight } from "../formats/daemon-json/engine.ts";
import { dockerfileSight } from "../formats/dockerfile/read.ts";
import { container } from "../model/container.ts";
import { type Engine, engine } from "../model/engine.ts";
import type { Fact, FactList } from "../model/fact.ts";
import { lists } from "../model/facts/lists.ts";
import type { ApiSince, ListRow } from "../model/facts/row.ts";
import { rowOf, scalarFacts } from "../model/facts/table.ts";
import { type Image, image } from "../model/image.ts";
import { type EngineFact, type ImageFact, type Sight, unseenIn } from "../model/sight.ts";
import type { Source } from "../model/subject.ts";
import { appliesAt } from "./views.ts";

type Samples<F extends string, T> = Readonly<Record<F, T | undefined>>;

/** For each fact the member of a daemon.json that sets it. */
const settings: Samples<EngineFact, Readonly<Record<string, unknown>>> = {
  product: undefined,
  version: undefined,
  rootless: { rootless: true },
  rootOwner: undefined,
  limitsNotInForce: undefined,
  rootlessHost: undefined,
  usernsRemap: { "userns-remap": "default" },
  noNewPrivileges: { "no-new-privileges": true },
  seccompProfile: { "seccomp-profile": "unconfined" },
  seccompAllowsAll: undefined,
  seccompOpens: undefined,
  absentModules: undefined,
  seccompSupported: undefined,
  kernelLsm: undefined,
  apparmorEnabled: undefined,
  selinuxEnabled: { "selinux-enabled": true },
  selinuxMode: undefined,
  storageDriver: { "storage-driver": "overlay2" },
  backingFilesystem: undefined,
  storageQuotaSupported: undefined,
  logDriver: { "log-driver": "local" },
  icc: { icc: false },
  liveRestore: { "live-restore": true },
  swarmActive: undefined,
  cgroupVersion: undefined,
  cgroupParent: { "cgroup-parent": "/x" },
  defaultCgroupnsMode: { "default-cgroupns-mode": "host" },
  defaultIpcMode: { "default-ipc-mode": "shareable" },
  memoryTotal: undefined,
  cpus: undefined,
  swapTotal: undefined,
  kernelVersion: undefined,
  dataRoot: { "data-root": "/srv/docker" },
  defaultRuntime: { "default-runtime": "runsc" },
  listenAddresses: { hosts: ["tcp://0.0.0.0:2375"] },
  socketFiles: undefined,
  units: undefined,
  kernelPrograms: undefined,
  storageOptions: { "storage-opts": ["overlay2.size=10G"] },
  furtherOptions: { iptables: false },
  credentials: { proxies: { "http-proxy": "http://u:hunter22@proxy.example:3128" } },
  logOptions: { "log-opts": { "max-size": "10m" } },
  defaultUlimits: { "default-ulimits": { nofile: { Name: "nofile", Soft: 5, Hard: 5 } } },
  insecureRegistries: { "insecure-registries": ["registry.example:5000"] },
  authorizationPlugins: { "authorization-plugins": ["x"] },
  components: undefined,
};

const security = (...SecurityOptions: readonly string[]) => ({ info: { SecurityOptions } });

interface Documents {
  readonly info?: Readonly<Record<string, unknown>>;
  readonly version?: Readonly<Record<string, unknown>>;
  readonly networks?: readonly unknown[];
}

/** For each fact the documents of the API that set it. What another place must tell is unresolved here, and still read. */
const documents: Samples<EngineFact, Documents> = {
  product: { version: { Components: [{ Name: "Podman Engine" }] } },
  version: { version: { Version: "28.0.0" } },
  rootless: security("name=rootless"),
  rootOwner: security("name=rootless"),
  limitsNotInForce: { info: { MemoryLimit: false } },
  rootlessHost: security("name=rootless"),
  usernsRemap: security("name=userns"),
  noNewPrivileges: security("name=no-new-privileges"),
  seccompProfile: security("name=seccomp,profile=unconfined"),
  seccompAllowsAll: undefined,
  seccompOpens: undefined,
  absentModules: {},
  seccompSupported: security("name=seccomp,profile=builtin"),
  kernelLsm: {},
  apparmorEnabled: security("name=apparmor"),
  selinuxEnabled: security("name=selinux"),
  selinuxMode: {},
  storageDriver: { info: { Driver: "overlay2" } },
  backingFilesystem: { info: { DriverStatus: [["Backing Filesystem", "extfs"]] } },
  storageQuotaSupported: { info: { Driver: "overlay2", DriverStatus: [["Backing Filesystem", "extfs"]] } },
  logDriver: { info: { LoggingDriver: "json-file" } },
  icc: {
    networks: [{ Name: "bridge", Options: { "com.docker.network.bridge.enable_icc": "false" } }],
  },
  liveRestore: { info: { LiveRestoreEnabled: true } },
  swarmActive: { info: { Swarm: { LocalNodeState: "active" } } },
  cgroupVersion: { info: { CgroupVersion: "2" } },
  cgroupParent: undefined,
  defaultCgroupnsMode: undefined,
  defaultIpcMode: undefined,
  memoryTotal: { info: { MemTotal: 1024 } },
  cpus: { info: { NCPU: 2 } },
  swapTotal: undefined,
  kernelVersion: { info: { KernelVersion: "6.12.0" } },
  dataRoot: { info: { DockerRootDir: "/var/lib/docker" } },
  defaultRuntime: { info: { DefaultRuntime: "runc" } },
  listenAddresses: {
    info: { Warnings: ["WARNING: API is accessible on http://0.0.0.0:2375 without encryption."] },
  },
  socketFiles: undefined,
  units: undefined,
  kernelPrograms: undefined,
  storageOptions: {},
  furtherOptions: {},
  credentials: undefined,
  logOptions: {},
  defaultUlimits: {},
  insecureRegistries: { info: { RegistryConfig: { InsecureRegistryCIDRs: ["10.0.0.0/8"] } } },
  authorizationPlugins: { info: { Plugins: { Authorization: ["x"] } } },
  components: { version: { Components: [{ Name: "runc", Version: "1.2.8" }] } },
};

/** For each fact the Dockerfile that sets it. */
const builds: Samples<ImageFact, string> = {
  user: "FROM a\nUSER 5\n",
  base: "FROM a\n",
  baseUser: undefined,
  healthcheck: "FROM a\nHEALTHCHECK NONE\n",
  references: "FROM a\n",
  environment: "FROM a\nENV A=b\n",
  buildArguments: "FROM a\nARG A=b\n",
  sudoCommands: "FROM a\nRUN sudo id\n",
  setuidCommands: "FROM a\nRUN chmod u+s /x\n",
  exposedPorts: "FROM a\nEXPOSE 80\n",
  history: "FROM a\nRUN id\n",
  builderLayers: "FROM a AS b\nRUN id\nFROM a\n",
  entrypoint: "FROM a\nENTRYPOINT dockerd\n",
  command: 'FROM a\nCMD ["dockerd", "-H", "tcp://0.0.0.0:2375"]\n',
  workingDirectories: "FROM a\nWORKDIR /proc\n",
  contextSecrets: undefined,
  credentials: "FROM a\nRUN echo root:hunter2 | chpasswd\n",
};

/** For each fact the configuration of an image on the Engine, or its history. */
const images: Samples<ImageFact, { readonly Config?: unknown; readonly history?: unknown }> = {
  user: { Config: { User: "5" } },
  base: undefined,
  baseUser: undefined,
  healthcheck: { Config: { Healthcheck: { Test: ["NONE"] } } },
  references: undefined,
  environment: { Config: { Env: ["A=b"] } },
  buildArguments: undefined,
  sudoCommands: undefined,
  setuidCommands: undefined,
  exposedPorts: { Config: { ExposedPorts: { "80/tcp": {} } } },
  history: { history: [{ CreatedBy: "RUN id" }] },
  entrypoint: { Config: { Entrypoint: ["dockerd"] } },
  command: { Config: { Cmd: ["dockerd", "-H", "tcp://0.0.0.0:2375"] } },
  workingDirectories: { Config: { WorkingDir: "/proc" } },
  contextSecrets: undefined,
  builderLayers: undefined,
  credentials: { Config: { Labels: { password: "hunter2" } } },
};

interface Walk {
  readonly name: string;
  readonly source: Source;
  readonly sight: Readonly<Record<string, Sight | ApiSince>>;
  readonly samples: Readonly<Record<string, (() => Engine | Image) | undefined>>;
  readonly silent: () => Engine | Image;
}

function each<T>(samples: Readonly<Record<string, T | undefined>>, read: (sample: T) => Engine | Image) {
  return Object.fromEntries(
    Object.entries(samples).map(([fact, sample]) => [
      fact,
      sample === undefined ? undefined : () => read(sample),
    ]),
  );
}

const fromDocuments = ({ info = {}, version = {}, networks = [] }: Documents) =>
  engineFromInfo({ info, version, networks });

const walks: readonly Walk[] = [
  {
    name: "daemon.json",
    source: "daemon-json",
    sight: daemonSight,
    samples: each(settings, (sample) => engineFromDaemonJson(JSON.stringify(sample))),
    silent: () => engineFromDaemonJson("{}"),
  },
  {
    name: "the Engine's API of itself",
    source: "engine-api",
    sight: engineSight,
    samples: each(documents, fromDocuments),
    silent: () => fromDocuments({}),
  },
  {
    name: "Dockerfile",
    source: "dockerfile",
    sight: dockerfileSight,
    samples: each(builds, imageFromDockerfile),
    silent: () => imageFromDockerfile("FROM scratch\n"),
  },
  {
    name: "the Engine's API of an image",
    source: "engine-api",
    sight: imageSight,
    samples: each(images, ({ Config = {}, history = [] }) => imageFromInspect({ Config }, history)),
    silent: () => imageFromInspect({}, []),
  },
];

function stateOf(view: Engine | Image, field: string): string {
  const fact = Reflect.get(view, field) as Fact<unknown> | FactList<unknown>;
  if ("state" in fact) return fact.state;
  return fact[0]?.state ?? "unset";
}

describe.each(walks)("$name", ({ sight, samples, silent }) => {
  test.each(Object.keys(samples))("%s", (field) => {
    const told = sight[field];
    const sample = samples[field];
    if (told === "read" || (typeof told === "object" && "since" in told)) {
      expect(sample, "a sample that sets it").toBeDefined();
      // What the API leaves to the host: it was asked, and did not say.
      const isLeft = typeof told === "object" && told.since === "never";
      expect(sample && stateOf(sample(), field)).toBe(isLeft ? "unresolved" : "set");
      return;
    }
    expect(sample, "a sample for what it does not read").toBeUndefined();
    expect(stateOf(silent(), field)).toBe(told === "default" ? "unset" : "unseen");
  });
});

/** What every control that asks for the Engine says of it and of a container on it. */
function verdictsOn(view: Engine): readonly (readonly [string, string | undefined])[] {
  const context = bareContext("engine-api", { engine: view });
  return controls
    .filter(
      (control) =>
        appliesAt(control, "engine", "configured") || appliesAt(control, "container", "configured"),
    )
    .map((control) => [
      control.id,
      (control.check.engine?.(view, context) ?? control.check.container?.(container("configured"), context))
        ?.verdict,
    ]);
}

describe("an answer of an older Engine gives no verdict from what it does not show", () => {
  const rows = Object.entries(engineSight).flatMap(([field, told]) =>
    typeof told === "object" && "since" in told && told.since !== "never" && told.since > 0
      ? [{ field: field as EngineFact, since: told.since }]
      : [],
  );
  test.each(rows)("$field", ({ field, since }) => {
    const said = documents[field] ?? {};
    const at = (minor: number, shown: Documents) =>
      fromDocuments({
        ...shown,
        version: { Components: [{ Name: "Engine" }], ...shown.version, ApiVersion: `1.${minor}` },
      });
    const silent = at(since - 1, {});
    if (!said.version?.Components) expect(stateOf(silent, field)).toBe("unresolved");
    // Older ones are refused.
    if (since < oldestApi) return;
    const present = new Map(verdictsOn(at(since, said)));
    const absent = new Map(verdictsOn(at(since, {})));
    const wrong = verdictsOn(silent).filter(
      ([id, verdict]) =>
        (verdict === "pass" || verdict === "fail") &&
        (present.get(id) !== verdict || absent.get(id) !== verdict),
    );
    expect(wrong).toEqual([]);
  });
});

const listRows: Readonly<Record<string, ListRow>> = lists;

test("each Engine that is not refused shows what a container is made of, or has no such thing", () => {
  const late = [
    ...scalarFacts.map((field) => [field, rowOf(field)] as const),
    ...Object.entries(listRows),
  ].filter(([, { since, before }]) => since !== "never" && since > oldestApi && before !== "none");
  expect(late.map(([field]) => field)).toEqual([]);
});

const nobodyLooked = { unseen: "nobody looked" } as const;
const blindly = <V extends Engine | Image>(samples: Readonly<Record<string, unknown>>) =>
  unseenIn<V>(Object.fromEntries(Object.keys(samples).map((field) => [field, nobodyLooked])));

describe("what nobody read of an engine or an image is neither a pass nor a fail", () => {
  const views = [
    ["daemon-json", engine("declared", blindly<Engine>(settings))],
    ["engine-api", engine("configured", blindly<Engine>(settings))],
    ["dockerfile", image("declared", blindly<Image>(builds))],
    ["engine-api", image("configured", blindly<Image>(builds))],
  ] as const;
  test.each(views.map((each) => [`${each[1].kind}, ${each[1].level}`, ...each] as const))(
    "%s",
    (_, source, view) => {
      const context = bareContext(source);
      const judged = controls
        .filter((control) => appliesAt(control, view.kind, view.level))
        .map((control) => {
          const verdict =
            view.kind === "engine"
              ? control.check.engine?.(view, context)
              : control.check.image?.(view, context);
          return [control.id, verdict?.verdict];
        });
      expect(judged.filter(([, verdict]) => verdict === "pass" || verdict === "fail")).toEqual([]);
      expect(judged.length).toBeGreaterThan(2);
    },
  );
});
