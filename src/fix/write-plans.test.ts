import { describe, expect, test } from "vitest";
import { memoryDisk } from "../../test/support/memory-disk.ts";
import type { Input } from "../audit/inputs.ts";
import { readInput } from "../audit/read-input.ts";
import { bareContext } from "../controls/control.ts";
import type { ContainerPatch, Patch } from "../model/patch.ts";
import { changedTexts } from "./changed-texts.ts";
import type { Step } from "./step.ts";
import { type Planned, writePlans } from "./write-plans.ts";

const compose = { profiles: [], envFiles: [] };

function step(...patches: readonly Patch[]): Step {
  return { kind: "behavioural", controls: ["x"], summary: "", why: "", breaks: undefined, patches };
}

const unprivileged: ContainerPatch = { op: "set", field: "privileged", value: false };
const readOnly: ContainerPatch = { op: "set", field: "readonlyRootfs", value: true };

/** Writes steps into a text, by the subject's name. */
async function written(input: Input, text: string, steps: Readonly<Record<string, readonly Step[]>>) {
  const file = "files" in input ? (input.files[0] ?? "") : input.file;
  const io = memoryDisk({ [file]: text });
  const reading = await readInput(input, compose, io);
  const plans = reading.subjects.map(
    (subject): Planned => ({
      subject,
      context: bareContext(subject.source),
      input,
      readAs: subject.id,
      failing: [],
      steps: steps[subject.name] ?? [],
      declined: [],
    }),
  );
  const texts = changedTexts(io, reading.secrets);
  const done = await writePlans(plans, { compose, readings: new Map([[input, reading]]) }, texts);
  return { done, after: texts.list()[0]?.after ?? text };
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
    const input: Input = { format: "script", host: "shell", file: "run.sh" };
    const text = "docker run --name a --privileged x && docker run --name b y\n";
    const { after } = await written(input, text, { a: [step(unprivileged)], b: [step(readOnly)] });
    expect(after).toBe("docker run --name a x && docker run --name b --read-only y\n");
  });

  test("a Dockerfile and a daemon.json", async () => {
    const image = await written({ format: "dockerfile", file: "Dockerfile" }, "FROM alpine AS app\n", {
      app: [step({ op: "set", field: "user", value: "1000:1000" })],
    });
    expect(image.after).toBe("FROM alpine AS app\nUSER 1000:1000\n");
    const engine = await written({ format: "daemon-json", file: "daemon.json" }, '{ "icc": true }\n', {
      engine: [step({ op: "set", field: "icc", value: false })],
    });
    expect(engine.after).toBe('{ "icc": false }\n');
  });
});

describe("what cannot be written", () => {
  test("a unit of dockerd is refused with what to do instead", async () => {
    const unit = "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375\n";
    const { done, after } = await written({ format: "dockerd-unit", file: "docker.service" }, unit, {
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
