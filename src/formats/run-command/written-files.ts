import { unresolved } from "../../model/fact.ts";
import { gap } from "../../model/gap.ts";
import type { FileOrigin } from "../../model/origin.ts";
import { emptyReading, type Reading } from "../../model/reading.ts";
import { engineOf } from "../daemon-json/engine.ts";
import { settingsOfJson } from "../daemon-json/json.ts";
import { type DaemonSettings, engineReading } from "../daemon-json/settings.ts";
import { readDockerdUnit, runsDockerd, startsAny } from "../daemon-json/unit.ts";
import { openPart, openReason } from "../daemon-json/words.ts";
import type { Span } from "../values/positions.ts";
import { type Act, type DaemonFile, isUnitFile } from "./acts.ts";
import { type Range, rangeAt } from "./passage.ts";
import { hole } from "./word.ts";

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
  const unread = (what: string): Reading => {
    const reason = `${program} writes ${path} here: ${what}, so what it configures is not checked`;
    return { ...emptyReading, gaps: [gap(reason, { location })] };
  };
  if (!content) return unread("its new content was not read");
  const text = content.text.replaceAll(hole, openPart);
  const place = ({ start, end }: Span) => locate(rangeAt(content, start, end));
  if (isUnitFile(path)) {
    if (runsDockerd(text)) return named(readDockerdUnit(text, file, { locate: place }), path, location, file);
    return startsAny(text) ? unread("it is not known whether it runs dockerd") : emptyReading;
  }
  const settings = settingsOfJson(text, file, place);
  const isOpen = text.includes(openPart);
  const open = isOpen ? withOpenParts(settings, location) : settings;
  return named(engineReading(engineOf(open), file, { ...open, location }), path, location, file);
}

/** A value with such a part in it is not known, and JSON that is broken around one says nothing about the file. */
function withOpenParts(settings: DaemonSettings, location: FileOrigin): DaemonSettings {
  const given = [...settings.given].map(
    ([key, setting]) =>
      [
        key,
        {
          ...setting,
          items: setting.items.map((item) =>
            item.state === "set" && item.value.includes(openPart)
              ? unresolved(openReason, ...item.origins)
              : item,
          ),
        },
      ] as const,
  );
  const gaps = settings.gaps.length > 0 ? [gap(`daemon.json: ${openReason}`, { location })] : [];
  const open = gaps.length > 0 ? unresolved(openReason, location) : undefined;
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
