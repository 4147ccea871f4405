import { describe, expect, test } from "vitest";
import { memoryDisk } from "../../test/support/memory-disk.ts";
import { fileOf, type Input, readInput } from "../audit/inputs/inputs.ts";
import { bareContext } from "../controls/control.ts";
import type { ContainerPatch, Patch } from "../model/patch.ts";
import type { Reading } from "../model/reading.ts";
import { changedTexts } from "./changed-texts.ts";
import type { Step } from "./plan/step.ts";
import { type Planned, writePlans } from "./write-plans.ts";

const compose = { profiles: [], envFiles: [] };

function step(...patches: readonly Patch[]): Step {
  return {
    kind: "behavioural",
    keys: ["x"],
    controls: ["x"],
    summary: "",
    why: "",
    breaks: [],
    patches,
  };
}

const unprivileged: ContainerPatch = { op: "set", field: "privileged", value: false };
const readOnly: ContainerPatch = { op: "set", field: "readonlyRootfs", value: true };

type StepsOf = Readonly<Record<string, readonly Step[]>>;

/** Writes steps into a text, by the subject's name. */
async function written(input: Input, text: string, steps: StepsOf) {
  const file = fileOf(input);
  const { done, textOf } = await writtenAll([input], { [file]: text }, steps);
  return { done, after: textOf(file) };
}

/** The same of several inputs that may read one another's files. */
async function writtenAll(inputs: readonly Input[], files: Readonly<Record<string, string>>, steps: StepsOf) {
  const io = memoryDisk(files);
  const readings = new Map<Input, Reading>();
  for (const input of inputs)
    readings.set(input, await readInput(input, { ...compose, forWriting: true }, io));
  const plans = [...readings].flatMap(([input, reading]) =>
    reading.subjects.map(
      (subject): Planned => ({
        subject,
        context: bareContext(subject.source),
        input,
        readAs: subject.id,
        failing: [],
        open: [],
        steps: steps[subject.name] ?? [],
        declined: [],
      }),
    ),
  );
  const texts = changedTexts(
    io,
    [...readings.values()].flatMap(({ secrets }) => secrets),
  );
  const done = await writePlans(plans, { compose, readings }, texts);
  const textOf = (file: string) => texts.list().find((text) => text.file === file)?.after ?? files[file];
  return { done, textOf };
}

const composeInput: Input = { format: "compose", files: ["compose.yaml"] };

describe("each format's own writer is asked", () => {
  test("services of one Compose file", async () => {
    const text = "services:\n  a:\n    image: x\n    privileged: true\n  b:\n    image: y # kept\n";
    const { after } = await written(composeInput, text, { a: [step(unprivileged)], b: [step(readOnly)] });
    expect(after).not.toContain("privileged: true");
    expect(after).toContain("image: y # kept\n    read_only: true\n");
  });

  test("commands of one script, two in a line", async () => {
    const input: Input = { format: "script", files: ["run.sh"] };
    const text = "docker run --name a --privileged x && docker run --name b y\n";
    const { after } = await written(input, text, { a: [step(unprivileged)], b: [step(readOnly)] });
    expect(after).toBe("docker run --name a x && docker run --name b --read-only y\n");
  });

  test("a Dockerfile and a daemon.json", async () => {
    const image = await written({ format: "dockerfile", files: ["Dockerfile"] }, "FROM alpine AS app\n", {
      app: [step({ op: "set", field: "user", value: "1000:1000" })],
    });
    expect(image.after).toBe("FROM alpine AS app\nUSER 1000:1000\n");
    const engine = await written({ format: "daemon-json", files: ["daemon.json"] }, '{ "icc": true }\n', {
      engine: [step({ op: "set", field: "icc", value: false })],
    });
    expect(engine.after).toBe('{ "icc": false }\n');
  });
});

describe("a Compose file that another project takes over", () => {
  const inputs: readonly Input[] = [
    { format: "compose", files: ["compose.yaml"] },
    { format: "compose", files: ["common.yaml"] },
  ];
  const taking = "services:\n  web:\n    extends: { file: common.yaml, service: base }\n";
  const common = "services:\n  base:\n    image: x\n    privileged: true\n";
  const noNew: ContainerPatch = { op: "set", field: "noNewPrivileges", value: true };

  test("says for both what both are to have", async () => {
    const { done, textOf } = await writtenAll(
      inputs,
      { "compose.yaml": taking, "common.yaml": common },
      { web: [step(unprivileged), step(noNew)], base: [step(unprivileged), step(noNew)] },
    );
    expect(done.flatMap(({ refused }) => refused)).toEqual([]);
    expect(textOf("compose.yaml")).toBe(taking);
    expect(textOf("common.yaml")).toContain(
      "privileged: false\n    security_opt:\n      - no-new-privileges:true\n",
    );
  });

  test("is not changed where docker compose would refuse that project then; the rest is", async () => {
    const hardened = `${taking}    security_opt: [no-new-privileges:true]\n`;
    const { done, textOf } = await writtenAll(
      inputs,
      { "compose.yaml": hardened, "common.yaml": common },
      { web: [step(unprivileged)], base: [step(unprivileged), step(noNew)] },
    );
    const refused = done.flatMap((plan) => plan.refused);
    expect(refused.map(({ reason }) => reason)).toEqual([
      "compose.yaml uses this too, and then docker compose refuses this: services.web.security_opt names the same twice",
    ]);
    expect(textOf("common.yaml")).toBe(common.replace("true", "false"));
    expect(textOf("compose.yaml")).toBe(hardened);
  });

  test("is not changed where a service would follow that is to stay", async () => {
    const { done, textOf } = await writtenAll(
      inputs,
      { "compose.yaml": taking, "common.yaml": common },
      { base: [step(unprivileged)] },
    );
    expect(done.flatMap((plan) => plan.refused).map(({ reason }) => reason)).toEqual([
      "compose.yaml#web uses this too, and would change with it",
    ]);
    expect(textOf("common.yaml")).toBe(common);
  });
});

describe("what cannot be written", () => {
  test("a unit of dockerd is refused with what to do instead", async () => {
    const unit = "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375\n";
    const { done, after } = await written({ format: "dockerd-unit", files: ["docker.service"] }, unit, {
      engine: [step({ op: "set", field: "icc", value: false })],
    });
    expect(after).toBe(unit);
    expect(done[0]?.refused[0]?.reason).toContain("daemon.json");
    expect(done[0]?.steps).toEqual([]);
  });

  test("a step is made whole or not at all, and the others are made", async () => {
    const impossible: ContainerPatch = { op: "set", field: "imageUser", value: "app" };
    const text = "services:\n  a:\n    image: x\n    privileged: true\n";
    const both = step(readOnly, impossible);
    const { done, after } = await written(composeInput, text, { a: [step(unprivileged), both] });
    expect(done[0]?.refused).toMatchObject([{ step: both }]);
    expect(done[0]?.steps).toHaveLength(1);
    expect(after).not.toContain("read_only");
    expect(after).not.toContain("privileged: true");
  });
});
