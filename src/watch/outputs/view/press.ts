import { findingKey, subjectKey } from "../../change.ts";
import { type SilenceKind, type SilenceRequest, untilOf } from "../../changes/silence.ts";
import { chosen, type Mode, type Pane, type Question, type ViewItem, type ViewModel } from "./state.ts";

/** What a key asks for beside another look. */
export type Effect =
  | { readonly effect: "quit" }
  | { readonly effect: "silence"; readonly request: SilenceRequest }
  /** Ends what speaks of this finding. */
  | { readonly effect: "unsilence"; readonly finding: ViewItem["finding"] };

interface PressContext {
  readonly items: Readonly<Record<Pane, readonly ViewItem[]>>;
  /** The keys of what is open, whatever the filter hides. */
  readonly open: ReadonlySet<string>;
  /** Lines of a page. */
  readonly page: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface Pressed {
  readonly model: ViewModel;
  readonly effect?: Effect;
}

/** What a key does to the view. */
export function press(model: ViewModel, key: Key, context: PressContext): Pressed {
  if (key.name === "interrupt") return { model, effect: { effect: "quit" } };
  const { mode } = model;
  switch (mode.kind) {
    case "ask":
      return answer(model, mode, key, context);
    case "help":
      return isLetter(key, "q") ? quit(model) : { model: { ...model, mode: list } };
    case "detail":
      return inDetail(model, mode, key, context);
    case "list":
      return inList(model, key, context);
  }
}

const list: Mode = { kind: "list" };

function inList(model: ViewModel, key: Key, context: PressContext): Pressed {
  const items = context.items[model.pane];
  const at = chosen(model.places[model.pane], items);
  const item = items[at];
  const target = move(key, at, items.length, context.page);
  if (target !== undefined) return { model: choose(model, items, target) };
  if (key.name === "tab") return { model: { ...model, pane: model.pane === "open" ? "changes" : "open" } };
  if (key.name === "enter" && item) return { model: { ...model, mode: { kind: "detail", item, scroll: 0 } } };
  // The filter is what an escape takes back.
  if (key.name === "escape") return { model: { ...model, filter: "" } };
  if (isLetter(key, "/")) return { model: { ...model, mode: question("filter", undefined, model.filter) } };
  return onItem(model, key, item, context);
}

function inDetail(
  model: ViewModel,
  mode: Extract<Mode, { kind: "detail" }>,
  key: Key,
  context: PressContext,
): Pressed {
  if (key.name === "escape" || key.name === "enter" || key.name === "backspace")
    return { model: { ...model, mode: list } };
  const target = move(key, mode.scroll, Number.MAX_SAFE_INTEGER, context.page);
  if (target !== undefined && key.name !== "end")
    return { model: { ...model, mode: { ...mode, scroll: target } } };
  return onItem(model, key, mode.item, context);
}

/** What can be done with a finding, wherever it is shown. */
function onItem(model: ViewModel, key: Key, item: ViewItem | undefined, { open }: PressContext): Pressed {
  if (isLetter(key, "q")) return quit(model);
  if (isLetter(key, "?")) return { model: { ...model, mode: { kind: "help" } } };
  if (!item) return { model };
  if (isLetter(key, "a") && open.has(findingKey(item.finding)))
    return { model: ask(model, "acknowledged", item) };
  if (isLetter(key, "s")) return { model: ask(model, "silenced", item) };
  if (isLetter(key, "u")) return { model, effect: { effect: "unsilence", finding: item.finding } };
  return { model };
}

function ask(model: ViewModel, kind: SilenceKind, { finding }: ViewItem): ViewModel {
  const request = {
    kind,
    control: finding.control,
    subject: subjectKey(finding.subject),
    severity: kind === "acknowledged" ? finding.severity : "critical",
    reason: "",
  } as const;
  return { ...model, mode: question("reason", request) };
}

function question(what: Question["what"], request: Question["request"], text = ""): Question {
  return { kind: "ask", what, text, request, wrong: undefined };
}

function answer(model: ViewModel, mode: Question, key: Key, context: PressContext): Pressed {
  const typed = (text: string): Pressed => ({
    model: {
      ...model,
      ...(mode.what === "filter" && { filter: text }),
      mode: { ...mode, text, wrong: undefined },
    },
  });
  if (key.name === "text") return mode.text.length < 200 ? typed(mode.text + key.text) : { model };
  if (key.name === "backspace") return typed([...mode.text].slice(0, -1).join(""));
  if (key.name === "clear") return typed("");
  if (key.name === "escape")
    return { model: { ...model, ...(mode.what === "filter" && { filter: "" }), mode: list } };
  if (key.name === "enter") return answered(model, mode, context);
  if (mode.what !== "filter") return { model };
  // What the filter leaves can be gone through while it is typed.
  const moved = inList(model, key, context).model;
  return { model: { ...moved, mode } };
}

function answered(model: ViewModel, mode: Question, context: PressContext): Pressed {
  const { now } = context;
  const { request } = mode;
  const text = mode.text.trim();
  const again = (wrong: string): Pressed => ({ model: { ...model, mode: { ...mode, wrong } } });
  if (mode.what === "filter" || !request) return { model: { ...model, mode: list } };
  if (mode.what === "reason") {
    if (text === "") return again("a reason is needed");
    return { model: { ...model, mode: question("until", { ...request, reason: text }) } };
  }
  const until = text === "" ? undefined : untilOf(text, now);
  if (until === undefined && text !== "") return again("that is not a time");
  if (until === undefined && request.kind === "silenced") return again("a time is needed");
  if (until !== undefined && until <= now) return again("that time is over");
  const left = { ...next(model, context), mode: list };
  return { model: left, effect: { effect: "silence", request: { ...request, until } } };
}

/** What is acknowledged or silenced goes to the end of what is open: the choice does not go with it. */
function next(model: ViewModel, { items }: PressContext): ViewModel {
  if (model.pane !== "open") return model;
  const at = chosen(model.places.open, items.open) + 1;
  return at < items.open.length ? choose(model, items.open, at) : model;
}

function choose(model: ViewModel, items: readonly ViewItem[], index: number): ViewModel {
  // At the top, what is new is what is chosen.
  const id = index === 0 ? undefined : items[index]?.id;
  return { ...model, places: { ...model.places, [model.pane]: { id, index } } };
}

/** Where a key leads in a list of so many; undefined for a key that does not move. */
function move(key: Key, at: number, length: number, page: number): number | undefined {
  const to = (index: number) => Math.max(0, Math.min(index, length - 1));
  if (key.name === "up" || isLetter(key, "k")) return to(at - 1);
  if (key.name === "down" || isLetter(key, "j")) return to(at + 1);
  if (key.name === "pageUp") return to(at - page);
  if (key.name === "pageDown" || isLetter(key, " ")) return to(at + page);
  if (key.name === "home" || isLetter(key, "g")) return 0;
  if (key.name === "end" || isLetter(key, "G")) return to(length - 1);
  return undefined;
}

function quit(model: ViewModel): Pressed {
  return { model, effect: { effect: "quit" } };
}

function isLetter(key: Key, letter: string): boolean {
  return key.name === "text" && key.text === letter;
}

/** A key as the live view takes it. */
type Key =
  | { readonly name: KeyName }
  /** A character that was typed. */
  | { readonly name: "text"; readonly text: string };

type KeyName =
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "home"
  | "end"
  | "enter"
  | "escape"
  | "tab"
  | "backspace"
  /** Ctrl-U: all that was typed goes. */
  | "clear"
  /** Ctrl-C, Ctrl-D. */
  | "interrupt";

/** What terminals send for a key, xterm's and the Linux console's. */
const sequences: Readonly<Record<string, KeyName>> = {
  "[A": "up",
  OA: "up",
  "[B": "down",
  OB: "down",
  "[5~": "pageUp",
  "[6~": "pageDown",
  "[H": "home",
  OH: "home",
  "[1~": "home",
  "[7~": "home",
  "[F": "end",
  OF: "end",
  "[4~": "end",
  "[8~": "end",
  "[Z": "tab",
};

const controls: Readonly<Record<string, KeyName>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0015": "clear",
  "\u0003": "interrupt",
  "\u0004": "interrupt",
};

/** An escape with what belongs to it: a control sequence (ECMA-48), one of three characters, or nothing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send control characters
const pattern = /\u001b(\[[0-9;?]*[ -/]*[@-~]|O[A-Za-z])?|[\s\S]/gu;

/** The keys in what a terminal sent at once; sequences of other keys are left out. */
export function keysOf(sent: string): readonly Key[] {
  return [...sent.matchAll(pattern)].flatMap(([text, sequence]): readonly Key[] => {
    if (text.startsWith("\u001b")) {
      if (sequence === undefined) return [{ name: "escape" }];
      const name = sequences[sequence];
      return name === undefined ? [] : [{ name }];
    }
    const name = controls[text];
    if (name !== undefined) return [{ name }];
    return /\p{Cc}/u.test(text) ? [] : [{ name: "text", text }];
  });
}
