import { hasOption, programOf, type ShellCommand } from "../../../base/shell.ts";

/** An option of some programs that turns a check of certificates or signatures off. */
interface UncheckedOption {
  readonly programs: string;
  readonly names: readonly string[];
  /** The letter that means the same, with those that take the rest of their word as a value. */
  readonly letter?: string;
  readonly values?: string;
  /** Where the option is documented. */
  readonly source: string;
}

const aptSource = "https://manpages.debian.org/apt-get";

/** By program, one row each. */
const options: readonly UncheckedOption[] = [
  {
    programs: "curl",
    names: ["--insecure", "--proxy-insecure", "--doh-insecure"],
    letter: "k",
    values: "AbcCdDeEFhHKmoPQrtTuUwxXyYz",
    source: "https://curl.se/docs/manpage.html#-k",
  },
  {
    programs: "wget wget2 aria2c",
    names: ["--no-check-certificate", "--check-certificate=false"],
    source: "https://www.gnu.org/software/wget/manual/wget.html#HTTPS-_0028SSL_002fTLS_0029-Options",
  },
  {
    programs: "apt apt-get aptitude",
    names: ["--allow-unauthenticated", "--allow-untrusted", "--force-yes", "--allow-insecure-repositories"],
    source: aptSource,
  },
  {
    programs: "axel",
    names: ["--insecure"],
    letter: "k",
    values: "HUnoSTs",
    source: "https://github.com/axel-download-accelerator/axel",
  },
  {
    programs: "opkg",
    names: ["--no-check-certificate"],
    source: "https://openwrt.org/docs/guide-user/additional-software/opkg",
  },
  { programs: "dpkg", names: ["--force-bad-verify"], source: "https://manpages.debian.org/dpkg" },
  { programs: "apk", names: ["--allow-untrusted"], source: "https://man.archlinux.org/man/apk.8" },
  {
    programs: "yum dnf dnf5 tdnf microdnf",
    names: ["--nogpgcheck", "--no-gpgcheck", "--no-gpgchecks"],
    source: "https://dnf.readthedocs.io/en/latest/command_ref.html",
  },
  {
    programs: "zypper",
    names: ["--no-gpg-checks", "--allow-unsigned-rpm", "--no-gpgcheck", "--gpg-auto-import-keys"],
    letter: "G",
    values: "ACDPRcepr",
    source: "https://en.opensuse.org/SDB:Zypper_manual",
  },
  {
    programs: "rpm",
    names: ["--nodigest", "--nosignature", "--noverify", "--nofiledigest", "--nofiledigests"],
    source: "https://rpm.org/docs/latest/man/rpm.8",
  },
  {
    programs: "pip pip2 pip3 pipx pipenv uv python python3 poetry",
    names: ["--trusted-host", "--allow-insecure-host"],
    source: "https://pip.pypa.io/en/stable/cli/pip/#cmdoption-trusted-host",
  },
  {
    programs: "npm npx yarn pnpm",
    names: ["--strict-ssl=false", "--no-strict-ssl"],
    source: "https://docs.npmjs.com/cli/using-npm/config#strict-ssl",
  },
  { programs: "hg", names: ["--insecure"], source: "https://www.mercurial-scm.org/help/topics/pull" },
  { programs: "go", names: ["-insecure"], source: "https://go.dev/doc/go1.14#go-get" },
  {
    programs: "deno",
    names: ["--unsafely-ignore-certificate-errors"],
    source: "https://docs.deno.com/runtime/reference/cli/run/",
  },
  { programs: "snap", names: ["--dangerous"], source: "https://snapcraft.io/docs/install-modes" },
  {
    programs: "flatpak",
    names: ["--no-gpg-verify"],
    source: "https://man7.org/linux/man-pages/man1/flatpak-remote-add.1.html",
  },
  {
    programs: "choco",
    names: ["--ignore-checksums", "--allow-empty-checksums"],
    source: "https://docs.chocolatey.org/en-us/choco/commands/install/",
  },
  {
    programs: "dotnet nuget",
    names: ["--allow-insecure-connections"],
    source: "https://learn.microsoft.com/dotnet/core/tools/dotnet-nuget-add-source",
  },
  {
    programs: "http https",
    names: ["--verify=no"],
    source: "https://httpie.io/docs/cli/server-ssl-certificate-verification",
  },
  {
    programs: "ansible-galaxy",
    names: ["--ignore-certs", "--disable-gpg-verify"],
    letter: "c",
    source: "https://docs.ansible.com/projects/ansible/latest/cli/ansible-galaxy.html",
  },
  {
    programs: "crane oras cosign",
    names: ["--insecure", "--allow-insecure-registry", "--insecure-ignore-tlog"],
    source: "https://docs.sigstore.dev/cosign/",
  },
  { programs: "composer", names: ["--disable-tls"], source: "https://getcomposer.org/doc/06-config.md" },
  {
    programs: "helm kubectl oc argocd",
    names: ["--insecure-skip-tls-verify", "--insecure-skip-tls-verify=true"],
    source: "https://kubernetes.io/docs/reference/kubectl/kubectl/",
  },
  {
    programs: "aws",
    names: ["--no-verify-ssl"],
    source: "https://docs.aws.amazon.com/cli/latest/reference/",
  },
  {
    programs: "svn",
    names: ["--trust-server-cert", "--trust-server-cert-failures"],
    source: "https://svnbook.red-bean.com/",
  },
  {
    programs: "skopeo buildah podman",
    names: ["--tls-verify=false", "--src-tls-verify=false", "--dest-tls-verify=false"],
    source: "https://github.com/containers",
  },
];

