import { posix } from "node:path";
import { keyedIn } from "../../model/facts/table.ts";
import { gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { type ContainerSight, sightOf, unseenIn } from "../../model/sight.ts";
import { type Dialect, dockerRun } from "../run-command/dialect.ts";
import { flagNameOf, withoutPodmanFlags } from "../run-command/read/flags.ts";
import type { Surroundings } from "../run-command/read/line-facts.ts";
import type { Word } from "../run-command/word.ts";
import { type Descriptions, readOptions } from "../run-options/read.ts";
import { joined } from "../run-options/tree.ts";
import {
  commandWords,
  type Described,
  made,
  openWord,
  option,
  type Placed,
  splitWords,
  type UnknownKey,
  wordAt,
} from "../run-options/words.ts";
import { irrelevantKeys } from "../values/irrelevant.ts";

/** Reads a unit of Podman's Quadlet. */
export function readQuadlet(text: string, file: string, io: Files): Reading {
  return readOptions(text, file, io, {
    describe: describeUnit,
    dialect: file.endsWith(".pod")
      ? pod
      : { ...dockerRun, source: "quadlet", silent: unseenIn(sightOf("quadlet")) },
  });
}

function describeUnit(text: string, around: Surroundings): Descriptions {
  const { file, io } = around;
  if (file.endsWith(".kube")) {
    return {
      found: [],
      gaps: [gap("it starts what a Kubernetes file says, which bulkhead does not read", { file })],
    };
  }
  // Judged with the containers that name it: a volume by where it leads; of a network no control asks more than its name.
  if (/\.(?:volume|network)$/.test(file)) return { found: [], gaps: [] };
  const isPod = file.endsWith(".pod");
  const one = isPod
    ? describePod(text)
    : describeQuadlet(text, (name) => {
        const beside = io.read(posix.join(posix.dirname(file), name));
        return beside.ok ? beside.value : undefined;
      });
  if (one) return { found: [one], gaps: [] };
  return { found: [], gaps: [gap(`it has no [${isPod ? "Pod" : "Container"}] section`, { file })] };
}

interface Setting extends Placed {
  readonly section: string;
  readonly key: string;
}

type Rule = (value: Placed) => readonly Word[];
type Rules = Readonly<Record<string, Rule>>;

const as =
  (name: string): Rule =>
  (value) =>
    option(name, value);
const each =
  (name: string): Rule =>
  (value) =>
    splitWords(value).flatMap((word) => option(name, word));
const flag =
  (name: string): Rule =>
  (value) =>
    isOn(value.text) ? [made(`--${name}`, value)] : [];
const security =
  (text: string): Rule =>
  (value) =>
    isOn(value.text) ? [made(`--security-opt=${text}`, value)] : [];
const label =
  (key: string): Rule =>
  (value) => [made(`--security-opt=${key}${value.text}`, value)];

/** A flag of which another file, or the host, says the value. */
const open =
  (name: string, reason: (value: string) => string): Rule =>
  (value) => [made(`--${name}`, value), openWord(reason(value.text), value.start)];

/** What the containers of a pod share by default: podman-pod-create(1), `--share`. */
const sharedByPod: Rule = (value) =>
  ["network", "ipc", "uts"].flatMap((name) => open(name, (pod) => `the pod ${pod} says it`)(value));

/**
 * The keys of a `[Container]` section that say what a container may do, each as the option that Podman makes of it
 * (podman-systemd.unit(5)). Those with one value are in the table of facts.
 */
const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    keyedIn("quadlet")
      .filter(({ key }) => key !== "PodmanArgs")
      .map(({ field, key, row }) => [key, (row.kind === "switch" ? flag : as)(flagNameOf(field) ?? key)]),
  ),
  Annotation: each("annotation"),
  EnvironmentFile: open("env", (file) => `the file ${file} is not read`),
  EnvironmentHost: (value) =>
    isOn(value.text) ? open("env", () => "it gets the host's environment")(value) : [],
  Pod: sharedByPod,
  SecurityLabelNested: (value) =>
    isOn(value.text)
      ? [joined("--security-opt=label=", openWord("labels in the container are its own", value.start))]
      : [],
  AddCapability: each("cap-add"),
  DropCapability: each("cap-drop"),
  AddDevice: (value) => option("device", { ...value, text: value.text.replace(/^-/, "") }),
  AppArmor: label("apparmor="),
  ContainerName: as("name"),
  Environment: each("env"),
  GroupAdd: as("group-add"),
  HealthCmd: (value) =>
    value.text === "none" ? [made("--no-healthcheck", value)] : option("health-cmd", value),
  HostName: as("hostname"),
  Label: each("label"),
  LogOpt: as("log-opt"),
  Mount: as("mount"),
  Network: (value) => option("network", { ...value, text: value.text.replace(/\.network$/, "") }),
  NoNewPrivileges: security("no-new-privileges"),
  PodmanArgs: (value) => withoutPodmanFlags(splitWords(value).map(wordAt)),
  PublishPort: as("publish"),
  RunInit: flag("init"),
  SeccompProfile: label("seccomp="),
  SecurityLabelDisable: security("label=disable"),
  SecurityLabelLevel: label("label=level:"),
  SecurityLabelType: label("label=type:"),
  ShmSize: as("shm-size"),
  Sysctl: each("sysctl"),
  Tmpfs: as("tmpfs"),
  Ulimit: as("ulimit"),
  Unmask: (value) =>
    /(?:^|[\s:])(?:ALL|\/proc\S*|\/sys\S*)/.test(value.text)
      ? [made("--security-opt=systempaths=unconfined", value)]
      : [],
  // Podman's other ways (auto, keep-id, nomap) all remap, which Docker has no option for.
  UserNS: (value) => (value.text === "host" ? option("userns", value) : []),
  Volume: (value) => option("volume", { ...value, text: volumeOf(value.text) }),
};

