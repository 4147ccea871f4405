import { type Control, manual } from "../control.ts";
import { byLayer, type Flaw } from "./by-layer.ts";

export const imagePipedScript: Control = {
  id: "image-piped-script",
  title: "A script from the network runs unseen",
  why: "`curl … | sh` runs whatever the server sends on that day, as root of the build. Nobody reads it first, nothing checks it, and a server that was taken over puts its program into your image. A download that breaks off runs half a script.",
  row: undefined,
  severity: "medium",
  guard: "off",
  cis: [],
  attack: ["T1195.002", "T1059.004"],
  cwe: [494, 829],
  where: ["D"],
  references: ["https://docs.docker.com/build/building/best-practices/"],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN curl -fsSL https://get.example.com | sh\n" },
      {
        syntax: "dockerfile",
        text: "FROM alpine:3.20\nRUN wget -qO- https://x.example/install | sudo bash -s -- -y\n",
      },
    ],
    good: [
      {
        syntax: "dockerfile",
        text: 'FROM debian:12\nRUN curl -fsSLo /tmp/i https://x.example/i && echo "abc  /tmp/i" | sha256sum -c && sh /tmp/i\n',
      },
    ],
  },
  check: { image: byLayer(pipesToShell, "no script is run from the network") },
  remedy: {
    image: () =>
      manual(
        "Download the script to a file, check it against a known SHA-256, and run it then; or install a package.",
      ),
  },
};

const piped =
  /\b(curl|wget|fetch)\b[^|;&]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:\/\S*\/)?((?:ba|da|z|k|a)?sh|python3?|perl|ruby|node)\b|\b(?:ba|da|z)?sh\s+(?:-c\s+)?"?(?:<\(|\$\()\s*(curl|wget)\b/;

function pipesToShell(instruction: string): Flaw | undefined {
  if (!/^RUN\b/i.test(instruction)) return undefined;
  const match = piped.exec(instruction);
  if (!match) return undefined;
  const evidence = `${match[1] ?? match[3]} | ${match[2] ?? "sh"}`;
  return { message: `runs what it downloads (${evidence}): nobody checks what the server sends`, evidence };
}
