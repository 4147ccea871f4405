import type { InputReading } from "../../formats/formats.ts";
import type { BuildReference } from "../../model/container-values.ts";
import { type FileOrigin, isFileOrigin } from "../../model/origin.ts";
import type { Reading } from "../../model/reading.ts";
import type { Subject } from "../../model/subject.ts";
import type { DiskFiles } from "../inputs/disk-files.ts";

/** Adds the image of each `dockerfile_inline`, with its places in the Compose file. */
export async function withInlineBuilds(reading: InputReading, io: DiskFiles): Promise<InputReading> {
  const builds = reading.subjects.flatMap((subject) => {
    const build = subject.kind === "container" ? subject.views[0]?.build : undefined;
    return build?.state === "set" && build.value.dockerfileInline !== undefined
      ? [{ subject, build: build.value }]
      : [];
  });
  if (builds.length === 0) return reading;
  const { readDockerfile } = await import("../../formats/dockerfile/read.ts");
  const read = builds.map(({ subject, build }) => {
    const { dockerfileInline = "", target, args } = build;
    const marker = `${subject.id}/Dockerfile`;
    const inside = readDockerfile(dockerfileInline, marker, {
      ...(target !== undefined && { target }),
      args,
    });
    return moved(inside, marker, placesOf(build, io));
  });
  return {
    ...reading,
    subjects: [...reading.subjects, ...read.flatMap(({ subjects }) => subjects)],
    gaps: [...reading.gaps, ...read.flatMap(({ gaps }) => gaps)],
    secrets: [...reading.secrets, ...read.flatMap(({ secrets }) => secrets)],
  };
}

type Move = (origin: FileOrigin) => FileOrigin | undefined;

/** Lines of a block stand one by one in the file, further in; of another text only its whole place is known. */
export function placesOf({ dockerfileInline = "", inlineOrigin }: BuildReference, io: object): Move {
  const lineOf = (file: string, line: number) =>
    "line" in io ? (io as DiskFiles).line(file, line) : undefined;
  if (!inlineOrigin || !isFileOrigin(inlineOrigin)) return () => undefined;
  const { file, startLine } = inlineOrigin;
  const lines = dockerfileInline.split("\n");
  return (origin) => {
    const text = lines[origin.startLine - 1];
    const line = startLine + origin.startLine;
    const indent = text === undefined ? -1 : (lineOf(file, line)?.indexOf(text) ?? -1);
    const last = lineOf(file, startLine + origin.endLine)?.indexOf(lines[origin.endLine - 1] ?? "") ?? -1;
    if (indent < 0 || last < 0) return inlineOrigin;
    return {
      ...origin,
      file,
      startLine: line,
      startColumn: origin.startColumn + indent,
      endLine: startLine + origin.endLine,
      endColumn: origin.endColumn + last,
    };
  };
}

/** The same reading with the places of the marked file moved; the subject keeps its name as the file of an id. */
function moved(reading: Reading, marker: string, move: Move): Reading {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    if ("file" in value && value.file === marker && "startLine" in value) {
      const at = value as FileOrigin;
      return move(at) ?? at;
    }
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each)]));
  };
  const { subjects, gaps, secrets } = walk({ ...reading, parts: undefined }) as Reading;
  return {
    subjects: subjects.map(
      (subject): Subject => ({ ...subject, id: marker, stableId: marker, name: marker.replace(/^.*#/s, "") }),
    ),
    gaps: gaps.map((each) => ({ ...each, subject: marker })),
    secrets,
  };
}
