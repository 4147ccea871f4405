import type { ContainerPatch } from "../../model/patch.ts";
import {
  writeBytes,
  writeDevice,
  writeLabel,
  writePort,
  writeSeccomp,
  writeTmpfs,
  writeVolume,
} from "../values/spell.ts";
import {
  blkioKeys,
  deployPath,
  isScalarField,
  namePaths,
  type ScalarChange,
  scalarPath,
  securityKeys,
  spellScalar,
  textLists,
} from "./write/fields/keys.ts";
import { isPlain } from "./write/yaml/token.ts";

type Set = Extract<ContainerPatch, { readonly op: "set" }>;
type Item = Exclude<ContainerPatch, { readonly op: "set" | "unset" }>;
type ValueOf<F extends Item["field"]> = Extract<Item, { readonly field: F; readonly op: "add" }>["value"];

/** The same in a stack's file, where limits stand under `deploy`. */
export function spellStackPatch(patch: ContainerPatch): string {
  const limit = deployPath(patch.field);
  if (!limit || (patch.op !== "set" && patch.op !== "unset")) return spellComposePatch(patch);
  if (patch.op === "unset") return `# remove ${limit.path.join(".")}`;
  const text = (isScalarField(patch.field) && spellScalar(patch as ScalarChange)?.text) || "";
  const token = limit.isText && /^[\d.]+$/.test(text) ? `"${text}"` : text;
  return limit.path.reduceRight(
    (inner, key, index) => `${key}: ${index === limit.path.length - 1 ? inner : `{ ${inner} }`}`,
    token,
  );
}

/** The lines that make the patch in a Compose service, for a report; what is to go is said as a comment. */
export function spellComposePatch(patch: ContainerPatch): string {
  if (patch.op === "unset") return `# remove ${keyOf(patch.field)}`;
  if (patch.op === "set") return spellSet(patch);
  if (patch.op === "remove") return `# remove ${spellItem(patch, patch.value)}`;
  if (patch.op === "replace") {
    if (patch.field === "environment") {
      return `${spellItem(patch, patch.with)}  # its value goes into .env`;
    }
    return `${spellItem(patch, patch.with)}  # instead of ${spellItem(patch, patch.value)}`;
  }
  return spellItem(patch, patch.value);
}

function keyOf(field: ContainerPatch["field"]): string {
  const path = scalarPath(field);
  if (path) return path.join(".");
  const option = Object.entries(securityKeys).find(([name]) => name === field)?.[1];
  return option === undefined ? field : `security_opt ${option}`;
}

function spellSet(patch: Set): string {
  switch (patch.field) {
    case "noNewPrivileges":
      return `security_opt: ["no-new-privileges:${patch.value}"]`;
    case "seccomp":
      return `security_opt: ["${writeSeccomp(patch.value)}"]`;
    case "apparmor":
      return `security_opt: ["apparmor=${patch.value}"]`;
    case "selinux":
      return `security_opt: [${writeLabel(patch.value)
        .map((label) => `"${label}"`)
        .join(", ")}]`;
    case "pathProtection":
      return "# remove security_opt systempaths=unconfined";
    case "healthcheck":
      return patch.value === "none" ? "healthcheck: { disable: true }" : "healthcheck: { test: … }";
    case "publishAllPorts":
      return "# publish ports one by one";
    case "build":
    case "imageUser":
      return `# ${patch.field}`;
    default:
      return spellScalarPatch(patch);
  }
}

function spellScalarPatch(wanted: ScalarChange): string {
  const [key, inner] = scalarPath(wanted.field) ?? [];
  const { text, isText } = spellScalar(wanted) ?? { text: "", isText: false };
  const token = isText && !isPlain(text, true) ? JSON.stringify(text) : text;
  return inner === undefined ? `${key}: ${token}` : `${key}: { ${inner}: ${token} }`;
}

const itemSpellers: { readonly [F in Item["field"]]: (value: ValueOf<F>) => string } = {
  environment: ({ name }) => `${namePaths.environment[0]}: [${name}]`,
  capAdd: (name) => `${textLists.capAdd}: [${name}]`,
  capDrop: (name) => `${textLists.capDrop}: [${name}]`,
  groupAdd: (name) => `${textLists.groupAdd}: [${name}]`,
  mounts: (mount) =>
    mount.type === "tmpfs" ? `tmpfs: ["${writeTmpfs(mount)}"]` : `volumes: ["${writeVolume(mount)}"]`,
  volumesFrom: (name) => `${textLists.volumesFrom}: ["${name}"]`,
  devices: (device) => `devices: ["${writeDevice(device)}"]`,
  deviceCgroupRules: (rule) => `${textLists.deviceCgroupRules}: ["${rule}"]`,
  ports: (port) => `ports: ["${writePort(port)}"]`,
  networks: (name) => `networks: [${name}]`,
  networkDefinitions: ({ network }) => `networks: { ${network}: … }`,
  endpointOptions: ({ network, option, value }) =>
    `networks: { ${network}: { driver_opts: { ${option}: ${JSON.stringify(value)} } } }`,
  links: (name) => `${textLists.links}: [${name}]`,
  ulimits: ({ name, soft, hard }) => `ulimits: { ${name}: { soft: ${soft}, hard: ${hard} } }`,
  sysctls: ({ name, value }) => `sysctls: { ${name}: "${value}" }`,
  storageOpt: ({ name, value }) => `storage_opt: { ${name}: ${value} }`,
  logOptions: ({ name, value }) => `logging: { options: { ${name}: ${value} } }`,
  labels: ({ name, value }) => `labels: { ${name}: ${JSON.stringify(value)} }`,
  annotations: ({ name, value }) => `annotations: { ${name}: ${JSON.stringify(value)} }`,
  blkioDeviceLimits: ({ kind, path, rate }) =>
    `blkio_config: { ${blkioKeys[kind]}: [{ path: ${path}, rate: ${kind.endsWith("bps") ? writeBytes(rate) : rate} }] }`,
  hooks: ({ key }) => `${key}: …`,
  entrypoint: () => "entrypoint: …",
  command: () => "command: …",
  credentials: ({ where }) => `${where}: …`,
};

function spellItem<F extends Item["field"]>(patch: { readonly field: F }, value: ValueOf<F>): string {
  return itemSpellers[patch.field](value);
}
