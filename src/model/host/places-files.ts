import { high, low, medium, type Place, places } from "./place.ts";

const etc = (...names: readonly string[]) => names.map((name) => `/etc/${name}`);

/** The host's configuration and accounts. */
export const etcPlaces: readonly Place[] = [
  ...places("settings", "a part of the host's configuration", ["/etc"], {
    write: high("change what the host's services do"),
    read: medium("read how the host's services are set up, with passwords and keys"),
  }),
  // Reading them is the harm: hashes can be tried elsewhere, keys used.
  ...places("account", "the host's password hashes", etc("shadow", "gshadow"), {
    read: high("read password hashes and try passwords against them"),
  }),
  ...places(
    "account",
    "the host's accounts",
    etc("sudoers", "sudoers.d", "pam.d", "security", "polkit-1", "doas.conf"),
  ),
  ...places(
    "account",
    "the host's list of accounts",
    etc("passwd", "group", "subuid", "subgid", "login.defs"),
    {
      read: low("read the names of the host's accounts"),
    },
  ),
  ...places("account", "the host's SSH server", etc("ssh"), {
    write: high("let itself in as the host's root"),
    read: medium("read the host's private SSH keys"),
  }),
  ...places(
    "credentials",
    "the host's keys and certificates",
    etc("ssl/private", "pki/tls/private", "letsencrypt", "krb5.keytab", "wireguard", "kubernetes", "rancher"),
    { read: high("steal the host's private keys, and act as it") },
  ),
  ...places(
    "settings",
    "the certificate authorities that the host trusts",
    etc("ssl/certs", "ca-certificates", "pki/ca-trust"),
    {
      write: high("make the host trust a certificate authority of its choice"),
      read: low("see whom the host trusts, which is mostly public"),
    },
  ),
  ...places("settings", "what identifies the host", etc("machine-id", "hostname", "os-release", "issue")),
  ...places("settings", "how the host finds others", etc("hosts", "resolv.conf", "nsswitch.conf"), {
    write: high("send the host's connections elsewhere"),
    read: low("see which names and servers the host uses"),
  }),
  ...places("settings", "the host's time zone", etc("localtime", "timezone"), {
    write: low("change the time zone that the host's programs use"),
    read: undefined,
  }),
  ...places("cron", "the host's cron jobs", [
    ...etc("cron.d", "cron.hourly", "cron.daily", "cron.weekly", "cron.monthly", "crontab", "anacrontab"),
    ...["/var/spool/cron", "/var/spool/anacron", "/var/spool/at"],
  ]),
  ...places("unit", "what the host starts and runs as root", [
    ...etc("systemd", "init.d", "init", "inittab", "rc.local", "rc.d", "default", "udev", "modprobe.d"),
    ...etc("modules-load.d", "tmpfiles.d", "sysctl.d", "sysctl.conf", "binfmt.d", "fstab", "crypttab"),
    ...etc(
      "NetworkManager",
      "network",
      "netplan",
      "dhcp",
      "apt",
      "yum.repos.d",
      "logrotate.d",
      "logrotate.conf",
    ),
    ...etc("update-motd.d", "kernel", "initramfs-tools", "grub.d", "dbus-1", "rsyslog.d", "X11"),
  ]),
  ...places(
    "unit",
    "the container engine's settings",
    etc("docker", "containerd", "containers", "cni", "crio"),
    {
      write: high("change what the engine runs as root"),
      read: medium("read the engine's settings, with keys and registry passwords"),
    },
  ),
  ...places(
    "shell",
    "what every shell of the host starts with",
    etc("profile", "profile.d", "bash.bashrc", "bashrc", "zsh", "zshenv", "environment", "bash_completion.d"),
    { write: high("add commands that run when root logs in") },
  ),
  ...places(
    "program",
    "what every program of the host loads",
    etc("ld.so.preload", "ld.so.conf", "ld.so.conf.d", "ld.so.cache"),
  ),
];

/** The host's programs. */
export const programPlaces: readonly Place[] = [
  ...places("program", "programs and libraries of the host", [
    ...["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32"],
    ...["/usr/lib64", "/usr/libexec", "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib"],
    ...["/usr/local/libexec", "/snap", "/nix/store"],
  ]),
  // containerd puts /opt/containerd/bin first in its PATH (containerd: plugins/opt), CNI plugins run as root.
  ...places("program", "programs that container engines run as root", ["/opt/containerd", "/opt/cni/bin"], {
    read: undefined,
  }),
  ...places("program", "the host's kernel modules", ["/lib/modules", "/usr/lib/modules"], {
    write: high("add a module that the host's kernel loads"),
    read: low("see which modules the host's kernel can load"),
  }),
  ...places(
    "program",
    "the sources that the host builds kernel modules from",
    ["/usr/src", "/var/lib/dkms"],
    {
      write: high("change a module that the host builds and loads"),
      read: undefined,
    },
  ),
  ...places(
    "unit",
    "service definitions of the host",
    ["/usr/share/dbus-1", "/usr/share/polkit-1", "/usr/local/share/dbus-1"],
    { read: undefined },
  ),
  ...places("shell", "what shells of the host load", ["/usr/share/bash-completion", "/usr/share/zsh"], {
    read: undefined,
  }),
  ...places("program", "what the host boots from", ["/boot", "/efi"], {
    isMountPoint: true,
    write: high("replace the kernel that the host boots next"),
    read: low("see which kernel the host boots, and how"),
  }),
];

/** The engines' own stores, beside the data root that the audited engine names. */
export const stores = [
  ...["/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/kubelet"],
  ...["/var/lib/rancher", "/var/lib/lxd", "/var/lib/lxc", "/var/lib/incus"],
] as const;