const rows = new Map(options.flatMap((row) => row.programs.split(" ").map((program) => [program, row])));

/** Settings that a command writes or passes (`git -c`, `npm config set`, `apt -o`), and lines of configuration files. */
const settings: readonly (readonly [said: string, pattern: RegExp, source: string])[] = [
  [
    "http.sslVerify=false",
    /\bhttp\.(?:\S*\.)?sslverify[=\s]+["']?(?:false|0|no|off)\b/i,
    "https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpsslVerify",
  ],
  [
    "strict-ssl=false",
    /\bstrict-ssl[=\s]+["']?(?:false|0|null)\b/i,
    "https://docs.npmjs.com/cli/using-npm/config#strict-ssl",
  ],
  [
    "strict-ssl=false",
    /\benableStrictSsl[=\s:]+["']?false\b/,
    "https://yarnpkg.com/configuration/yarnrc#enableStrictSsl",
  ],
  [
    "sslverify=0",
    /\bsslverify\s*=\s*["']?(?:false|0|no|off)\b/i,
    "https://dnf.readthedocs.io/en/latest/conf_ref.html",
  ],
  [
    "gpgcheck=0",
    /(?<!repo_)\bgpgcheck\s*=\s*["']?(?:false|0|no|off)\b/i,
    "https://dnf.readthedocs.io/en/latest/conf_ref.html",
  ],
  [
    "SigLevel=Never",
    /\bSigLevel\s*=\s*(?:Never|[^\n]{0,100}TrustAll)\b/i,
    "https://man.archlinux.org/man/pacman.conf.5",
  ],
  ["trusted=yes", /\[[^\]\n]*\btrusted=yes\b/i, "https://manpages.debian.org/sources.list"],
  [
    "Verify-Peer=false",
    /\bAcquire::https?::\S*Verify-(?:Peer|Host)["'\s=:]+(?:false|0|no)\b/i,
    "https://manpages.debian.org/apt-transport-https",
  ],
  [
    "AllowUnauthenticated",
    /(?:APT::Get::AllowUnauthenticated|Acquire::Allow(?:Insecure|Weak)Repositories|Acquire::\w+::?AllowInsecure\w*)["'\s=:]+(?:true|1|yes)\b/i,
    "https://manpages.debian.org/apt-get",
  ],
  [
    "trusted-host",
    /\b(?:global|install)\.trusted-host\s+\S|\btrusted-host\s*=\s*\S/,
    "https://pip.pypa.io/en/stable/cli/pip/#cmdoption-trusted-host",
  ],
  [
    "check_certificate=off",
    /\bcheck_?certificate\s*=\s*off\b/i,
    "https://www.gnu.org/software/wget/manual/wget.html#Wgetrc-Commands",
  ],
  ["insecure in .curlrc", /\binsecure\b[^\n]*\.curlrc\b/, "https://curl.se/docs/manpage.html#-K"],
  [
    "ssl_verify=false",
    /\bssl_verify[=\s:]+["']?(?:false|no)\b/i,
    "https://docs.conda.io/projects/conda/en/latest/user-guide/configuration/settings.html",
  ],
  [
    "ssl_verify_mode=0",
    /:?\bssl_verify_mode[=\s:]+["']?(?:0|VERIFY_NONE)\b/i,
    "https://bundler.io/man/bundle-config.1.html",
  ],
  [
    "ssl:verify-certificate no",
    /\bssl:verify-certificate[=\s/]+(?:\S*\s+)?(?:no|false)\b/,
    "https://lftp.yar.ru/lftp-man.html",
  ],
  [
    "--verify no",
    /(?:^|\s)--verify\s+no\b/,
    "https://httpie.io/docs/cli/server-ssl-certificate-verification",
  ],
  [
    "cert false",
    /\bcertificates\.\S+\.cert\s+false\b/,
    "https://python-poetry.org/docs/repositories/#certificates",
  ],
  ["secure-http=false", /\bsecure-http\s+false\b/, "https://getcomposer.org/doc/06-config.md#secure-http"],
  [
    "disable-tls=true",
    /\bdisable-tls\s+(?:true|1)\b/,
    "https://getcomposer.org/doc/06-config.md#disable-tls",
  ],
  [
    "http.check-revoke=false",
    /\bcheck-revoke\s*=\s*["']?false\b/,
    "https://doc.rust-lang.org/cargo/reference/config.html#httpcheck-revoke",
  ],
  [
    "disable_ssl_validation",
    /\bdisable_ssl_validation[=\s]+true\b/i,
    "https://cloud.google.com/sdk/gcloud/reference/config/set",
  ],
  [
    "StrictHostKeyChecking=no",
    /\bStrictHostKeyChecking[=\s]+["']?(?:no|off)\b/i,
    "https://man.openbsd.org/ssh_config#StrictHostKeyChecking",
  ],
  [
    "maven.wagon.http.ssl.insecure",
    /-Dmaven\.wagon\.http\.ssl\.(?:insecure|allowall)=true\b/,
    "https://maven.apache.org/wagon/wagon-providers/wagon-http/",
  ],
  [
    "securityMode=insecure",
    /-Daether\.\S*securityMode=insecure\b/,
    "https://maven.apache.org/resolver/configuration.html",
  ],
  [
    "allowInsecureProtocol",
    /\b(?:allowInsecureProtocol\s*=\s*|setAllowInsecureProtocol\()true\b/,
    "https://docs.gradle.org/current/userguide/supported_repository_types.html",
  ],
  [
    "-SkipCertificateCheck",
    /(?:^|\s)-(?:SkipCertificateCheck|SkipPublisherCheck)\b/i,
    "https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/invoke-webrequest",
  ],
];

/** Variables that turn the check off for every program that looks at them. */
const variables: readonly (readonly [name: string, off: RegExp, source: string])[] = [
  [
    "NODE_TLS_REJECT_UNAUTHORIZED",
    /^0$/,
    "https://nodejs.org/api/cli.html#node_tls_reject_unauthorizedvalue",
  ],
  ["PYTHONHTTPSVERIFY", /^0$/, "https://peps.python.org/pep-0493/"],
  ["NPM_CONFIG_STRICT_SSL", /^(?:false|0)$/i, "https://docs.npmjs.com/cli/using-npm/config#strict-ssl"],
  ["YARN_ENABLE_STRICT_SSL", /^(?:false|0)$/i, "https://yarnpkg.com/configuration/yarnrc"],
  ["YARN_STRICT_SSL", /^(?:false|0)$/i, "https://classic.yarnpkg.com/en/docs/cli/config"],
  [
    "GIT_SSL_NO_VERIFY",
    /^/,
    "https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpsslVerify",
  ],
  ["PIP_TRUSTED_HOST", /\S/, "https://pip.pypa.io/en/stable/topics/configuration/#environment-variables"],
  ["UV_INSECURE_HOST", /\S/, "https://docs.astral.sh/uv/configuration/environment/"],
  ["GOINSECURE", /\S/, "https://go.dev/ref/mod#environment-variables"],
  ["GONOSUMDB", /\S/, "https://go.dev/ref/mod#environment-variables"],
  ["GONOSUMCHECK", /^1$/, "https://go.dev/ref/mod#environment-variables"],
  ["GOFLAGS", /(?:^|\s)-insecure\b/, "https://go.dev/doc/go1.14#go-get"],
  [
    "CARGO_HTTP_CHECK_REVOKE",
    /^false$/i,
    "https://doc.rust-lang.org/cargo/reference/config.html#httpcheck-revoke",
  ],
  ["PERL_LWP_SSL_VERIFY_HOSTNAME", /^0$/, "https://metacpan.org/pod/LWP::UserAgent"],
  ["COREPACK_INTEGRITY_KEYS", /^0?$/, "https://github.com/nodejs/corepack#environment-variables"],
  [
    "CONSUL_HTTP_SSL_VERIFY",
    /^(?:false|0)$/i,
    "https://developer.hashicorp.com/consul/commands#environment-variables",
  ],
  [
    "NOMAD_SKIP_VERIFY",
    /^(?:1|true)$/i,
    "https://developer.hashicorp.com/nomad/docs/commands#environment-variables",
  ],
  [
    "ANSIBLE_HOST_KEY_CHECKING",
    /^(?:false|0|no)$/i,
    "https://docs.ansible.com/projects/ansible/latest/reference_appendices/config.html",
  ],
  [
    "AZURE_CLI_DISABLE_CONNECTION_VERIFICATION",
    /\S/,
    "https://learn.microsoft.com/cli/azure/use-azure-cli-successfully-troubleshooting",
  ],
  ["GOSUMDB", /^off$/i, "https://go.dev/ref/mod#environment-variables"],
  ["BUNDLE_SSL_VERIFY_MODE", /^0$/, "https://bundler.io/man/bundle-config.1.html"],
  [
    "VAULT_SKIP_VERIFY",
    /^(?:1|true)$/i,
    "https://developer.hashicorp.com/vault/docs/commands#vault_skip_verify",
  ],
  ["CONDA_SSL_VERIFY", /^(?:0|false|no)$/i, "https://docs.conda.io/projects/conda/"],
];
const variableRows = new Map(variables.map((row) => [row[0].toUpperCase(), row]));

/** Whether a variable of this name and value turns a check of certificates off. */
export function isUncheckedVariable(name: string, value: string): boolean {
  const row = variableRows.get(name.toUpperCase());
  // `GIT_SSH_COMMAND` and `MAVEN_OPTS` hold options of a program.
  return row ? row[1].test(value.trim()) : settings.some(([, pattern]) => pattern.test(value));
}

/** The option, the setting or the variable by which a command checks less than it could, as a message may show it. */
export function uncheckedBy({ words, assigned }: ShellCommand): string | undefined {
  const program = programOf(words);
  const exported =
    program === "export" || program === "env" ? words.slice(1) : program === "go" ? words.slice(2) : [];
  for (const each of [...assigned, ...exported]) {
    const [name = "", value = ""] = each.split(/=(.*)/s);
    if (each.includes("=") && isUncheckedVariable(name, value)) return name;
  }
  const row = rows.get(program);
  if (row && hasOption(words, row) && !isOnlyLocal(words)) {
    return row.names.find((name) => hasOption(words, { names: [name] })) ?? `${program} -${row.letter}`;
  }
  const line = words.join(" ");
  return settings.find(([, pattern]) => pattern.test(line))?.[0];
}

/** What the machine itself answers needs no certificate. */
function isOnlyLocal(words: readonly string[]): boolean {
  const hosts = words.flatMap((word) => /^[a-z]+:\/\/(\[[^\]]*\]|[^/:?#]+)/i.exec(word)?.[1] ?? []);
  return hosts.length > 0 && hosts.every((host) => /^(?:localhost|127\.[\d.]+|\[::1\])$/i.test(host));
}
