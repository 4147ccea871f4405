import { setImmediate as nextTurn } from "node:timers/promises";
import { textAt } from "../../base/json.ts";
import type { Answer as EngineAnswer, EngineClient } from "../../engine/client.ts";
import { saysPodman } from "../../engine/documents/info.ts";
import type { Ask } from "../judge/judge.ts";
import { type Answer, type EngineDocument, type Question, questionKey } from "../judge/result.ts";
import type { ObjectKind } from "../routes/route.ts";
import { formerImages } from "./former-images.ts";
import type { HostEyes } from "./host-path.ts";

/** What a kind of object is inspected by, and which member of the document is its full id. */
const kinds: Readonly<Record<ObjectKind, { readonly path: (name: string) => string; readonly id: string }>> =
  {
    container: { path: (name) => `/containers/${name}/json`, id: "Id" },
    exec: { path: (name) => `/exec/${name}/json`, id: "ID" },
    image: { path: (name) => `/images/${name}/json`, id: "Id" },
    volume: { path: (name) => `/volumes/${name}`, id: "Name" },
    network: { path: (name) => `/networks/${name}`, id: "Id" },
    service: { path: (name) => `/services/${name}`, id: "ID" },
    task: { path: (name) => `/tasks/${name}`, id: "ID" },
    node: { path: (name) => `/nodes/${name}`, id: "ID" },
    secret: { path: (name) => `/secrets/${name}`, id: "ID" },
    config: { path: (name) => `/configs/${name}`, id: "ID" },
    plugin: { path: (name) => `/plugins/${name}/json`, id: "Id" },
  };

/** Milliseconds of looking at the host's files before other clients have their turn. */
const longestStep = 5;

/** Questions to the Engine under way: of one request, and of all. More of all than may wait are not asked. */
const most = { ofOne: 8, ofAll: 32, waiting: 2_048 };

/** Milliseconds for which the Engine's description of itself counts: /info makes it run its runtimes. */
const engineLasts = 10_000;

/**
 * Answers what a decision depends on: objects by the Engine's inspect, and paths by what is on the host. An object may change
 * between two requests, so none is remembered but the Engine's own description, and whose each image's name was. `hear` gets that
 * description with each decision that depends on it. Never rejects.
 */
export function answerer(
  engine: Pick<EngineClient, "get">,
  eyes: HostEyes,
  hear: (description: unknown) => void = () => {},
): Ask {
  const describe = remember(() => describeEngine(engine), engineLasts);
  const former = formerImages();
  const turn = turns<Answer>({ state: "unknown", reason: "too many questions wait for the Engine" });

  async function listImages(): Promise<Answer> {
    const got = await engine.get("/images/json?identity=1");
    if (!got.ok) return failure(got);
    former.noteAll(got.value);
    return { state: "found", id: "images", document: got.value };
  }

  async function answer(question: Exclude<Question, { readonly kind: "hostPath" }>): Promise<Answer> {
    if (question.kind === "engine") {
      const described = await describe();
      if (described.state === "found") hear(described.document);
      return described;
    }
    if (question.kind === "images") return await listImages();
    if (question.kind === "caches") {
      const got = await engine.get("/system/df?type=build-cache");
      return got.ok ? { state: "found", id: "caches", document: got.value } : failure(got);
    }
    const { path, id } = kinds[question.kind];
    const name = encodeName(question.name);
    if (name === undefined) return { state: "missing" };
    const got = await engine.get(path(name));
    if (!got.ok) {
      const failed = failure(got);
      const known =
        failed.state === "missing" && question.kind === "image" ? former.get(question.name) : undefined;
      return known === undefined ? failed : { state: "missing", former: known };
    }
    if (question.kind === "image") former.note(got.value);
    const full = textAt(got.value, id);
    if (full === undefined || full === "")
      return { state: "unknown", reason: `the Engine describes the ${question.kind} without an id` };
    return { state: "found", id: full, document: got.value };
  }

  return async (questions) => {
    const asked = questions.flatMap((question) => (question.kind === "hostPath" ? [] : [question]));
    const found = new Map<string, Answer>();
    const one = async (): Promise<void> => {
      for (let question = asked.shift(); question; question = asked.shift()) {
        const known = question;
        found.set(questionKey(known), await turn(() => answer(known)));
      }
    };
    const answers = Promise.all(Array.from({ length: Math.min(most.ofOne, asked.length) }, one));
    let began = performance.now();
    for (const question of questions) {
      if (question.kind !== "hostPath") continue;
      found.set(questionKey(question), eyes.look(question.path));
      if (performance.now() - began < longestStep) continue;
      await nextTurn();
      began = performance.now();
    }
    await answers;
    return found;
  };
}

/** A name for a path: image names have several parts. Undefined if the result would be another path. */
function encodeName(name: string): string | undefined {
  const parts = name.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) return undefined;
  return parts.map((part) => encodeURIComponent(part)).join("/");
}

function failure(answer: Extract<EngineAnswer, { readonly ok: false }>): Answer {
  return answer.kind === "missing" ? { state: "missing" } : { state: "unknown", reason: answer.reason };
}

async function describeEngine(engine: Pick<EngineClient, "get">): Promise<Answer> {
  const [info, version, networks] = await Promise.all([
    engine.get("/info"),
    engine.get("/version"),
    engine.get("/networks"),
  ]);
  for (const each of [info, version]) if (!each.ok) return { state: "unknown", reason: each.reason };
  const isPodman = version.ok && saysPodman(version.value);
  const libpod = isPodman ? await engine.get("/libpod/info") : undefined;
  const document: EngineDocument = {
    info: info.ok ? info.value : undefined,
    version: version.ok ? version.value : undefined,
    ...(networks.ok && { networks: networks.value }),
    ...(libpod?.ok && { libpod: libpod.value }),
  };
  return { state: "found", id: "engine", document };
}

/** The same answer, the very object, for as long as it lasts; one that failed is asked for again. */
function remember(ask: () => Promise<Answer>, lasts: number): () => Promise<Answer> {
  let last: { readonly answer: Promise<Answer>; readonly until: number } | undefined;
  return () => {
    if (last && Date.now() < last.until) return last.answer;
    const made = { answer: ask(), until: Date.now() + lasts };
    last = made;
    void made.answer.then(({ state }) => {
      if (state !== "found" && last === made) last = undefined;
    });
    return made.answer;
  };
}

/** Lets so many run at a time, the others in turn; one that may not even wait gets `refused`. */
function turns<T>(refused: T): (run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (waiting.length >= most.waiting) return refused;
    if (running >= most.ofAll) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await run();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