export function storePlace(path: string): readonly Place[] {
  return places("data", "the container engine's own store", [path], {
    write: high("change the files and settings of every container"),
    read: medium("read the files, environment and logs of every container"),
  });
}

/** State, logs and runtime files. */
export const statePlaces: readonly Place[] = [
  ...stores.flatMap(storePlace),
  ...places(
    "data",
    "the state of clusters and virtual machines",
    ["/var/lib/etcd", "/var/lib/libvirt", "/var/lib/machines"],
    {
      isOptional: true,
    },
  ),
  ...places("unit", "what the host's packages run as root", [
    ...["/var/lib/dpkg", "/var/lib/rpm", "/var/lib/apt", "/var/cache/apt/archives", "/var/lib/pacman"],
    ...["/var/lib/snapd", "/var/lib/systemd", "/var/lib/NetworkManager"],
  ]),
  ...places("unit", "the host's cloud set-up", ["/var/lib/cloud"], {
    read: medium("read the set-up scripts of the host, with secrets in them"),
  }),
  ...places("account", "copies of the host's accounts", ["/var/backups"], { isOptional: true }),
  ...places(
    "data",
    "the host's logs",
    [
      "/var/log/journal",
      "/var/log/audit",
      "/var/log/auth.log",
      "/var/log/secure",
      "/var/log/syslog",
      "/run/log",
    ],
    {
      write: medium("remove the traces of a break-in"),
      read: low("read what the host's services log"),
    },
  ),
  // Units and drop-ins below it are started as they are: root by one file.
  ...places("unit", "what systemd runs as root", ["/run/systemd"], {
    write: { severity: "critical", can: "add a service that systemd runs as root" },
  }),
  ...places("unit", "what the host's services start with", [
    ...["/run/udev/rules.d", "/run/modprobe.d", "/run/tmpfiles.d", "/run/sysctl.d"],
  ]),
  ...places("credentials", "secrets of the host's services", ["/run/credentials"], { isMountPoint: true }),
  ...places("reading", "the host's device database", ["/run/udev"], {
    write: medium("change what the host knows of its devices"),
    read: low("see which devices the host has"),
  }),
  ...places("data", "the host's mail", ["/var/mail", "/var/spool/mail"], { isOptional: true }),
];

/** Home folders. `~` is the home of the user who wrote the file. */
const homes = ["/root", "/home/*", "/Users/*", "/~"] as const;

function inHomes(...names: readonly string[]): readonly string[] {
  return homes.flatMap((home) => names.map((name) => `${home}/${name}`));
}

/** Rewritten source of a bind that was written with `~`: `~/.aws` is `/~/.aws`. */
export function underTilde(source: string | undefined): string | undefined {
  return source !== undefined && /^~(\/|$)/.test(source) ? `/${source}` : undefined;
}

/** A user's dot files and key folders. A project below the home folder does not count. */
export const homePlaces: readonly Place[] = [
  ...places(
    "credentials",
    "a person's keys and credentials",
    inHomes(
      ...[".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".oci", ".password-store", ".terraform.d"],
      ...[".config/gcloud", ".config/gh", ".config/hub", ".config/rclone", ".config/op", ".config/doctl"],
      ...[".config/sops", ".config/helm", ".local/share/keyrings", ".mozilla", ".thunderbird"],
      ...[".config/google-chrome", ".config/chromium", ".config/BraveSoftware"],
      ...[".netrc", ".git-credentials", ".vault-token", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".boto"],
      ...[".s3cfg", ".terraformrc", ".gem/credentials", ".cargo/credentials.toml", ".m2/settings.xml"],
      ...[".Xauthority", ".ICEauthority"],
    ),
    // Reading is the harm.
    { read: high("steal keys and tokens, and act as their owner") },
  ),
  ...places(
    "shell",
    "a person's start-up files",
    inHomes(
      ...[".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".inputrc"],
      ...[".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".oh-my-zsh", ".config/fish"],
      ...[".pam_environment", ".xprofile", ".xinitrc", ".xsession", ".xsessionrc", ".config/environment.d"],
      ...[".vimrc", ".vim", ".config/nvim", ".emacs", ".emacs.d", ".tmux.conf", ".gitconfig", ".config/git"],
    ),
  ),
  ...places(
    "unit",
    "what starts with a person's session",
    inHomes(".config/systemd", ".config/autostart", ".local/share/systemd", ".local/share/dbus-1"),
    { write: { severity: "high", can: "add a program that starts when that person logs in" } },
  ),
  ...places(
    "program",
    "programs of a person",
    inHomes("bin", ".local/bin", ".local/lib", ".cargo/bin", ".nvm", ".rbenv", ".pyenv", ".asdf", ".sdkman"),
    {
      write: { severity: "high", can: "replace programs that this person runs" },
      read: undefined,
    },
  ),
  ...places("credentials", "a person's settings", inHomes(".config"), {
    write: { severity: "high", can: "change what starts when that person logs in, and steal tokens" },
    read: medium("steal tokens that programs keep there"),
  }),
  ...places(
    "data",
    "what a person typed",
    inHomes(
      ".bash_history",
      ".zsh_history",
      ".python_history",
      ".psql_history",
      ".mysql_history",
      ".viminfo",
    ),
    {
      write: medium("read and change what that person typed, with passwords in it"),
      read: medium("read what that person typed, with passwords in it"),
    },
  ),
  ...places(
    "settings",
    "the engine's settings of a person",
    inHomes(".config/docker", ".config/containers"),
    {
      write: { severity: "high", can: "change what that person's rootless engine does" },
      read: low("see how that person's rootless engine is set up"),
    },
  ),
];