/** `split`, `enabled` and `no-conmon` keep the limits; without a cgroup there are none. */
function isKnown({ key, text }: Setting, known: Rules): boolean {
  if (key === "CgroupsMode") return text !== "disabled";
  return Object.hasOwn(known, key) || irrelevantKeys.quadlet.has(key);
}

function unknownIn(settings: readonly Setting[], known: Rules): readonly UnknownKey[] {
  return settings
    .filter((setting) => !isKnown(setting, known))
    .map(({ key, start, text }) => ({ key, at: { start, end: start + text.length } }));
}

/** `data.volume` is the unit of a volume; the options U, O and idmap are Podman's. */
function volumeOf(text: string): string {
  const [source = "", target, options] = text.split(":");
  if (target === undefined) return text;
  const name = source.replace(/\.volume$/, "");
  const known = (options ?? "")
    .split(",")
    .filter((each) => each !== "" && !/^(?:U|O|idmap.*|copy|exec|noexec|suid|nosuid|dev|nodev)$/.test(each));
  return [name, target, ...(known.length > 0 ? [known.join(",")] : [])].join(":");
}

/** `Volume=data.volume:/data` where the unit beside it binds a path of the host or mounts a device. */
function boundVolume(setting: Setting, unit: Unit): readonly Word[] | undefined {
  const [source = "", target, options = ""] = setting.text.split(":");
  const text = setting.key === "Volume" && target && source.endsWith(".volume") ? unit(source) : undefined;
  const given = text === undefined ? [] : settingsIn(text).filter(({ section }) => section === "Volume");
  const value = (key: string) => given.findLast((each) => each.key === key)?.text;
  const device = value("Device");
  if (device === undefined) return undefined;
  const fields = [
    "type=volume",
    `source=${source.replace(/\.volume$/, "")}`,
    `target=${target}`,
    ...(options.split(",").includes("ro") ? ["readonly"] : []),
    `volume-opt=device=${device}`,
    ...(value("Type") === undefined ? [] : [`volume-opt=type=${value("Type")}`]),
    ...(value("Options") === undefined ? [] : [`"volume-opt=o=${value("Options")}"`]),
  ];
  return option("mount", { ...setting, text: fields.join(","), length: setting.text.length });
}

/** What systemd takes for yes. */
function isOn(text: string): boolean {
  return /^(?:1|yes|true|on|y|t)$/i.test(text.trim());
}

/** Why a pod's unit leaves the rest open. */
const ofItsContainers = "the pod's containers say it";

