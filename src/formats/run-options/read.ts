import { type Gap, gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { unseenIn } from "../../model/sight.ts";
import { type Dialect, dockerRun } from "../run-command/dialect.ts";
import { folderOf } from "../run-command/folder.ts";
import { readContainer } from "../run-command/read/container.ts";
import type { Surroundings } from "../run-command/read/draft.ts";
import { readingOf } from "../run-command/subjects.ts";
import { locator } from "../values/positions.ts";
import { describeAnsible } from "./ansible.ts";
import { describeDevcontainer } from "./devcontainer.ts";
import { describeJenkins } from "./jenkins.ts";
import type { OptionsHost } from "./looks-like.ts";
import { type Described, describeQuadlet } from "./quadlet.ts";
import { describeTerraform, terraformSight } from "./terraform.ts";

/** Reads a file that says docker run's options in its own way. It is read only: nothing writes it. */
export function readRunOptions(text: string, file: string, host: OptionsHost, io: Files): Reading {
  const around: Surroundings = { file, io, locate: locator(file, text), folder: folderOf(file) };
  const { found: described, gaps } = describe(host, text, around);
  const dialect = dialects[host];
  const found = described.map(({ words, at }) => ({
    read: readContainer(words, around, undefined, dialect),
    location: around.locate(at),
    source: dialect.source,
  }));
  return readingOf(found, file, gaps);
}

function describe(host: OptionsHost, text: string, around: Surroundings): Descriptions {
  if (host === "ansible") return describeAnsible(text, around);
  if (host === "terraform") return describeTerraform(text, around);
  if (host === "jenkins") return { found: describeJenkins(text), gaps: [] };
  const one = host === "quadlet" ? describeQuadlet(text) : describeDevcontainer(text);
  if (one) return { found: [one], gaps: [] };
  const { file } = around;
  return { found: [], gaps: host === "quadlet" ? [gap("it has no [Container] section", { file })] : [] };
}

interface Descriptions {
  readonly found: readonly Described[];
  readonly gaps: readonly Gap[];
}

const dialects: Readonly<Record<OptionsHost, Dialect>> = {
  quadlet: dockerRun,
  devcontainer: dockerRun,
  jenkins: dockerRun,
  ansible: { ...dockerRun, source: "ansible", command: "docker_container" },
  terraform: {
    ...dockerRun,
    source: "terraform",
    command: "docker_container",
    silent: { ...dockerRun.silent, ...unseenIn(terraformSight) },
  },
};
