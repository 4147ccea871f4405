import { programOf, type ShellCommand } from "../../base/shell.ts";
import { type Control, manual } from "../control.ts";
import { byLayer, commandsOfLayer, copyOf, type Flaw } from "./by-layer.ts";

export const imagePlainHttp: Control = {
  id: "image-plain-http",
  title: "What the build runs came over plain HTTP",
  why: "Nothing protects a download over plain HTTP: anyone who is on the way to the server, in a café or at a provider, can put another program in its place. What the build then runs, unpacks or installs is theirs. A checksum or a signature that the build checks makes up for it.",
  row: undefined,
  severity: "high",
  guard: "off",
  cis: [],
  attack: ["T1195.002", "T1557"],
  cwe: [319, 494],
  where: ["D"],
  references: [
    "https://docs.docker.com/build/building/best-practices/",
    "https://docs.docker.com/reference/dockerfile/#add---checksum",
  ],
  examples: {
    bad: [
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN wget http://x.example/install.sh && sh install.sh\n",
      },
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN curl -sL http://x.example/a.tgz | tar xz -C /opt\n",
      },
    ],
    good: [
      {
        syntax: "dockerfile",
        text: 'FROM debian:12\nRUN curl -so a http://x.example/a && echo "abc  a" | sha256sum -c && sh a\n',
      },
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN curl -sL https://x.example/a.tgz | tar xz -C /opt\n",
      },
    ],
  },
  check: { image: byLayer(runsPlain, "nothing from plain HTTP is run") },
  remedy: {
    image: () => manual("Fetch it over https://, or check its SHA-256 or signature before it is used."),
  },
};

const checks = /^(?:sha\d+sum|shasum|b2sum|md5sum|gpgv?|gpg2|cosign|minisign|signify|openssl)$/;
const unpackers = /^(?:tar|bsdtar|unzip|7z|cpio|gunzip|xz)$/;
const wrappers = /^(?:sudo|env|xargs|nice|exec|command|tee|cat)$/;
const fetchers = /^(?:curl|wget|wget2|aria2c|fetch)$/;
/** Programs that run, unpack or install what they are given. */
const users =
  /^(?:(?:ba|da|a|z|k)?sh|source|\.|python[\d.]*|perl|ruby|node|php|java|tar|bsdtar|unzip|7z|cpio|dpkg|rpm|apt|apt-get|apk|yum|dnf|pip[\d.]*|gem|npm|make|chmod|install|apt-key|gunzip|xz)$/;

function runsPlain(instruction: string): Flaw | undefined {
  const copy = copyOf(instruction);
  if (copy) return addsPlain(copy);
  const commands = commandsOfLayer(instruction);
  if (commands.some(({ words }) => checks.test(programOf(words)))) return undefined;
  for (const [index, command] of commands.entries()) {
    const address = plainAddress(command);
    if (address === undefined) continue;
    const program = programOf(command.words);
    // `rpm -i http://…`, `pip install http://…`; what these managers install from an index has no signature.
    if (!fetchers.test(program)) {
      const line = `${program} ${command.words.slice(1).join(" ")}`;
      if (installs.test(line)) return flaw(address, program);
      if (indexes.test(line)) return { ...flaw(address, program), severity: "medium" };
      continue;
    }
    const rest = commands.slice(index + 1);
    const next = rest.find(({ words }) => words.length > 0 && !wrappers.test(programOf(words)));
    if (command.isPiped && next && users.test(programOf(next.words)))
      return flaw(address, programOf(next.words));
    const file = outputOf(command.words, address);
    const user = file === undefined ? undefined : rest.find((each) => uses(each, file));
    if (user) return flaw(address, programOf(user.words));
  }
  return undefined;
}

/** Package managers that take an address itself; where one is only a repository's, its packages are signed. */
const installs =
  /^(?:rpm|dpkg|pip[\d.]*|npm|gem)\s.*(?:\binstall\b|-[a-zA-Z]*[iU])|^(?:yum|dnf|microdnf|zypper)\s.*\binstall\b.*\shttp:\S+\.rpm\b/;

/** Commands that name an index of packages that nobody signs, by the manager's own documentation. */
const indexes =
  /^(?:(?:npm|npx|yarn|pnpm|bun)\s.*\bregistry\b|(?:pip[\d.]*|uv|python[\d.]*|poetry|pdm)\s.*(?:-i\s|index|repositories\.|find-links|source\s+add)|(?:gem|bundle)\s.*(?:-s\s|--source|sources|mirror|install)|go\s+env\s|composer\s.*repositor|cargo\s.*(?:--index|registr)|(?:nuget|dotnet)\s.*source|conda\s.*(?:-c\s|channel)|helm\s+(?:repo|install|pull))/;

function flaw(address: string, program: string): Flaw {
  const host = hostOf(address);
  return {
    message: `gets a file from ${host} over plain HTTP and gives it to ${program}: anyone who is on the way can replace it`,
    evidence: `http://${host}`,
    severity: unpackers.test(program) ? "medium" : undefined,
  };
}

function addsPlain(copy: NonNullable<ReturnType<typeof copyOf>>): Flaw | undefined {
  if (copy.keyword !== "ADD" || /--checksum=/.test(copy.flags)) return undefined;
  const address = copy.sources.find((source) => /^http:\/\//i.test(source) && !isLocal(source));
  return address === undefined
    ? undefined
    : {
        message: `adds a file from ${hostOf(address)} over plain HTTP: anyone who is on the way can replace it`,
        evidence: `http://${hostOf(address)}`,
        severity: "medium",
      };
}

function plainAddress({ words }: ShellCommand): string | undefined {
  const addresses = words.map((word) => word.replace(/^(?:--?[a-z-]+|[A-Z_]+)=(?=http:)/, ""));
  return addresses.find((word) => /^http:\/\/[^\s/$]/i.test(word) && !isLocal(word));
}

function isLocal(address: string): boolean {
  return /^(?:localhost|127\.[\d.]+|\[::1\])$/i.test(hostOf(address));
}

function hostOf(address: string): string {
  return /^https?:\/\/(?:[^@/]*@)?([^/:?#]+)/i.exec(address)?.[1] ?? "a server";
}

/** The file that a download is written to: `-o FILE`, `-O FILE`, or the last part of the address. */
function outputOf(words: readonly string[], address: string): string | undefined {
  const isCurl = programOf(words) === "curl";
  for (const [index, word] of words.entries()) {
    const long = /^--output(?:-document)?(?:=(.*))?$/.exec(word);
    const short = (isCurl ? /^-[a-zA-Z]*o(.*)$/ : /^-[a-zA-Z]*O(.*)$/).exec(word);
    const match = long ?? (word.startsWith("--") ? null : short);
    if (!match) continue;
    const given = match[1] || words[index + 1];
    return given === "-" ? undefined : given;
  }
  const into = words.findIndex((word) => /^1?>/.test(word));
  if (into !== -1) return words[into]?.replace(/^1?>+/, "") || words[into + 1];
  const name = address.replace(/[?#].*$/, "");
  const last = name.slice(name.lastIndexOf("/") + 1);
  return isCurl && !words.some((word) => /^-[a-zA-Z]*O|^--remote-name/.test(word))
    ? undefined
    : last || undefined;
}

function uses({ words }: ShellCommand, file: string): boolean {
  const base = file.slice(file.lastIndexOf("/") + 1);
  const named = (word: string) => word === file || word === base || word.endsWith(`/${base}`);
  const [first = "", ...others] = words;
  return named(first) || (users.test(programOf(words)) && others.some(named));
}
