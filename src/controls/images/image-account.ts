import { hasOption, programOf, type ShellCommand } from "../../base/shell.ts";
import { type Control, manual } from "../control.ts";
import { byHistory, commandsOfLayer, type Flaw, scriptOfLayer } from "./by-layer.ts";

export const imageAccount: Control = {
  id: "image-account",
  title: "The build sets a password, or takes one away",
  why: "A password that a build sets is the same in every container of the image, and everyone who may pull the image finds it or its hash. An account without a password, sudo with NOPASSWD, or an SSH server that takes root's password makes root of anyone who gets that far.",
  row: "2.11",
  severity: "high",
  guard: "off",
  cis: [],
  attack: ["T1078.003", "T1136.001"],
  cwe: [798, 521],
  where: ["D", "A"],
  references: [
    "https://man7.org/linux/man-pages/man8/chpasswd.8.html",
    "https://man7.org/linux/man-pages/man1/passwd.1.html",
    "https://www.sudo.ws/docs/man/sudoers.man/#NOPASSWD",
  ],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN echo root:hunter2 | chpasswd\n" },
      { syntax: "dockerfile", text: "FROM debian:12\nRUN passwd -d root\n" },
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN echo 'app ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/app\n",
      },
    ],
    good: [
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN useradd --system app && passwd -l root\nUSER app\n",
      },
    ],
  },
  check: { image: byHistory(changesAccount, "no password is set or taken away") },
  remedy: {
    image: () =>
      manual(
        "Create accounts without a password (useradd --system, adduser -D) and start as one by USER. Leave sudo and SSH out; `docker exec` gives a shell from the host.",
      ),
  },
};

function changesAccount(instruction: string): Flaw | undefined {
  // What `COPY <<EOF` writes is in the image as well.
  const script =
    scriptOfLayer(instruction) ?? (/^COPY\s.*<<.*sudoers/i.test(instruction) ? instruction : undefined);
  if (script === undefined) return undefined;
  let isPiped = false;
  for (const command of commandsOfLayer(instruction)) {
    const flaw = byCommand(command, isPiped);
    if (flaw) return flaw;
    // The program behind a sudo reads the same input.
    isPiped = command.isPiped || (isPiped && /^(?:sudo|doas|env)$/.test(programOf(command.words)));
  }
  if (/\bNOPASSWD\s*:/.test(script)) {
    return {
      message: "lets sudo run without a password (NOPASSWD): anyone who takes that account over is root",
      evidence: "NOPASSWD",
      // As much as a container that starts as root.
      severity: "medium",
    };
  }
  if (/\bpermit\s+(?:\w+\s+)*nopass\b/.test(script)) {
    return {
      message: "lets doas run without a password (nopass): anyone who takes that account over is root",
      evidence: "nopass",
      severity: "medium",
    };
  }
  const ssh = /\b(PermitEmptyPasswords|PermitRootLogin)["'\s]+yes\b/i.exec(script)?.[1];
  return ssh === undefined
    ? undefined
    : { message: `sets ${ssh} yes: its SSH server lets root in by a password`, evidence: ssh };
}

function byCommand({ words }: ShellCommand, isPiped: boolean): Flaw | undefined {
  const program = programOf(words);
  const set = (evidence: string): Flaw => ({
    message: `sets a password in the build (${evidence}): every container of the image has it, and its layers show it`,
    evidence,
  });
  if (program === "chpasswd") return set("chpasswd");
  if (program === "passwd" && hasOption(words, { names: ["--stdin"] })) return set("passwd --stdin");
  // `echo "x\nx" | passwd root`
  if (/^(?:passwd|smbpasswd|adduser)$/.test(program) && isPiped) return set(`a pipe to ${program}`);
  if (/^(?:user(?:add|mod))$/.test(program) && givesPassword(words)) return set(`${program} -p`);
  if (program === "passwd" && hasOption(words, { names: ["--delete"], letter: "d", values: "inwx" })) {
    return {
      message: "takes an account's password away (passwd -d): everyone may log in as it",
      evidence: "passwd -d",
    };
  }
  if (program === "sed" && words.some((word) => /^s(.)\w+:x:?\1\w+::?\1/.test(word)))
    return {
      message: "takes an account's password away (in /etc/passwd): everyone may log in as it",
      evidence: "/etc/passwd",
    };
  return undefined;
}

/** `-p '!'` and `-p '*'` lock the account. */
function givesPassword(words: readonly string[]): boolean {
  const index = words.findIndex((word) => /^-[a-zA-Z]*p$|^--password$/.test(word));
  const value =
    index === -1 ? words.find((word) => word.startsWith("--password="))?.slice(11) : words[index + 1];
  return value !== undefined && !/^[!*]/.test(value);
}
