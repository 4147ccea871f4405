import { set } from "../../model/fact.ts";
import { type Flags, settingsOfFlags } from "./command-line.ts";
import { splitWords, type Word } from "./words.ts";

/**
 * The arguments of the dockerd that a command runs, behind whatever starts it (`sudo`, `exec`, `nice`, `env`): `dockerd
 * …`, and from before Docker 1.12 `docker daemon …` and `docker -d …`. Undefined where it runs none.
 */
function dockerdOf(words: readonly Word[]): Flags | undefined {
  for (const [index, word] of words.entries()) {
    const name = word.text.slice(word.text.lastIndexOf("/") + 1);
    const rest = words.slice(index + 1);
    if (name === "dockerd" || name === "dockerd-ce") return settingsOfFlags(rest);
    if (name === "dockerd-rootless.sh") return rootless(settingsOfFlags(rest), word);
    if (name === "docker" || name === "docker.io") return legacy(rest);
  }
  return undefined;
}

function rootless(flags: Flags, word: Word): Flags {
  const setting = { key: "rootless", origin: word.origin, items: [set("true", word.origin)] };
  return { ...flags, given: new Map([...flags.given, ["rootless", setting]]) };
}

function legacy(words: readonly Word[]): Flags | undefined {
  const verb = words.findIndex((word) => !word.text.startsWith("-"));
  if (verb !== -1 && words[verb]?.text === "daemon" && verb === 0) return settingsOfFlags(words.slice(1));
  // `-d` counts only among docker's own flags: behind a command (`docker run -d`) it is the command's.
  const commands =
    /^(?:run|create|exec|ps|start|stop|pull|push|build|compose|container|image|images|network|volume|login|rm|rmi|logs|inspect|info|version|system|stack|service|swarm|node|load|save|import|export|cp|kill|attach|tag|search|wait|top|stats|update|rename|restart|events|diff|commit|context|plugin|secret|config|buildx|history|port|pause|unpause)$/;
  for (const [index, word] of words.entries()) {
    if (/^(?:-d|--daemon(?:=true)?)$/.test(word.text)) {
      return settingsOfFlags([...words.slice(0, index), ...words.slice(index + 1)]);
    }
    if (commands.test(word.text)) return undefined;
  }
  return undefined;
}

/** The same, also for a dockerd within a script: `/bin/sh -c 'exec dockerd …'`. */
export function flagsOf(words: readonly Word[]): Flags | undefined {
  const script = words.find(
    (word, index) => /^-\w*c$/.test(words[index - 1]?.text ?? "") && /\bdocker/.test(word.text),
  );
  if (!script) return dockerdOf(words);
  const { text, origin, originFrom } = script;
  const inner = splitWords(
    text,
    { start: 0, end: text.length },
    {
      syntax: "shell",
      locate: ({ start }) => originFrom?.(start) ?? origin,
      variables: () => undefined,
    },
  );
  return dockerdOf(inner.words);
}

/** The options, by their keys in daemon.json, that the arguments of a dockerd give. */
export function keysInFlags(words: readonly Word[]): ReadonlySet<string> {
  return new Set(flagsOf(words)?.given.keys());
}
