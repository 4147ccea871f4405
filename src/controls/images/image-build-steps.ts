import type { Image } from "../../model/image.ts";
import { type Control, manual } from "../control.ts";
import { byHistory, type Flaw } from "./by-layer.ts";

const updates =
  /\b(?:apt-get|apt|aptitude|yum|dnf|microdnf|zypper|apk)\b(?:\s+-[^\s;&|]+)*\s+(?:update|upgrade|refresh)\b/;
const installs =
  /\b(?:apt-get|apt|aptitude|yum|dnf|microdnf|zypper)\b[^;&|]*\s(?:install|upgrade|dist-upgrade|build-dep|reinstall|in)\b|\bapk\b[^;&|]*\s(?:add|upgrade)\b|--mount=type=cache/;

export const imageUpdateAlone: Control = {
  id: "image-update-alone",
  title: "Package lists are updated in a step of their own",
  why: "The build cache keeps the layer of `RUN apt-get update` as long as that line stays the same. The next RUN then installs from a list that may be months old, without the security fixes since.",
  row: undefined,
  severity: "info",
  guard: "off",
  cis: ["4.7"],
  attack: ["T1195.001"],
  cwe: [1104],
  where: ["D", "A"],
  references: ["https://docs.docker.com/build/building/best-practices/"],
  examples: {
    bad: [
      { syntax: "dockerfile", text: "FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n" },
    ],
    good: [{ syntax: "dockerfile", text: "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n" }],
  },
  check: { image: byHistory(updatesAlone, "no update alone") },
  remedy: {
    image: () => manual("Update and install in one RUN: RUN apt-get update && apt-get install -y NAME."),
  },
};

function updatesAlone(command: string): Flaw | undefined {
  if (!updates.test(command) || installs.test(command)) return undefined;
  const message =
    "updates the package lists in a step that installs nothing: the next step may install old packages";
  return { message, evidence: message };
}

/** What ADD can do and COPY cannot: fetch, unpack. */
const needsAdd = /(?:https?:\/\/|git@|\.git\b|\.(?:tar|tgz|tbz2?|txz|tar\.\w+)\b)/i;

export const imageAdd: Control = {
  id: "image-add",
  title: "ADD is used where COPY would do",
  why: "ADD unpacks archives and fetches URLs without being asked twice: a file that is an archive one day, or an address that answers something else, changes the image. COPY only copies.",
  row: undefined,
  severity: "info",
  guard: "off",
  cis: ["4.9"],
  attack: ["T1105"],
  cwe: [829],
  where: ["D", "A"],
  references: ["https://docs.docker.com/build/building/best-practices/#add-or-copy"],
  examples: {
    bad: [{ syntax: "dockerfile", text: "FROM debian:12\nADD app /app\n" }],
    good: [{ syntax: "dockerfile", text: "FROM debian:12\nCOPY app /app\n" }],
  },
  check: { image: (image) => byHistory(addsFiles, "no ADD")(withoutRoot(image)) },
  remedy: {
    image: () =>
      manual(
        "Write COPY instead of ADD, unless ADD is to unpack an archive or to fetch a URL with --checksum.",
      ),
  },
};

function addsFiles(command: string): Flaw | undefined {
  const adds = /^(?:\/bin\/sh -c #\(nop\)\s+)?ADD\s/i.test(command) && !needsAdd.test(command);
  const message = "uses ADD for files that COPY would copy";
  return adds ? { message, evidence: message } : undefined;
}

/** The oldest layer is the base's root file system, which every base is made of by ADD. */
function withoutRoot(image: Image): Image {
  if (image.level !== "configured") return image;
  return {
    ...image,
    history: image.history.map((item, index) =>
      item.state === "set" && index === image.history.length - 1 ? { ...item, value: "" } : item,
    ),
  };
}
