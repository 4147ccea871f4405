import { execFileSync } from "node:child_process";
import { posix } from "node:path";
import type { Engine } from "../../model/engine.ts";
import { valueOr } from "../../model/fact.ts";
import type {
  AuditRules,
  HostFile,
  HostFileRole,
  HostObservations,
} from "../../model/host/benchmark-sight.ts";
import type { HostFiles } from "../host/files.ts";
import { containerdSocket, type HostSight } from "../host/host.ts";
import { flagValues } from "../host/process.ts";

const units = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/lib/systemd/system",
  "/usr/lib/systemd/system",
];
const programs = ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin", "/bin", "/sbin"];

/** What the host of an Engine shows of Docker's own files, its audit rules and its group. */
export function observeHost(engine: Engine, sight: HostSight, files: HostFiles): HostObservations {
  const { root, folder, commandLine, configFile } = sight;
  const at = (path: string): HostFile => {
    const status = files.stat(`${root}${path}`);
    return {
      path,
      mode: status?.mode,
      uid: status?.uid ?? 0,
      gid: status?.gid ?? 0,
      origin: { kernel: path, field: "mode" },
    };
  };
  const present = (...paths: readonly string[]) => paths.map(at).filter(({ mode }) => mode !== undefined);
  const first = (...paths: readonly string[]) => present(...paths).slice(0, 1);
  const program = (name: string) => first(...programs.map((place) => `${place}/${name}`));
  const dataRoot = valueOr(engine.dataRoot, "/var/lib/docker");
  const flag = (name: string) => flagValues(commandLine, [`--${name}`]).at(-1);
  const config = configFile.text !== "missing" && configFile.text.ok ? configFile.text.value : "";
  const certificate = (name: string) => {
    const path = flag(name) ?? new RegExp(`"${name}"\\s*:\\s*"([^"]+)"`).exec(config)?.[1];
    return path === undefined ? [] : present(posix.resolve("/", path));
  };
  const containerd = containerdSocket(sight, files);
  const executable = files.readLink(`${folder}/exe`);
  const found: Record<HostFileRole, readonly HostFile[]> = {
    dockerd: executable ? present(executable) : program("dockerd"),
    runContainerd: first("/run/containerd"),
    dataRoot: present(dataRoot),
    etcDocker: present("/etc/docker"),
    dockerService: first(...units.map((unit) => `${unit}/docker.service`)),
    dockerSocketUnit: first(...units.map((unit) => `${unit}/docker.socket`)),
    containerdSocket: present(...(containerd === undefined ? [] : [containerd])),
    etcDefault: present("/etc/default/docker"),
    daemonJson: configFile.text === "missing" ? [] : present(configFile.path),
    containerdConfig: present("/etc/containerd/config.toml"),
    etcSysconfig: present("/etc/sysconfig/docker"),
    containerd: program("containerd"),
    containerdShim: program("containerd-shim"),
    containerdShimRuncV1: program("containerd-shim-runc-v1"),
    containerdShimRuncV2: program("containerd-shim-runc-v2"),
    runc: program("runc"),
    registryCertificates: files.list(`${root}/etc/docker/certs.d`).flatMap((registry) =>
      files
        .list(`${root}/etc/docker/certs.d/${registry}`)
        .filter((name) => /\.(?:crt|cert)$/.test(name))
        .flatMap((name) => present(`/etc/docker/certs.d/${registry}/${name}`)),
    ),
    tlsCa: certificate("tlscacert"),
    tlsCertificate: certificate("tlscert"),
    tlsKey: certificate("tlskey"),
    dockerSocket: present(...sight.sockets),
  };
  return {
    files: found,
    dataRoot,
    ownPartition: isApart(dataRoot, sight, files),
    dockerGroup: readGroup(root, files),
    audit: readAuditRules(root, files),
  };
}

/**
 * Whether the data root lies on another file system than the host's root. dockerd mounts its data root over itself, so a mount
 * alone proves nothing. Under userns-remap the Engine keeps its data in a folder of the data root.
 */
function isApart(dataRoot: string, { folder }: HostSight, files: HostFiles): boolean | undefined {
  const table = files.read(`${folder}/mountinfo`);
  if (!table.ok) return undefined;
  const own = dataRoot.replace(/\/\d+\.\d+$/, "");
  const mounts = table.value.split("\n").map((line) => {
    const [, , device = "", , target = ""] = line.split(" ");
    return { device, target };
  });
  const deviceOf = (path: string) =>
    mounts
      .filter(({ target }) => target === "/" || path === target || path.startsWith(`${target}/`))
      .toSorted((a, b) => a.target.length - b.target.length)
      .at(-1)?.device;
  return deviceOf(own) !== deviceOf("/");
}

function readGroup(root: string, files: HostFiles): HostObservations["dockerGroup"] {
  const groups = files.read(`${root}/etc/group`);
  const line = groups.ok ? /^docker:[^:]*:(\d+):(.*)$/m.exec(groups.value) : undefined;
  return line ? { gid: Number(line[1]), members: (line[2] ?? "").split(",").filter(Boolean) } : undefined;
}

const folder = "/etc/audit/rules.d";

/**
 * The paths that audit rules watch: those that the kernel has loaded, where this process may ask it (`auditctl -l`), else
 * those of auditd's files.
 *
 * @see https://man7.org/linux/man-pages/man8/auditctl.8.html
 */
function readAuditRules(root: string, files: HostFiles): AuditRules {
  const loaded = root === "" ? loadedRules() : undefined;
  if (loaded !== undefined) {
    return { from: "kernel", watched: watchedPaths(loaded), origin: { kernel: "auditctl -l" } };
  }
  const paths = [
    "/etc/audit/audit.rules",
    ...files
      .list(`${root}${folder}`)
      .filter((name) => name.endsWith(".rules"))
      .map((name) => `${folder}/${name}`),
  ];
  const there = paths.map((path) => `${root}${path}`).filter((path) => files.stat(path) !== undefined);
  const texts = there.map((path) => files.read(path));
  const unread = texts.find((text) => !text.ok);
  if (unread && !unread.ok)
    return { from: "nowhere", reason: `auditd's rules cannot be read: ${unread.reason}` };
  const watched = texts.flatMap((text) => (text.ok ? watchedPaths(text.value) : []));
  return { from: "files", watched, origin: { kernel: folder } };
}

/** Undefined where there is no auditctl or the kernel does not answer it. */
function loadedRules(): string | undefined {
  for (const program of ["/usr/sbin/auditctl", "/sbin/auditctl"]) {
    try {
      return execFileSync(program, ["-l"], {
        encoding: "utf8",
        timeout: 5000,
        stdio: ["ignore", "pipe", "ignore"],
      });
    } catch {
      // Not there, or not allowed: the next one, or the files.
    }
  }
  return undefined;
}

/** `-w /etc/docker -p wa`, `-a always,exit -F path=/usr/bin/dockerd`, `-a always,exit -F dir=/etc/docker`. */
export function watchedPaths(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const rule = line.trim();
    if (rule.startsWith("#") || /(?:^|\s)-a\s+(?:never,|\S+,never)/.test(rule)) return [];
    return [...rule.matchAll(/(?:^|\s)(?:-w\s+|-F\s+(?:path|dir)=)"?([^\s"]+)/g)].map(([, path = ""]) =>
      path.replace(/(.)\/+$/, "$1"),
    );
  });
}