/** What a `.pod` unit says for all of its containers. */
const podRules: Rules = Object.fromEntries(
  ["HostName", "Network", "PodmanArgs", "PublishPort", "ShmSize", "UserNS", "Volume"].map((key) => [
    key,
    rules[key],
  ]),
) as Rules;

/** The pod of a `.pod` unit, as a container that has what all of its containers share. */
function describePod(text: string): Described | undefined {
  const first = /^\[Pod\]\s*$/m.exec(text);
  if (!first) return undefined;
  const settings = settingsIn(text).filter(({ section }) => section === "Pod");
  const at = { start: first.index, end: first.index + first[0].trimEnd().length };
  const name = settings.findLast(({ key }) => key === "PodName");
  const open = openWord(ofItsContainers, at.start);
  const words = settings.flatMap((setting) => podRules[setting.key]?.(setting) ?? []);
  const shared = [...(name ? option("name", name) : []), ...words];
  return { words: [...shared, open], unknown: unknownIn(settings, { ...rules, ...podRules }), at };
}

/** Other units that a unit names: `data.volume`. */
type Unit = (name: string) => string | undefined;

/** The container of a `.container` unit of Podman's Quadlet. Undefined where it has no `[Container]` section. */
function describeQuadlet(text: string, unit: Unit = () => undefined): Described | undefined {
  const settings = settingsIn(text).filter(({ section }) => section === "Container");
  const first = /^\[Container\]\s*$/m.exec(text);
  if (!first) return undefined;
  const head: Placed = { text: first[0].trim(), start: first.index };
  const last = (key: string) => settings.findLast((setting) => setting.key === key);
  const user = last("User");
  const group = last("Group");
  const image = last("Image");
  const root = last("Rootfs");
  const said = (key: string) => {
    const setting = last(key);
    return setting ? splitWords(setting).map(wordAt) : [];
  };
  const { option: entrypoint, behind } = commandWords(said("Entrypoint"), said("Exec"));
  const words = [
    // Podman's own default (containers.conf(5), pids_limit).
    made("--pids-limit=2048", head),
    ...settings.flatMap((setting) => boundVolume(setting, unit) ?? rules[setting.key]?.(setting) ?? []),
    ...(user ? option("user", { ...user, text: group ? `${user.text}:${group.text}` : user.text }) : []),
    ...entrypoint,
    ...(image ? [imageWord(image)] : []),
    ...(root && !image
      ? [openWord(`its root file system is ${root.text}, of which the image is not known`, root.start)]
      : []),
    ...behind,
  ];
  return {
    words,
    unknown: unknownIn(settings, rules),
    at: { start: head.start, end: head.start + head.text.length },
  };
}

/** `web.build` and `web.image` are units that make the image. */
function imageWord(image: Placed): Word {
  return /\.(?:build|image)$/.test(image.text)
    ? openWord(`the image that ${image.text} makes is not known here`, image.start)
    : wordAt(image);
}

function settingsIn(text: string): readonly Setting[] {
  const settings: Setting[] = [];
  let section = "";
  for (const match of text.matchAll(/^(?:.*\\\r?\n)*.*$/gm)) {
    const line = match[0];
    const heading = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (heading) section = heading[1] ?? "";
    const setting = /^\s*([A-Za-z]+)\s*=[ \t]*/.exec(line);
    if (!setting || /^\s*[#;]/.test(line)) continue;
    // A backslash at the end joins the next line: both become spaces, so that the offsets stay.
    const value = line.slice(setting[0].length).replaceAll(/\\\r?\n/g, (joined) => " ".repeat(joined.length));
    settings.push({
      section,
      key: setting[1] ?? "",
      text: value.trimEnd(),
      start: match.index + setting[0].length,
    });
  }
  return settings;
}

/** What a pod's unit tells of all of its containers. */
const podSight = {
  ...(Object.fromEntries(
    Object.keys(sightOf("quadlet")).map((field) => [field, { unseen: ofItsContainers }]),
  ) as unknown as ContainerSight),
  build: "default",
  networkMode: "read",
  networks: "read",
  ports: "read",
  publishAllPorts: "default",
  mounts: "read",
  usernsMode: "read",
} as const satisfies ContainerSight;

const pod: Dialect = {
  ...dockerRun,
  source: "quadlet",
  hasSecurityOptions: false,
  silent: unseenIn(podSight),
};
