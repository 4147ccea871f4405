import { failed, ok, type Result } from "../../base/result.ts";
import type { Engine, ListenAddress } from "../../model/engine.ts";
import { isFileOrigin } from "../../model/origin.ts";
import { applyPatches, type EnginePatch } from "../../model/patch.ts";
import { applyEdits, type Edit, saysSame, type Writing } from "../../model/writing.ts";
import { writeInCycle } from "../values/write-cycle.ts";
import { spellDaemonPatch } from "./spell.ts";
import { isSocketUnit, readDockerdUnit, sourceOf, type TextFile, type UnitSurroundings } from "./unit.ts";
import { commandLineOf } from "./write/command.ts";
import { keyOfField } from "./write/keys.ts";
import { writeDaemonJson } from "./write.ts";

export interface UnitWriting {
  readonly text: string;
  readonly file: string;
  readonly around: UnitSurroundings;
  readonly patches: readonly EnginePatch[];
}

/**
 * The edits that make patches where dockerd is told: a flag in its unit or a drop-in there, an address in its socket unit
 * there, everything else in the daemon.json beside the unit, where there is one; dockerd refuses what is in both. Each
 * patch is read again: one that does not come out as meant is refused with the reason. Never throws.
 */
export function writeDockerdUnit({ text, file, around, patches }: UnitWriting): Writing {
  const main: TextFile = { text, file };
  const before = viewOf(main, around, []);
  const { state, refused: left } = writeInCycle<EnginePatch, UnitEdits>({
    // Where an edit goes depends on those before it: there is no writing them all at once.
    together: () => undefined,
    start: { edits: [], made: [], inFile: [] },
    units: patches,
    add({ edits, made, inFile }, patch) {
      if (!before) return failed("the unit runs no dockerd");
      const planned = editsOf(patch, before, main, around);
      if (!planned.ok) return planned;
      if (planned.value === "daemon.json") return ok({ edits, made, inFile: [...inFile, patch] });
      if (!fits(edits, planned.value)) return failed(again);
      const next = { edits: [...edits, ...planned.value], made: [...made, patch], inFile };
      return isMeant(viewOf(main, around, next.edits), before, next.made) ? ok(next) : failed(notMeant);
    },
  });
  const { edits, inFile } = state;
  const refused = left.map(({ unit, reason }) => ({ patch: unit, reason }));
  const { daemonJson } = around;
  if (!daemonJson || inFile.length === 0) return { edits, refused };
  const written = writeDaemonJson({ ...daemonJson, patches: inFile });
  return { edits: [...edits, ...written.edits], refused: [...refused, ...written.refused] };
}

interface UnitEdits {
  readonly edits: readonly Edit[];
  readonly made: readonly EnginePatch[];
  /** Patches for the daemon.json beside the unit. */
  readonly inFile: readonly EnginePatch[];
}

const again = "another patch changes the same flag";
const notMeant = "dockerd would not read it as meant: change it by hand";

/** What the edits are of one patch; or that the daemon.json is to say it. */
function editsOf(
  patch: EnginePatch,
  before: Engine,
  main: TextFile,
  around: UnitSurroundings,
): Result<readonly Edit[] | "daemon.json"> {
  const key = keyOfField(patch.field);
  if (patch.field === "listenAddresses") {
    const opened = listensIn(isSocketUnit(sourceOf(main)) ? main : around.socket, patch, before);
    if (opened) return opened;
  }
  const command = commandLineOf(main, around);
  if (!command) return failed("a socket unit does not tell how dockerd is set up: say it in its daemon.json");
  if (key !== undefined && command.gives(key)) return command.edits(key, patch);
  if (around.daemonJson) return ok("daemon.json");
  if (patch.op === "replace") return command.add(key ?? "", patch);
  return failed(
    `say it in dockerd's daemon.json (${spellDaemonPatch(patch)}), or as a flag at ${command.place}`,
  );
}

function viewOf(main: TextFile, around: UnitSurroundings, edits: readonly Edit[]): Engine | undefined {
  const edited = (given: TextFile): TextFile => ({
    ...given,
    text: applyEdits(
      given.text,
      edits.filter((edit) => edit.file === given.file),
    ),
  });
  const { text, file } = edited(main);
  const { dropIns, socket } = around;
  const { subjects, gaps } = readDockerdUnit(text, file, {
    ...around,
    ...(dropIns && { dropIns: dropIns.map(edited) }),
    ...(socket && { socket: edited(socket) }),
  });
  const view = subjects[0]?.views[0];
  return view?.kind === "engine" && (edits.length === 0 || gaps.length <= gapsOf(main, around))
    ? view
    : undefined;
}

function gapsOf({ text, file }: TextFile, around: UnitSurroundings): number {
  return readDockerdUnit(text, file, around).gaps.length;
}

function fits(edits: readonly Edit[], more: readonly Edit[]): boolean {
  return more.every((one) =>
    edits.every((other) => one.file !== other.file || one.end < other.start || one.start > other.end),
  );
}

function isMeant(after: Engine | undefined, before: Engine, made: readonly EnginePatch[]): boolean {
  return after !== undefined && saysSame(applyPatches(before, made), after);
}

/**
 * The edits of a socket unit that take away an address which it opens: its whole line. Undefined where the patch is about
 * an address of another origin.
 */
function listensIn(
  socket: TextFile | undefined,
  patch: EnginePatch,
  { listenAddresses }: Pick<Engine, "listenAddresses">,
): Result<readonly Edit[]> | undefined {
  if (!socket || (patch.op !== "remove" && patch.op !== "replace")) return undefined;
  const { address } = patch.value as ListenAddress;
  const found = listenAddresses.find((item) => item.state === "set" && item.value.address === address);
  const origin = found?.origins.find(isFileOrigin);
  if (origin?.file !== socket.file) return undefined;
  const place = `${socket.file}:${origin.startLine}`;
  if (patch.op === "replace") {
    return failed(`write ListenStream=/run/docker.sock at ${place} instead, with SocketMode=0660`);
  }
  const lines = socket.text.split(/(?<=\n)/);
  const start = lines.slice(0, origin.startLine - 1).join("").length;
  const line = lines[origin.startLine - 1] ?? "";
  if (origin.endLine !== origin.startLine || !/^[ \t]*ListenStream[ \t]*=/.test(line)) {
    return failed(`take it out at ${place} by hand`);
  }
  return ok([{ file: socket.file, start, end: start + line.length, text: "" }]);
}
