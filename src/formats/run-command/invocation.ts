import { type Dialect, dockerRun, serviceCreate, serviceUpdate } from "./dialect.ts";
import { type FlagTable, flagTable, splitArguments } from "./read/arguments.ts";
import { globalFlags, withoutPodmanFlags } from "./read/flags.ts";
import { hole, textOf, unknownWord, type Word } from "./word.ts";

/** What a command really runs, behind `sudo`, `env`, `time` and the like. */
export type Invocation =
  | {
      readonly kind: "docker-run";
      readonly words: readonly Word[];
      readonly docker: Word;
      readonly dialect: Dialect;
    }
  /** A shell or `eval` that is given a script: `bash -c '…'`. */
  | {
      readonly kind: "script";
      readonly script: Word;
      /** `eval` runs it in the shell itself, with all of its variables. */
      readonly sharesScope: boolean;
    }
  /** A shell that reads its script from its input. */
  | { readonly kind: "shell" }
  /** Any other command, behind what starts it. */
  | { readonly kind: "other"; readonly words: readonly Word[] };

const other: Invocation = { kind: "other", words: [] };

/** Programs that run the command behind them, with the letters and names of their own flags that take a value. */
const wrappers: Readonly<Record<string, { readonly values: string; readonly operands?: number }>> = {
  sudo: { values: "ugphCDRTrt" },
  doas: { values: "uC" },
  env: { values: "uCS" },
  time: { values: "fo" },
  exec: { values: "a" },
  nohup: { values: "" },
  command: { values: "" },
  builtin: { values: "" },
  nice: { values: "n" },
  ionice: { values: "cnpPu" },
  chrt: { values: "TPD", operands: 1 },
  taskset: { values: "", operands: 1 },
  timeout: { values: "ks", operands: 1 },
  setsid: { values: "" },
  stdbuf: { values: "ioe" },
  unbuffer: { values: "" },
  "systemd-run": { values: "pEuMH" },
  "systemd-inhibit": { values: "" },
  "systemd-cat": { values: "tp" },
  xargs: { values: "adEIiLlnPs" },
  watch: { values: "n" },
  strace: { values: "eopsuE" },
  retry: { values: "td" },
  caffeinate: { values: "tw" },
  winpty: { values: "" },
  nocorrect: { values: "" },
  noglob: { values: "" },
};

const shells = new Set(["sh", "bash", "dash", "ash", "ksh", "zsh", "busybox"]);

const dockerGlobals: FlagTable = flagTable(globalFlags);

/** Finds the `docker run` or `docker create` in a command's words. */
export function invocationOf(words: readonly Word[]): Invocation {
  let rest = words;
  // Each turn takes at least one word off.
  for (;;) {
    const [first] = rest;
    if (!first) return other;
    if (isDocker(first)) return dockerInvocation(rest);
    const name = baseName(textOf(first));
    if (name === undefined) return other;
    if (shells.has(name)) return shellInvocation(rest.slice(name === "busybox" ? 2 : 1));
    if (name === "eval") return evalInvocation(rest.slice(1));
    if (name === "su" || name === "runuser") return suInvocation(rest.slice(1));
    if (name === "find") {
      rest = behindExec(rest);
      continue;
    }
    const wrapper = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined;
    if (!wrapper) return { kind: "other", words: rest };
    const behind = behindWrapper(name, rest.slice(1), wrapper);
    rest = name === "xargs" ? withInput(first, rest.slice(1, rest.length - behind.length), behind) : behind;
  }
}

function baseName(text: string | undefined): string | undefined {
  return text?.slice(text.lastIndexOf("/") + 1);
}

/** `docker`, `podman`, `/usr/bin/docker`, and a variable that is named after it: `$DOCKER`, `${DOCKER_BIN}`. */
function isDocker(word: Word): boolean {
  const text = textOf(word);
  if (text !== undefined) return /^(?:docker|docker\.exe|podman|nerdctl)$/.test(baseName(text) ?? "");
  const source = word.holes[0]?.source ?? "";
  return (
    word.text === hole && /^\$[({]?DOCKER(?:_?(?:CMD|BIN|CLI|EXE|EXEC|COMMAND|PATH))?[)}]?$/i.test(source)
  );
}

