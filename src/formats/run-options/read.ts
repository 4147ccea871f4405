import { posix } from "node:path";
import { type Gap, gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { type ContainerSight, unseenIn } from "../../model/sight.ts";
import { describeAnsible } from "../ansible/read.ts";
import { describeDevcontainer } from "../devcontainer/read.ts";
import { describeJenkins } from "../jenkins/read.ts";
import { type Described, describePod, describeQuadlet, ofItsContainers } from "../quadlet/read.ts";
import { type Dialect, dockerRun } from "../run-command/dialect.ts";
import { folderOf } from "../run-command/folder.ts";
import { type ReadContainer, readContainer } from "../run-command/read/container.ts";
import type { Surroundings } from "../run-command/read/line-facts.ts";
import { runSight } from "../run-command/sight.ts";
import { readingOf } from "../run-command/subjects.ts";
import { describeTerraform, terraformSight } from "../terraform/read.ts";
import { locator } from "../values/positions.ts";
import type { OptionsHost } from "./looks-like.ts";

/** Reads a file that says docker run's options in its own way. It is read only: nothing writes it. */
export function readRunOptions(text: string, file: string, host: OptionsHost, io: Files): Reading {
  const around: Surroundings = { file, io, locate: locator(file, text), folder: folderOf(file) };
  const { found: described, gaps } = describe(host, text, around);
  const dialect = host === "quadlet" && file.endsWith(".pod") ? pod : dialects[host];
  const found = described.map(({ words, at, title }) => ({
    read: asJob(withTitle(readContainer(words, around, undefined, dialect), title), host),
    location: around.locate(at),
    source: dialect.source,
  }));
  return readingOf(found, file, gaps);
}

function withTitle(read: ReadContainer, title: string | undefined): ReadContainer {
  return read.name === undefined && title !== undefined ? { ...read, name: title } : read;
}

/** A container of a pipeline ends with its step. All others run in the background, so that `--rm` makes none of them a job. */
function asJob(read: ReadContainer, host: OptionsHost): ReadContainer {
  const { job: _, ...container } = read.container;
  const isJob = host === "jenkins";
  return {
    ...read,
    container: isJob
      ? { ...container, job: { why: "the pipeline removes it after the step", isOfCi: true } }
      : container,
  };
}

function describe(host: OptionsHost, text: string, around: Surroundings): Descriptions {
  if (host === "ansible") return describeAnsible(text, around);
  if (host === "terraform") return describeTerraform(text, around);
  if (host === "jenkins") return { found: describeJenkins(text), gaps: [] };
  if (host === "quadlet") return describeUnit(text, around);
  return describeDevcontainer(text, around);
}

function describeUnit(text: string, around: Surroundings): Descriptions {
  const { file, io } = around;
  if (file.endsWith(".kube")) {
    return {
      found: [],
      gaps: [gap("it starts what a Kubernetes file says, which bulkhead does not read", { file })],
    };
  }
  // Judged with the containers that name it: a volume by where it leads; of a network no control asks more than its name.
  if (/\.(?:volume|network)$/.test(file)) return { found: [], gaps: [] };
  const isPod = file.endsWith(".pod");
  const one = isPod
    ? describePod(text)
    : describeQuadlet(text, (name) => {
        const beside = io.read(posix.join(posix.dirname(file), name));
        return beside.ok ? beside.value : undefined;
      });
  if (one) return { found: [one], gaps: [] };
  return { found: [], gaps: [gap(`it has no [${isPod ? "Pod" : "Container"}] section`, { file })] };
}

/** What a pod's unit tells of all of its containers. */
const podSight = {
  ...(Object.fromEntries(
    Object.keys(runSight).map((field) => [field, { unseen: ofItsContainers }]),
  ) as unknown as ContainerSight),
  build: "default",
  networkMode: "read",
  networks: "read",
  ports: "read",
  publishAllPorts: "default",
  mounts: "read",
  usernsMode: "read",
} as const satisfies ContainerSight;

const pod: Dialect = { ...dockerRun, hasSecurityOptions: false, silent: unseenIn(podSight) };

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
