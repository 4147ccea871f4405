import { gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { folderOf } from "../run-command/folder.ts";
import { readContainer } from "../run-command/read/container.ts";
import type { Surroundings } from "../run-command/read/draft.ts";
import { readingOf } from "../run-command/subjects.ts";
import { locator } from "../values/positions.ts";
import { describeDevcontainer } from "./devcontainer.ts";
import { describeJenkins } from "./jenkins.ts";
import type { OptionsHost } from "./looks-like.ts";
import { type Described, describeQuadlet } from "./quadlet.ts";

/** Reads a file that says docker run's options in its own way. It is read only: nothing writes it. */
export function readRunOptions(text: string, file: string, host: OptionsHost, io: Files): Reading {
  const around: Surroundings = { file, io, locate: locator(file, text), folder: folderOf(file) };
  const found = describersOf(host, text).map(({ words, at }) => ({
    read: readContainer(words, around),
    location: around.locate(at),
  }));
  const isBroken = found.length === 0 && host === "quadlet";
  return readingOf(found, file, isBroken ? [gap("it has no [Container] section", { file })] : []);
}

function describersOf(host: OptionsHost, text: string): readonly Described[] {
  if (host === "jenkins") return describeJenkins(text);
  const one = host === "quadlet" ? describeQuadlet(text) : describeDevcontainer(text);
  return one ? [one] : [];
}