function dockerInvocation(words: readonly Word[]): Invocation {
  const [docker] = words;
  const { rest } = splitArguments(words.slice(1), dockerGlobals);
  const [first, second] = rest.map((word) => textOf(word));
  if (!docker) return other;
  if (first === "service") {
    const dialect = second === "create" ? serviceCreate : second === "update" ? serviceUpdate : undefined;
    return dialect ? { kind: "docker-run", words: rest.slice(2), docker, dialect } : other;
  }
  const behind = first === "container" ? 2 : 1;
  const command = first === "container" ? second : first;
  if (command !== "run" && command !== "create") return { kind: "other", words };
  const isPodman = baseName(textOf(docker)) === "podman";
  const own = rest.slice(behind);
  return {
    kind: "docker-run",
    words: isPodman ? withoutPodmanFlags(own) : own,
    docker,
    dialect: dockerRun,
  };
}

function behindWrapper(
  name: string,
  words: readonly Word[],
  wrapper: { readonly values: string; readonly operands?: number },
): readonly Word[] {
  let index = 0;
  while (index < words.length) {
    const text = words[index]?.text ?? "";
    if (text === "--") {
      index += 1;
      break;
    }
    if (/^-./.test(text)) {
      const last = text.at(-1) ?? "";
      const takesNext = !text.startsWith("--") && wrapper.values.includes(last) && /^-[A-Za-z]+$/.test(text);
      const glued = /^-[A-Za-z]./.test(text) && wrapper.values.includes(text[1] ?? "");
      index += takesNext && !glued ? 2 : 1;
      continue;
    }
    if ((name === "env" || name === "sudo") && /^[A-Za-z_]\w*=/.test(text)) {
      index += 1;
      continue;
    }
    break;
  }
  return words.slice(index + (wrapper.operands ?? 0));
}

/** xargs puts what it reads at the end, or in place of the text that `-I` names. */
function withInput(xargs: Word, options: readonly Word[], command: readonly Word[]): readonly Word[] {
  const reason = "what xargs puts in is not known here";
  const index = options.findIndex((word) => /^-I|^-i/.test(word.text));
  const option = options[index]?.text ?? "";
  const place = option.startsWith("-I")
    ? option.slice(2) || options[index + 1]?.text
    : index >= 0
      ? "{}"
      : undefined;
  if (!place) return [...command, unknownWord(xargs.at, { reason, source: "{}" })];
  return withPlaceholder(command, place, reason);
}

/** `find … -exec COMMAND {} \\;`. */
function behindExec(words: readonly Word[]): readonly Word[] {
  const exec = words.findIndex((word) => /^-(?:exec|ok)(?:dir)?$/.test(word.text));
  if (exec < 0) return [];
  const command = words.slice(exec + 1);
  const end = command.findIndex((word) => word.text === ";" || word.text === "+");
  return withPlaceholder(
    end < 0 ? command : command.slice(0, end),
    "{}",
    "what find puts in is not known here",
  );
}

function withPlaceholder(words: readonly Word[], place: string, reason: string): readonly Word[] {
  return words.map((word) =>
    word.text.includes(place)
      ? { ...unknownWord(word.at, { reason, source: word.text }), many: false }
      : word,
  );
}

/** `bash -lc 'script'`: the first operand behind `-c`; without it, a file, or the input. */
function shellInvocation(words: readonly Word[]): Invocation {
  let given = false;
  for (const [index, word] of words.entries()) {
    const { text } = word;
    if (/^[-+][A-Za-z]+$/.test(text)) {
      if (text.startsWith("-") && text.includes("c")) given = true;
      if (/[oO]$/.test(text)) return shellInvocation(given ? [] : words.slice(index + 2));
      continue;
    }
    if (text === "--" || text.startsWith("--")) continue;
    return given
      ? { kind: "script", script: word, sharesScope: false }
      : text === "-"
        ? { kind: "shell" }
        : other;
  }
  return given ? other : { kind: "shell" };
}

/** `eval` joins its words; one word is the usual case, more are read where they stand side by side. */
function evalInvocation(words: readonly Word[]): Invocation {
  const [first] = words;
  if (!first) return other;
  const inner = invocationOf(words);
  if (words.length > 1) return inner;
  return { kind: "script", script: first, sharesScope: true };
}

/** `su user -c '…'`. */
function suInvocation(words: readonly Word[]): Invocation {
  for (const [index, word] of words.entries()) {
    const script = words[index + 1];
    if (/^-[a-z]*c$|^--(?:session-)?command$/.test(word.text) && script)
      return { kind: "script", script, sharesScope: false };
    if (word.text === "--") return invocationOf(words.slice(index + 1));
  }
  return other;
}
