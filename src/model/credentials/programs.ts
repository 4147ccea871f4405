/** How programs take a password on their command line, where the option's name does not say so. */
export interface PasswordOptions {
  readonly programs: readonly string[];
  /** A word that must be among the arguments for the rest to hold: `login`. */
  readonly needs?: RegExp;
  /** Options whose value is the password. `attached`: only `-pX`, for `-p X` asks for it and X is something else. */
  readonly options?: Readonly<Record<string, "attached" | "either">>;
  /** Options whose value is a user and a password, with what is between them. */
  readonly pairs?: Readonly<Record<string, ":" | "%" | "," | "/">>;
  /** The password is the last word. */
  readonly last?: boolean;
  /** The password is so many words behind the word that `needs` matches. */
  readonly behind?: number;
  /** What stands between the user and the password in that word. */
  readonly between?: string;
  /** It reads the password from its input: all of it, or behind the colon of each line. */
  readonly input?: "password" | "user:password";
}

/** Sources: each program's manual page. One row a family. */
export const passwordOptions: readonly PasswordOptions[] = [
  {
    programs: [
      ..."mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlslap mysqlpump mysqlbinlog mysqlsh".split(
        " ",
      ),
      ..."mariadb mariadb-dump mariadb-admin mariadb-check mariadb-import mariadb-show mariabackup xtrabackup".split(
        " ",
      ),
    ],
    options: { "-p": "attached" },
  },
  { programs: ["redis-cli", "valkey-cli", "keydb-cli"], options: { "-a": "either", "--pass": "either" } },
  {
    programs: "mongo mongosh mongodump mongorestore mongoimport mongoexport mongostat mongotop".split(" "),
    options: { "-p": "either" },
  },
  { programs: ["sshpass"], options: { "-p": "either" } },
  {
    programs: ["curl"],
    pairs: { "-u": ":", "--user": ":", "-U": ":", "--proxy-user": ":" },
    options: { "--pass": "either" },
  },
  { programs: ["http", "https", "httpie", "xh"], pairs: { "-a": ":", "--auth": ":" } },
  {
    programs: "docker podman buildah skopeo nerdctl crane oras helm oc az cf regctl".split(" "),
    needs: /^login$/,
    options: { "-p": "either" },
  },
  {
    programs: ["skopeo", "podman", "buildah"],
    pairs: { "--creds": ":", "--src-creds": ":", "--dest-creds": ":" },
  },
  { programs: ["twine"], needs: /^upload$/, options: { "-p": "either" } },
  { programs: ["vault", "bao"], needs: /^login$/, behind: 1 },
  { programs: ["snyk"], needs: /^auth$/, behind: 1 },
  { programs: ["ngrok"], needs: /^(?:authtoken|add-authtoken)$/, behind: 1 },
  { programs: ["cargo"], needs: /^login$/, behind: 1 },
  { programs: ["aws"], needs: /^aws_(?:secret_access_key|session_token)$/, behind: 1 },
  { programs: ["npm", "pnpm", "yarn"], needs: /(?::_authToken|_password|npmAuthToken)$/, behind: 1 },
  // `bundle config gems.example.org user:password`; the other settings with a dot say how a gem is built, or where it is.
  {
    programs: ["bundle"],
    needs: /^(?!(?:build|local|mirror)\.)[\w-]+(?:\.[\w-]+)+$/,
    behind: 1,
    between: ":",
  },
  { programs: ["openssl"], needs: /^enc$/, options: { "-k": "either" } },
  { programs: ["composer"], needs: /^http-basic\./, behind: 2 },
  { programs: ["composer"], needs: /^(?:github-oauth|gitlab-token|gitlab-oauth|bearer)\./, behind: 1 },
  { programs: ["poetry"], needs: /^http-basic\./, behind: 2 },
  { programs: ["poetry"], needs: /^pypi-token\./, behind: 1 },
  { programs: ["mc", "mcli"], needs: /^https?:\/\//, behind: 2 },
  { programs: ["htpasswd"], needs: /^-[a-zA-Z]*b/, last: true },
  { programs: ["mosquitto_passwd"], needs: /^-[a-zA-Z]*b/, last: true },
  { programs: ["rabbitmqctl"], needs: /^(?:add_user|change_password|authenticate_user)$/, behind: 2 },
  { programs: ["neo4j-admin"], needs: /^set-initial-password$/, behind: 1 },
  { programs: ["mosquitto_pub", "mosquitto_sub", "mosquitto_rr"], options: { "-P": "either" } },
  {
    programs: "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldapmodrdn ldapcompare ldappasswd".split(
      " ",
    ),
    options: { "-w": "either" },
  },
  { programs: ["ldappasswd"], options: { "-s": "either" } },
  { programs: ["slappasswd"], options: { "-s": "either" } },
  { programs: ["smbclient", "rpcclient", "net", "smbget"], pairs: { "-U": "%", "--user": "%" } },
  { programs: ["x11vnc"], options: { "-passwd": "either" } },
  { programs: ["sqlcmd", "bcp", "osql"], options: { "-P": "either" } },
  { programs: ["cqlsh", "cypher-shell", "tsm", "grafana-cli"], options: { "-p": "either" } },
  { programs: ["nodetool"], options: { "-pw": "either" } },
  { programs: ["elasticsearch-users", "opensearch-users"], options: { "-p": "either" } },
  { programs: ["etcdctl"], pairs: { "--user": ":" } },
  { programs: ["zip", "unzip"], options: { "-P": "either" } },
  { programs: ["7z", "7za", "7zr", "rar", "unrar"], options: { "-p": "attached" } },
  { programs: ["useradd", "usermod"], options: { "-p": "either" } },
  { programs: ["ssh-keygen"], options: { "-N": "either", "-P": "either" } },
  { programs: ["ipmitool"], options: { "-P": "either" } },
  { programs: ["lftp"], pairs: { "-u": "," } },
  { programs: ["ttyd", "gotty", "shellinabox"], pairs: { "-c": ":", "--credential": ":" } },
  { programs: ["turnserver", "coturn"], pairs: { "-u": ":", "--user": ":" } },
  { programs: ["microsocks"], options: { "-P": "either" } },
  { programs: ["ss-server", "ss-local", "ssserver", "sslocal", "ssservice"], options: { "-k": "either" } },
  { programs: ["jenkins-cli", "jenkins-cli.jar"], pairs: { "-auth": ":" } },
  { programs: ["ansible-playbook", "ansible"], options: {} },
  { programs: ["mkpasswd"], last: true },
  { programs: ["openssl"], needs: /^passwd$/, last: true },
  { programs: ["openssl"], needs: /^(?:-passin|-passout|-pass)$/, behind: 1 },
  { programs: ["wpa_passphrase"], last: true },
  { programs: ["snmpget", "snmpwalk", "snmpset"], options: { "-A": "either", "-X": "either" } },
  { programs: ["sqlplus", "impdp", "expdp", "rman"], pairs: {} },
  { programs: ["chpasswd"], input: "user:password" },
  { programs: ["passwd", "sudo"], needs: /^(?:--stdin|-S)$/, input: "password" },
  {
    programs: ["docker", "podman", "nerdctl", "helm", "crane", "oras"],
    needs: /^--password-stdin$/,
    input: "password",
  },
  { programs: ["docker", "podman"], needs: /^secret$/, input: "password" },
  { programs: ["gh"], needs: /^--with-token$/, input: "password" },
  { programs: ["vncpasswd", "tigervncpasswd"], needs: /^-f$/, input: "password" },
  { programs: ["smbpasswd"], needs: /^-[a-z]*s/, input: "password" },
  { programs: ["cryptsetup", "kinit"], input: "password" },
];

/** Programs that start another one, and how many words of their own stand before it. */
export const starters: ReadonlyMap<string, number> = new Map([
  ..."sudo env exec nohup time command nice ionice tini dumb-init catatonit xargs busybox setsid stdbuf unbuffer eatmydata then do else if while until ! s6-setuidgid with-contenv"
    .split(" ")
    .map((name) => [name, 0] as const),
  ["gosu", 1],
  ["su-exec", 1],
  ["timeout", 1],
  ["chroot", 1],
  ["setpriv", 0],
]);

/** Programs that get the names of other programs as plain words. */
export const inert = new Set(
  "apt apt-get aptitude apk yum dnf microdnf zypper pacman pip pip3 pipx uv gem go brew which type man rm cp mv ln chmod chown mkdir touch find ls tar dpkg rpm echo printf cat tee grep egrep fgrep rg sed awk gawk perl test [ [[ source . hash alias".split(
    " ",
  ),
);

export const shells = new Set(["sh", "bash", "ash", "dash", "zsh", "ksh", "/bin/sh", "su"]);
