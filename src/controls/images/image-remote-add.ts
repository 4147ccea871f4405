import { type Control, manual } from "../control.ts";
import { byLayer, copyOf, type Flaw } from "./by-layer.ts";

export const imageRemoteAdd: Control = {
  id: "image-remote-add",
  title: "ADD fetches a file that nothing checks",
  why: "ADD with an address takes whatever the server has on that day. Without a checksum nobody notices that the file was replaced, and two builds of the same Dockerfile give different images.",
  row: undefined,
  severity: "low",
  guard: "off",
  cis: [],
  attack: ["T1195.002"],
  cwe: [494],
  where: ["D"],
  references: ["https://docs.docker.com/reference/dockerfile/#add---checksum"],
  examples: {
    bad: [{ syntax: "dockerfile", text: "FROM debian:12\nADD https://x.example/tool.tar.gz /opt/\n" }],
    good: [
      {
        syntax: "dockerfile",
        text: "FROM debian:12\nADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://x.example/tool.tar.gz /opt/\n",
      },
      { syntax: "dockerfile", text: "FROM debian:12\nADD app.tar.gz /app/\n" },
    ],
  },
  check: { image: byLayer(fetchesUnchecked, "nothing is fetched unchecked") },
  remedy: {
    image: () => manual("Add --checksum=sha256:… to it, or fetch the file in a RUN that checks it."),
  },
};

function fetchesUnchecked(instruction: string): Flaw | undefined {
  const copy = copyOf(instruction);
  if (copy?.keyword !== "ADD" || /--checksum=/.test(copy.flags)) return undefined;
  // A Git address at a whole commit is as good as a checksum.
  const address = copy.sources.find(
    (source) => /^https?:\/\//i.test(source) && !/\.git#[0-9a-f]{40}\b/.test(source),
  );
  if (address === undefined) return undefined;
  const host = /^https?:\/\/(?:[^@/]*@)?([^/:?#]+)/i.exec(address)?.[1] ?? "the network";
  return {
    message: `fetches a file from ${host} with ADD and no --checksum: the file can change at any time`,
    evidence: host,
  };
}
