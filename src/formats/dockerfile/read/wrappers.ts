/** Anything that is a word of a command. */
export interface ArgumentWord {
  readonly text: string;
  readonly literal: boolean;
}

/**
 * Programs that run the command behind their own options, with the options that take a value. `skip` is how many
 * arguments of their own come before the command.
 */
const wrappers: Readonly<Record<string, { readonly values: string; readonly skip?: number }>> = {
  sudo: { values: "CDRTUghprtu" },
  doas: { values: "Cu" },
  env: { values: "CSu" },
  exec: { values: "a" },
  nice: { values: "n" },
  ionice: { values: "cnp" },
  nohup: { values: "" },
  time: { values: "fo" },
  timeout: { values: "ks", skip: 1 },
  stdbuf: { values: "eio" },
  setsid: { values: "" },
  busybox: { values: "" },
  builtin: { values: "" },
  command: { values: "" },
  eval: { values: "" },
  xargs: { values: "EIILPadns" },
  chroot: { values: "", skip: 1 },
  gosu: { values: "", skip: 1 },
  "su-exec": { values: "", skip: 1 },
  fakeroot: { values: "bils" },
  runuser: { values: "Gcgsu" },
  retry: { values: "" },
};

/** `/usr/bin/sudo` is `sudo`; "" for what is only known when it runs. */
export function programOf(words: readonly ArgumentWord[]): string {
  const first = words[0];
  return first?.literal ? first.text.slice(first.text.lastIndexOf("/") + 1) : "";
}

/** The commands that a command runs in turn: what stands behind `sudo -u x`, `env A=b`, `find … -exec`. */
export function wrapped<W extends ArgumentWord>(words: readonly W[]): readonly (readonly W[])[] {
  const program = programOf(words);
  if (program === "find") return executedByFind(words);
  const wrapper = Object.hasOwn(wrappers, program) ? wrappers[program] : undefined;
  if (!wrapper) return [];
  let index = 1;
  for (; index < words.length; index += 1) {
    const text = words[index]?.text ?? "";
    if (text === "--") {
      index += 1;
      break;
    }
    // `command -v sudo` looks for it and does not run it.
    if (program === "command" && /^-[pvV]*[vV]/.test(text)) return [];
    if (/^-[^-]/.test(text)) {
      if (wrapper.values.includes(text.at(-1) ?? "-") && !hasInlineValue(text, wrapper.values)) index += 1;
    } else if (!text.startsWith("-") && !(/^\w+=/.test(text) && (program === "env" || program === "sudo")))
      break;
  }
  const inner = words.slice(index + (wrapper.skip ?? 0));
  return inner.length > 0 ? [inner] : [];
}

/** `-uroot` holds its value: a letter in front of the last already takes one. */
function hasInlineValue(text: string, values: string): boolean {
  return [...text.slice(1, -1)].some((letter) => values.includes(letter));
}

function executedByFind<W extends ArgumentWord>(words: readonly W[]): readonly (readonly W[])[] {
  const commands: (readonly W[])[] = [];
  for (let index = 1; index < words.length; index += 1) {
    if (!/^-(?:exec|execdir|ok|okdir)$/.test(words[index]?.text ?? "")) continue;
    const start = index + 1;
    while (index < words.length && words[index]?.text !== ";" && words[index]?.text !== "+") index += 1;
    if (index > start) commands.push(words.slice(start, index));
  }
  return commands;
}

const shells = new Set(["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"]);

export function isShell(program: string): boolean {
  return shells.has(program);
}

/** The script that `sh -c SCRIPT` or `su -c SCRIPT` is given. */
export function scriptArgument<W extends ArgumentWord>(words: readonly W[]): W | undefined {
  const program = programOf(words);
  if (!isShell(program) && program !== "su" && program !== "runuser") return undefined;
  const flag = words.findIndex(
    (word, index) => index > 0 && /^-[a-zA-Z]*c[a-zA-Z]*$|^--command$/.test(word.text),
  );
  if (flag === -1) return undefined;
  if (!isShell(program)) return words[flag + 1];
  // `bash -eo pipefail -c script`, `bash -c -e script`: the first argument that is not an option is the script.
  return words.slice(flag + 1).find((word) => !/^[-+]/.test(word.text));
}

/** Whether a shell reads its script from standard input: it is given neither a script nor a file. */
export function readsStandardInput(words: readonly ArgumentWord[]): boolean {
  if (!isShell(programOf(words)) || scriptArgument(words)) return false;
  const rest = words.slice(1);
  if (rest.some((word) => /^-[a-zA-Z]*s/.test(word.text))) return true;
  return rest.every((word) => word.text.startsWith("-") || word.text === "pipefail");
}
