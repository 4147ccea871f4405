import { type Control, manual } from "../control.ts";
import { byLayer, type Flaw } from "./by-layer.ts";

export const imageWorldWritable: Control = {
  id: "image-world-writable",
  title: "The build makes files writable for everyone",
  why: "After chmod 777 every user in the container can change the file: also the one whom an intruder becomes first. A program or a configuration that root reads later is then a way to root.",
  row: undefined,
  severity: "low",
  guard: "off",
  cis: [],
  attack: ["T1222.002", "T1554"],
  cwe: [732],
  where: ["D"],
  references: ["https://man7.org/linux/man-pages/man1/chmod.1.html"],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN mkdir /app && chmod -R 777 /app\n" },
      { syntax: "dockerfile", text: "FROM debian:12\nRUN chmod o+w /etc/app.conf\n" },
    ],
    good: [
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nRUN mkdir /app && chown 1000:1000 /app && chmod 750 /app\n",
      },
      { syntax: "dockerfile", text: "FROM debian:12\nRUN chmod 1777 /tmp\n" },
    ],
  },
  check: { image: byLayer(opensToAll, "nothing is writable for everyone") },
  remedy: {
    image: () =>
      manual("Give the files to the user that writes them (COPY --chown, chown), and leave the mode alone."),
  },
};

const chmod =
  /\bchmod\s+(?:-\S+\s+)*(0?[0-7][0-7][2367]|(?:[ugo]*o[ugo]*|a[ugo]*|[ugo]*a)[+=][rxXst]*w[rwxXst]*|ugo[+=]\S*w\S*)\s+(?:-\S+\s+)*([\w./@+][\w./@+-]*)?/;

/** Folders such as /tmp have the sticky bit (1777), which is as it should be. */
function opensToAll(instruction: string): Flaw | undefined {
  const mode = /^(?:COPY|ADD)\b[\s\S]*?--chmod=(0?[0-7][0-7][2367])\b/i.exec(instruction)?.[1];
  const match = /^RUN\b/i.test(instruction) ? chmod.exec(instruction) : null;
  const given = mode ?? match?.[1];
  if (given === undefined) return undefined;
  const evidence = match?.[2] === undefined ? `chmod ${given}` : `chmod ${given} ${match[2]}`;
  const how = mode === undefined ? `runs ${evidence}` : `copies with --chmod=${mode}`;
  return { message: `${how}: every user in the container can change it`, evidence };
}
