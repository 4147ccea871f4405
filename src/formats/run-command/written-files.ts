import { unresolved } from "../../model/fact.ts";
import { gap } from "../../model/gap.ts";
import type { FileOrigin } from "../../model/origin.ts";
import { emptyReading, type Reading } from "../../model/reading.ts";
import { engineOf } from "../daemon-json/engine.ts";
import { settingsOfJson } from "../daemon-json/json.ts";
import { type DaemonSettings, engineReading } from "../daemon-json/settings.ts";
import { readDockerdUnit, runsDockerd } from "../daemon-json/unit.ts";
import type { Span } from "../values/positions.ts";
import { type Act, type DaemonFile, isUnitFile } from "./acts.ts";
import { type Range, rangeAt } from "./passage.ts";
import { hole } from "./word.ts";

/** Stands for a part that only the script knows; JSON and units take it within a value. */
const openPart = "\uFFFC";

/** The Engines that a script configures by writing daemon.json or dockerd's unit; what it does not show is a gap. */
export function readWrittenFiles(
  acts: readonly Act[],
  file: string,
  locate: (at: Range) => FileOrigin,
): Reading {
  const read = acts
    .filter((act): act is DaemonFile & Act => act.kind === "file")
    .map((act) => readOne(act, act.at, file, locate));
  return {
    subjects: read.flatMap(({ subjects }) => subjects),
    gaps: read.flatMap(({ gaps }) => gaps),
    secrets: read.flatMap(({ secrets }) => secrets),
  };
}

function readOne(
  { path, program, content }: DaemonFile,
  at: Range,
  file: string,
  locate: (at: Range) => FileOrigin,
): Reading {
  const location = locate(at);
  if (!content) {
    const reason = `${program} writes ${path} here: its new content was not read, so what it configures is not checked`;
    return { ...emptyReading, gaps: [gap(reason, { location })] };
  }
  const text = content.text.replaceAll(hole, openPart);
  const place = ({ start, end }: Span) => locate(rangeAt(content, start, end));
  if (isUnitFile(path)) {
    if (!runsDockerd(text)) return emptyReading;
    return named(readDockerdUnit(text, file, { locate: place }), path, location, file);
  }
  const settings = settingsOfJson(text, file, place);
  const isOpen = text.includes(openPart);
  const open = isOpen ? withOpenParts(settings, location) : settings;
  return named(engineReading(engineOf(open), file, { ...open, location }), path, location, file);
}

/** A value with such a part in it is not known, and JSON that is broken around one says nothing about the file. */
function withOpenParts(settings: DaemonSettings, location: FileOrigin): DaemonSettings {
  const reason = "a part of it is known only when the script runs";
  const given = [...settings.given].map(
    ([key, setting]) =>
      [
        key,
        {
          ...setting,
          items: setting.items.map((item) =>
            item.state === "set" && item.value.includes(openPart)
              ? unresolved(reason, ...item.origins)
              : item,
          ),
        },
      ] as const,
  );
  const gaps = settings.gaps.length > 0 ? [gap(`daemon.json: ${reason}`, { location })] : [];
  const open = gaps.length > 0 ? unresolved(reason, location) : undefined;
  return { ...settings, given: new Map(given), open, gaps };
}

function named(reading: Reading, path: string, location: FileOrigin, file: string): Reading {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const id = `${file}#${name}@${location.startLine}`;
  return {
    ...reading,
    subjects: reading.subjects.map((subject) =>
      subject.kind === "engine"
        ? { ...subject, id, name, stableId: `${file}#${path}`, source: "written-daemon-json", location }
        : subject,
    ),
  };
}
