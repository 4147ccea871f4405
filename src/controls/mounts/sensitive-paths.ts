import type { Engine } from "../../model/engine.ts";
import type { Severity } from "../../model/severity.ts";
import { canonicalPath, isAtOrBelow, placeInHome } from "./host-path.ts";

/** A place of the host that no container should see, and what seeing it is good for. */
export interface SensitivePlace {
  /** What it is: `the host's configuration`. */
  readonly what: string;
  /** What a process can do that may only read there. */
  readonly reading: string;
  /** What a process can do that may write there. */
  readonly writing: string;
  /** Where it may be written to; undefined for the control's own. */
  readonly severity?: Severity;
  /** Where it may only be read; undefined for one step less than that. */
  readonly readingSeverity?: Severity;
}

interface ListedPlace extends SensitivePlace {
  readonly paths: readonly string[];
  /** `whole`: only the folder itself. `below`: everything in it too. */
  readonly scope: "whole" | "below";
}

/** The engines' own stores, beside the data root that the audited engine names. */
const stores = ["/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/kubelet"];

const listed: readonly ListedPlace[] = [
  {
    paths: ["/"],
    scope: "whole",
    what: "the host's whole file system",
    reading: "read every secret of the host",
    writing: "change any file of the host and own it",
  },
  {
    paths: ["/etc/ssl/certs", "/etc/ca-certificates", "/etc/pki/ca-trust"],
    scope: "below",
    readingSeverity: "low",
    what: "the authorities that the host trusts",
    reading: "learn whom the host trusts, which is public for the most part",
    writing: "make the host trust an authority of its own",
  },
  {
    paths: ["/etc/machine-id", "/etc/hostname", "/etc/os-release"],
    scope: "below",
    readingSeverity: "low",
    what: "what the host calls itself",
    reading: "tell this host from any other",
    writing: "change what the host takes itself for",
  },
  {
    paths: ["/etc"],
    scope: "whole",
    what: "the host's configuration",
    reading: "read the host's accounts, keys and settings",
    writing: "change the host's accounts and what it starts, and own it",
  },
  {
    paths: [
      ...[
        "passwd",
        "shadow",
        "group",
        "gshadow",
        "subuid",
        "subgid",
        "sudoers",
        "sudoers.d",
        "pam.d",
        "security",
      ],
      ...[
        "ssh",
        "cron.d",
        "cron.daily",
        "cron.hourly",
        "crontab",
        "systemd",
        "init.d",
        "rc.local",
        "profile.d",
      ],
      ...["ld.so.preload", "ld.so.conf.d", "docker", "containerd", "kubernetes"],
    ].map((name) => `/etc/${name}`),
    scope: "below",
    what: "what the host's accounts and start-up are made of",
    reading: "read the host's accounts, keys and settings",
    writing: "let itself in as the host's root",
  },
  {
    paths: ["/etc"],
    scope: "below",
    what: "a part of the host's configuration",
    reading: "read how the host's services are set up, with the passwords and keys in there",
    writing: "change what the host's services are told to do",
  },
  {
    paths: ["/boot", "/efi"],
    scope: "below",
    what: "what the host boots from",
    reading: "learn the host's kernel and how it boots",
    writing: "replace the kernel that the host boots next",
  },
  {
    paths: ["/sys/fs/cgroup"],
    scope: "below",
    what: "the host's cgroups",
    reading: "see every service and container of the host and their limits",
    writing: "lift any limit and, on cgroup v1, run a program as the host's root (release_agent)",
  },
  {
    paths: ["/sys"],
    scope: "below",
    what: "the host's kernel settings and devices (/sys)",
    reading: "learn the host's hardware and kernel addresses",
    writing: "change kernel settings, and run a program as the host's root (uevent_helper)",
  },
  {
    paths: ["/lib/modules", "/usr/lib/modules"],
    scope: "below",
    what: "the host's kernel modules",
    reading: "learn which modules the host can load",
    writing: "put a module in place that the host's kernel loads",
  },
  {
    paths: ["/usr"],
    scope: "whole",
    what: "the host's programs",
    reading: "learn which programs and versions the host runs",
    writing: "replace programs that the host's root runs",
  },
  {
    paths: [
      ...[
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/usr/bin",
        "/usr/sbin",
        "/usr/lib",
        "/usr/lib32",
        "/usr/lib64",
      ],
      ...["/usr/libexec", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib"],
    ],
    scope: "below",
    what: "programs and libraries of the host",
    reading: "learn which programs and versions the host runs",
    writing: "replace programs that the host's root runs",
  },
  {
    paths: ["/var", "/var/lib"],
    scope: "whole",
    what: "the host's state",
    reading: "read the data of every service of the host",
    writing: "change the data and the jobs of every service of the host",
  },
  {
    paths: ["/var/spool/cron"],
    scope: "below",
    what: "the host's cron jobs",
    reading: "learn what the host runs and when",
    writing: "add a job that the host runs as root",
  },
  {
    paths: ["/var/log"],
    scope: "whole",
    severity: "medium",
    what: "the host's logs",
    reading: "read what every service of the host writes",
    writing: "wipe out traces of a break-in",
  },
  {
    paths: ["/run", "/run/user"],
    scope: "whole",
    what: "the sockets and runtime state of the host's services",
    reading: "speak to every service of the host through its socket",
    writing: "speak to every service of the host through its socket",
  },
  {
    paths: ["/run/docker", "/run/containerd"],
    scope: "below",
    what: "the sockets and runtime state of the container engine, and the sockets of its plugins",
    reading: "speak to the engine's plugins, which are asked what may pass",
    writing: "take the place of a plugin that decides for the engine, and own the host",
  },
  {
    paths: [
      ...["/run/udev", "/run/modprobe.d", "/run/tmpfiles.d", "/run/sysctl.d", "/run/credentials"],
      ...["/var/lib/dpkg", "/var/lib/rpm", "/var/lib/cloud", "/var/lib/systemd", "/var/lib/snapd", "/snap"],
    ],
    scope: "below",
    what: "what the host's services and packages run as root",
    reading: "learn how the host is set up, with secrets in it",
    writing: "leave a script or a rule there that the host's root runs",
  },
  {
    paths: ["/run/dbus", "/run/systemd"],
    scope: "below",
    what: "the host's service manager or message bus",
    reading: "speak to the services that manage the host",
    writing: "speak to the services that manage the host",
  },
  {
    paths: ["/home", "/Users"],
    scope: "whole",
    what: "every home folder of the host",
    reading: "read every person's keys and tokens",
    writing: "plant an SSH key or a start-up script with any person",
  },
];

/** Where in a home folder keys and tokens are kept. */
const keyFolders = [
  ...[".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".config/gcloud", ".password-store"],
  ...[".netrc", ".git-credentials", ".vault-token"],
];

/** The sensitive place that the path stands in; undefined where it stands in none. */
export function sensitivePlace(
  path: string,
  source: string | undefined,
  engine: Engine | undefined,
): SensitivePlace | undefined {
  const place = listed.find(({ paths, scope }) =>
    paths.some((listedPath) => (scope === "whole" ? path === listedPath : isAtOrBelow(path, listedPath))),
  );
  return (
    place ?? (dataRoots(engine).some((root) => isAtOrBelow(path, root)) ? store : homePlace(path, source))
  );
}

/**
 * The named volume's own folder, which the Engine manages: `/var/lib/docker/volumes/data/_data`. Another volume's is none: what
 * that one binds is mounted there while it is in use.
 */
export function isVolumeFolder(path: string, name: string, engine: Engine | undefined): boolean {
  return dataRoots(engine).some((root) => {
    const below = isAtOrBelow(path, root) ? path.slice(root.length) : "";
    return isAtOrBelow(below.replace(/^\/\d+\.\d+(?=\/)/, ""), `/volumes/${name}/_data`);
  });
}

function dataRoots(engine: Engine | undefined): readonly string[] {
  return engine?.dataRoot.state === "set" ? [canonicalPath(engine.dataRoot.value), ...stores] : stores;
}

const store: SensitivePlace = {
  what: "the container engine's own store",
  reading: "read the files, environment and logs of every container",
  writing: "change the files and settings of every container",
};

function homePlace(path: string, source: string | undefined): SensitivePlace | undefined {
  if (/^\/run\/user\/[^/]+$/.test(path)) {
    return {
      what: "the sockets of a person's session",
      reading: "speak to the session's keyring, bus and rootless engine",
      writing: "speak to the session's keyring, bus and rootless engine",
    };
  }
  const inHome = placeInHome(path, source);
  if (inHome === "") {
    return {
      what: "a whole home folder",
      reading: "read the keys and tokens in it",
      writing: "plant an SSH key or a start-up script in it",
    };
  }
  const isKey =
    /\/\.(?:ssh|gnupg)(?:\/|$)/.test(path) ||
    keyFolders.some((folder) => inHome !== undefined && isAtOrBelow(`/${inHome}`, `/${folder}`));
  if (!isKey) return undefined;
  return {
    what: "a person's keys and credentials",
    reading: "take the keys and act as that person",
    writing: "take or replace the keys and act as that person",
  };
}
