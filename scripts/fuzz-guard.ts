// Looks for a request that breaks what must hold for all (test/support/guard/invariants.ts), guided by which blocks of
// src/guard it reaches. What reached a new block is kept in the corpus, which the unit tests replay. Beside requests: what
// becomes of them when they are judged, and the messages and frames of BuildKit.
//
// Usage: npm run fuzz:guard -- [--seconds 60] [--seed 1] [--keep]
//        npm run fuzz:guard -- --engine --seconds 600      a hostile command on a leash, its tries in a random order, then two
//                                                       clients at random on a real Engine (scripts/never-worse.ts)
//        tsx scripts/fuzz-guard.ts --vectors      texts for test/support/guard/fixtures/go-decoding/main.go

import { readFileSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { writeMessage } from "../src/guard/buildkit/protobuf.ts";
import { routes } from "../src/guard/routes/table.ts";
import { containerCreate } from "../src/guard/shapes/container.ts";
import type { Shape } from "../src/guard/shapes/shape.ts";
import {
  brokenByFrames,
  brokenByMessage,
  messageFrom,
  messageShapes,
} from "../test/support/guard/buildkit-invariants.ts";
import { documentOf } from "../test/support/guard/documents.ts";
import {
  bodyPlaces,
  dockerfileLines,
  hostileBody,
  hostileDockerfile,
  hostileTexts,
  judgingTime,
  lengths,
  solvePlaces,
  solvingTime,
} from "../test/support/guard/hostile.ts";
import { type FuzzInput, toRaw } from "../test/support/guard/input.ts";
import { brokenBy } from "../test/support/guard/invariants.ts";
import { brokenByJudging } from "../test/support/guard/judged-invariants.ts";
import { calls, policies } from "../test/support/guard/never-worse.ts";
import { brokenByCalls } from "../test/support/guard/never-worse-mock.ts";
import { brokenBySending, namedRequests, sentPolicies } from "../test/support/guard/sent.ts";

const corpusFile = new URL("../test/support/guard/fixtures/corpus.json", import.meta.url);
const batchSize = 250;

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    keep: { type: "boolean", default: false },
    engine: { type: "boolean", default: false },
    vectors: { type: "boolean", default: false },
  },
});

const shapes = routes.flatMap((route): [string, Shape][] =>
  (route.body.kind === "json" || route.body.kind === "hijack") && route.body.shape !== undefined
    ? [[route.id, route.body.shape]]
    : [],
);

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = randomFrom(Number(options.seed));
const below = (count: number) => Math.floor(random() * count);

function pick<T>(items: readonly T[]): T {
  const item = items[below(items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

const tokens =
  '/ // /. /.. . .. % %2f %2F %3a %40 %25 %00 %0a %c3%a9 + & && = == ; # ? ?a=1 : @ * \\ v1.45 /v1.45 /v1.54 v1.045 1 0 -1 true no none null {} [] " , { } [ ] \\u0000 \\ud800 \u017f \u212a \u0000 \u00e9 json application/json chunked Upgrade tcp h2c websocket gzip a Privileged privileged HostConfig Ho\u017ftConfig __proto__ constructor'.split(
    " ",
  );

const extraHeaders: readonly (readonly [string, string])[] = [
  ["Content-Type", "application/json"],
  ["content-type", "application/x-www-form-urlencoded"],
  ["Content-Length", "0"],
  ["Content-Length", "12"],
  ["Transfer-Encoding", "chunked"],
  ["Content-Encoding", "gzip"],
  ["Connection", "Upgrade"],
  ["Upgrade", "tcp"],
  ["Upgrade", "websocket"],
  ["Upgrade", "h2c"],
  ["Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Protocol", "a"],
  ["X-Registry-Auth", "e30="],
  ["X-Registry-Auth", "eyJVc2VybmFtZSI6ImEifQ=="],
  ["X-Registry-Config", "eyJyIjp7InVzZXJuYW1lIjoiYSJ9fQ=="],
  ["X-Docker-Expose-Session-Grpc-Method", "/a.b/C"],
  ["X-Docker-Expose-Session-Uuid", "a"],
  ["Origin", "http://a"],
  ["Host", "a"],
  ["Trailer", "a"],
];

/** One good request for each route and a few of each body. */
function seeds(): FuzzInput[] {
  const out: FuzzInput[] = [];
  for (const [index, route] of routes.entries()) {
    const path = route.path.replace(/\{([a-z]+)\}/g, (_, name: string) => (name === "exec" ? "0af" : "a"));
    const query = Object.entries(route.query).map(
      ([name, param]) => `${name}=${param.kind === "json" ? "{}" : param.kind === "int" ? "1" : "a"}`,
    );
    const target = `/v1.45${path}${query.length === 0 ? "" : `?${query.join("&")}`}`;
    const { body } = route;
    if (body.kind === "tar") out.push({ method: route.method, target, headers: [], body: "stream" });
    const shape = body.kind === "json" || body.kind === "hijack" ? body.shape : undefined;
    if (shape === undefined) {
      out.push({ method: route.method, target, headers: upgradeFor(route.id), body: null });
      // Clients send a body where a route takes none.
      for (const text of ["{}", "null", '{"a":1}'])
        out.push({
          method: route.method,
          target,
          headers: [["Content-Type", "application/json"]],
          body: Buffer.from(text).toString("base64"),
        });
      continue;
    }
    for (const text of fc.sample(documentOf(shape, 3), { numRuns: 8, seed: index }))
      out.push({
        method: route.method,
        target,
        headers: [["Content-Type", "application/json"]],
        body: Buffer.from(text).toString("base64"),
      });
  }
  return [...out, ...longLists()];
}

/** Create requests with lists at and past the number of items that a policy admits. */
function longLists(): FuzzInput[] {
  const members = (count: number, prefix: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix}${at}`, ""]));
  const texts = (count: number, prefix: string) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);
  return [255, 256, 257, 4_000].flatMap((count) =>
    [
      { HostConfig: { Tmpfs: members(count, "/t") } },
      { HostConfig: { Sysctls: members(count, "net.a") } },
      { HostConfig: { LogConfig: { Type: "json-file", Config: members(count, "o") } } },
      { HostConfig: { CapAdd: texts(count, "A") } },
      { HostConfig: { Binds: texts(count, "/srv:/x") } },
      { HostConfig: { SecurityOpt: texts(count, "label=") } },
      { HostConfig: { GroupAdd: texts(count, "") } },
      { Env: texts(count, "A=") },
      { Labels: members(count, "l") },
      {
        NetworkingConfig: {
          EndpointsConfig: Object.fromEntries(texts(count, "n").map((name) => [name, {}])),
        },
      },
    ].map((body) => ({
      method: "POST",
      target: "/v1.45/containers/create",
      headers: [["Content-Type", "application/json"] as const],
      body: Buffer.from(JSON.stringify({ Image: "a", ...body })).toString("base64"),
    })),
  );
}

/** A parameter of any route, once or twice, on the target: clients repeat members of the body there. */
function addParameter(target: string): string {
  const name = pick([...parameters, "Image", "HostConfig", "a"]);
  const value = pick(["", "0", "1", "true", "{}", "a", "%7B%22a%22%3A%5B%22b%22%5D%7D", "%00"]);
  const added = `${name}=${value}`;
  const joint = target.includes("?") ? "&" : "?";
  return `${target}${joint}${added}${below(3) === 0 ? `&${added}` : ""}`;
}

const parameters = [...new Set(routes.flatMap(({ query }) => Object.keys(query)))];

function upgradeFor(id: string): [string, string][] {
  return id === "session" || id === "grpc" ? [["Upgrade", "h2c"]] : [];
}

function mutateText(text: string): string {
  const at = below(text.length + 1);
  const end = Math.min(text.length, at + below(4));
  switch (below(4)) {
    case 0:
      return text.slice(0, at) + pick(tokens) + text.slice(at);
    case 1:
      return text.slice(0, at) + pick(tokens) + text.slice(end);
    case 2:
      return text.slice(0, at) + text.slice(end);
    default:
      return text.slice(0, end) + text.slice(at);
  }
}

function mutateBody(body: string | null): string | null {
  if (body === null || body === "stream")
    return pick([null, "stream", "", "e30=", "bnVsbA==", "eyJhIjoxfQ=="]);
  const bytes = Buffer.from(body, "base64");
  if (below(3) > 0) return Buffer.from(mutateText(bytes.toString("latin1")), "latin1").toString("base64");
  return Buffer.from(mutateText(bytes.toString())).toString("base64");
}

function mutate(input: FuzzInput, other: FuzzInput): FuzzInput {
  switch (below(9)) {
    case 8:
      return { ...input, target: addParameter(input.target) };
    case 0:
      return { ...input, method: pick(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "get"]) };
    case 1:
    case 2:
      return { ...input, target: mutateText(input.target) };
    case 3:
      return { ...input, headers: [...input.headers, pick(extraHeaders)] };
    case 4:
      return {
        ...input,
        headers: input.headers.map(([name, value]) => [name, below(2) === 0 ? value : mutateText(value)]),
      };
    case 5:
      return { ...input, body: other.body, headers: other.headers };
    default:
      return { ...input, body: mutateBody(input.body) };
  }
}

/** Bytes of the guard's own files that ran, since the program began. */
class Coverage {
  readonly #session = new Session();
  readonly #seen = new Map<string, ReadonlySet<number>>();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** How many bytes ran for the first time since it was asked last. */
  async take(remember: boolean): Promise<number> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    let fresh = 0;
    for (const script of result) {
      if (!/\/src\/guard\/(?:json|request|shapes|routes)\//.test(script.url)) continue;
      const ran = bytesThatRan(script.functions);
      const seen = this.#seen.get(script.url) ?? new Set();
      for (const at of ran) if (!seen.has(at)) fresh += 1;
      if (remember) this.#seen.set(script.url, new Set([...seen, ...ran]));
    }
    return fresh;
  }

  stop(): void {
    this.#session.disconnect();
  }
}

function bytesThatRan(
  functions: readonly {
    readonly ranges: readonly { startOffset: number; endOffset: number; count: number }[];
  }[],
): ReadonlySet<number> {
  const end = Math.max(0, ...functions.flatMap((found) => found.ranges.map((range) => range.endOffset)));
  const ran = new Uint8Array(end);
  for (const found of functions)
    for (const range of found.ranges) ran.fill(range.count > 0 ? 1 : 0, range.startOffset, range.endOffset);
  return new Set([...ran.keys()].filter((at) => ran[at] === 1));
}

function run(inputs: readonly FuzzInput[]): void {
  for (const input of inputs) {
    const broken = brokenBy(toRaw(input));
    if (broken === undefined) continue;
    console.error(`${broken}:\n${JSON.stringify(input)}`);
    process.exit(1);
  }
}

/** Messages of BuildKit's calls, whole and spoilt, and the frames that carry them. */
function fuzzBuildkit(count: number): void {
  for (let each = 0; each < count; each += 1) {
    const [name, shape] = pick(messageShapes);
    let bytes = writeMessage(messageFrom(shape, below), shape);
    for (let more = below(4); more > 0; more -= 1) bytes = spoil(bytes);
    const stream = Buffer.concat([Buffer.from([below(9) === 0 ? 1 : 0, 0, 0, 0, bytes.length & 255]), bytes]);
    const cuts = Array.from({ length: below(5) }, () => below(stream.length + 1));
    const broken = brokenByMessage(bytes, shape) ?? brokenByFrames(stream, cuts);
    if (broken === undefined) continue;
    console.error(`${broken}:\n${name} ${bytes.toString("hex")} cut at ${cuts.join(" ")}`);
    process.exit(1);
  }
}

function spoil(bytes: Buffer): Buffer {
  const at = below(bytes.length + 1);
  const byte = Buffer.from([below(4) === 0 ? pick([0, 1, 127, 128, 255]) : below(256)]);
  const rest = bytes.subarray(Math.min(bytes.length, at + below(3)));
  return below(3) === 0
    ? Buffer.concat([bytes, bytes.subarray(at)])
    : Buffer.concat([bytes.subarray(0, at), byte, rest]);
}

async function judgeSome(inputs: readonly FuzzInput[]): Promise<void> {
  for (const input of inputs) {
    const broken = await brokenByJudging(toRaw(input));
    if (broken === undefined) continue;
    console.error(`${broken}:\n${JSON.stringify(input).slice(0, 4_000)}`);
    process.exit(1);
  }
}

/** *What is judged is what is sent* and *Never worse*, for random requests and rounds of them. */
async function fuzzLaws(until: number, seed: number): Promise<number> {
  let tried = 0;
  for (; Date.now() < until; tried += 1) {
    const at = { seed: seed + tried, numRuns: 20 };
    for (const [raw, policy] of fc.sample(fc.tuple(namedRequests, fc.constantFrom(...sentPolicies)), at)) {
      const broken = await brokenBySending(raw, policy);
      if (broken === undefined) continue;
      const body = raw.body.kind === "bytes" ? Buffer.from(raw.body.bytes).toString() : "";
      console.error(`${broken}:\n${raw.method} ${raw.target} ${body}`);
      process.exit(1);
    }
    for (const [all, asked] of fc.sample(fc.tuple(policies, calls), at)) {
      const broken = await brokenByCalls(all, asked);
      if (broken.length === 0) continue;
      console.error(`seed ${at.seed}: ${broken.join("\n")}\n${JSON.stringify(all)}`);
      process.exit(1);
    }
  }
  return tried * 20;
}

/** Milliseconds that other clients may wait while one request is judged. */
const longestWait = 50;

async function inTime(what: string, text: string, time: () => Promise<number>): Promise<void> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6 && best > longestWait; round += 1) best = Math.min(best, await time());
  if (best <= longestWait) return;
  console.error(`${what}: judging takes ${Math.round(best)} ms:\n${text.slice(0, 400)}`);
  process.exit(1);
}

/** *Bounded*: hostile texts at every place of every body, as long and as many as a document may have. */
async function fuzzBounded(until: number): Promise<number> {
  const places = routes.flatMap((route) => bodyPlaces(route).map((place) => ({ route, place })));
  let tried = 0;
  for (; Date.now() < until; tried += 1) {
    const { route, place } = pick(places);
    const [text = ""] = hostileTexts(pick(lengths), 1, below(1_000));
    const body = hostileBody(place, text);
    await inTime(`${route.id} ${place.path}`, body, () => judgingTime(route, body));
    const solved = pick(Object.keys(solvePlaces));
    await inTime(`Solve ${solved}`, text, () => solvingTime(solved, text));
    const dockerfile = hostileDockerfile(pick(dockerfileLines), pick([16_384, 131_072, 1_048_576]));
    await inTime("a Dockerfile", dockerfile, () => solvingTime("Dockerfile", dockerfile));
  }
  return tried;
}

async function fuzz(): Promise<void> {
  const seconds = Number(options.seconds);
  const bounded = await fuzzBounded(Date.now() + seconds * 250);
  const laws = await fuzzLaws(Date.now() + seconds * 250, Number(options.seed) * 1_000_000);
  const coverage = new Coverage();
  await coverage.start();
  const kept: FuzzInput[] = [];
  const keepNew = async (inputs: readonly FuzzInput[]): Promise<void> => {
    run(inputs);
    const fresh = await coverage.take(inputs.length === 1);
    if (fresh === 0) return;
    if (inputs.length === 1) kept.push(...inputs);
    else {
      const half = inputs.length >> 1;
      await keepNew(inputs.slice(0, half));
      await keepNew(inputs.slice(half));
    }
  };
  let pool: FuzzInput[] = [...(JSON.parse(readFileSync(corpusFile, "utf8")) as FuzzInput[]), ...seeds()];
  await keepNew(pool);
  await judgeSome(pool);
  const until = Date.now() + seconds * 500;
  let tried = pool.length;
  while (Date.now() < until) {
    const batch = Array.from({ length: batchSize }, () => {
      let input = mutate(pick(below(2) === 0 && kept.length > 0 ? kept : pool), pick(pool));
      for (let more = below(3); more > 0; more -= 1) input = mutate(input, pick(pool));
      return input;
    });
    const before = kept.length;
    await keepNew(batch);
    await judgeSome(batch.filter(() => below(3) === 0));
    fuzzBuildkit(batchSize);
    tried += batch.length;
    if (kept.length > before) pool = [...pool, ...kept.slice(before)];
  }
  coverage.stop();
  console.log(
    `${tried} requests and as many messages of BuildKit, ${kept.length} that each reached something new, ${bounded} hostile texts that were judged within ${longestWait} ms, ${laws} rounds of two clients, and nothing broken`,
  );
  if (options.keep)
    writeFileSync(corpusFile, `[\n${kept.map((input) => JSON.stringify(input)).join(",\n")}\n]\n`);
}

/** What two readers of a create request may take in two ways. */
const tricks: readonly (string | Uint8Array)[] = [
  '{"HostConfig":{"Privileged":false},"Ho\u017ftConfig":{"Privileged":true}}',
  '{"HostConfig":{"Privileged":false,"privileged":true}}',
  '{"HostConfig":{"Privileged":true,"Privileged":null}}',
  '{"HostConfig":{"Networ\u212aMode":"host"}}',
  '{"HostConfig":{"Binds":["/:/h"]},"HostConfig":{"Privileged":true}}',
  '{"HostConfig":{"Mounts":[{"Source":"/","Type":"bind"}],"Mounts":[{"Target":"/h"}]}}',
  '{"HostConfig":{"Mounts":[{"Source":"/"},{"Source":"/etc"}],"Mounts":[],"Mounts":[{},{"Target":"/h"}]}}',
  '{"HostConfig":{"Mounts":[{"Source":"/"},{"Source":"/etc"}],"Mounts":[{}],"Mounts":[{},{}]}}',
  '{"HostConfig":{"CapAdd":["A","B"],"CapAdd":["C"]}}',
  '{"HostConfig":{"Sysctls":{"a":"b"},"Sysctls":{"c":"d","c":"e"}}}',
  '{"HostConfig":{"Privileged":true},"HostConfig":null}',
  '{"HostConfig":{"Binds":["/:/h"],"Binds":null}}',
  '{"Cmd":"sh","Cmd":["a",null]}',
  '{"Cmd":[1]}',
  '{"Cmd":{}}',
  '{"\\u0048ostConfig":{"\\u0050rivileged":true}}',
  '{"HostConfig":{"Memory":1.0}}',
  '{"HostConfig":{"Memory":1e3}}',
  '{"HostConfig":{"Memory":-0}}',
  '{"HostConfig":{"BlkioWeight":-0}}',
  '{"HostConfig":{"BlkioWeight":65536}}',
  '{"HostConfig":{"ConsoleSize":[1,2,3]}}',
  '{"HostConfig":{"ConsoleSize":[1]}}',
  '{"HostConfig":{"ConsoleSize":[1,2],"ConsoleSize":[3]}}',
  '{"NetworkingConfig":{"EndpointsConfig":{"a":null,"b":{}}}}',
  '{"NetworkingConfig":{"EndpointsConfig":{"a":{"MacAddress":"x"},"a":{"IPAddress":"y"}}}}',
  '{"Volumes":{"/a":{},"/b":null,"/c":{"x":1}}}',
  '{"Env":["\\ud800","\\ude00\\ud83d","\\ud83d\\ude00"]}',
  '{"Image":"a"}{"Image":"b"}',
  '{"Image":"a"} x',
  '{"Image":"a",}',
  "\ufeff{}",
  "null",
  "",
  '{"Image":"a\u0000"}',
  Buffer.from([0x7b, 0x22, 0x55, 0x73, 0x65, 0x72, 0x22, 0x3a, 0x22, 0xc0, 0xaf, 0x22, 0x7d]),
  Buffer.from([0x7b, 0x22, 0x55, 0x73, 0x65, 0x72, 0x22, 0x3a, 0x22, 0xed, 0xa0, 0xbd, 0x22, 0x7d]),
  Buffer.from([0x7b, 0x22, 0x55, 0x73, 0x65, 0x72, 0xff, 0x22, 0x3a, 0x22, 0x61, 0x22, 0x7d]),
];

/** Fewer of the small shapes, more of those that are judged most. */
function printVectors(): void {
  const print = (name: string, shape: Shape, text: string | Uint8Array) =>
    console.log(JSON.stringify({ shape, name, base64: Buffer.from(text).toString("base64") }));
  for (const text of tricks) print("container-create", containerCreate, text);
  for (const [index, [name, shape]] of shapes.entries()) {
    const numRuns = name === "container-create" ? 240 : name === "service-create" ? 80 : 12;
    for (const text of fc.sample(documentOf(shape, 12), { numRuns, seed: Number(options.seed) + index }))
      print(name, shape, text);
  }
}

if (options.vectors) printVectors();
else if (options.engine) {
  const { neverWorseOnEngine } = await import("./never-worse.ts");
  const { hostileScript } = await import("../test/engine/attacks/on-leash.ts");
  const { tried, through } = await hostileScript(below);
  console.log(`${tried} hostile tries on a leash, and ${through.length} came through`, ...through);
  const holds = await neverWorseOnEngine(Number(options.seconds), Number(options.seed));
  process.exit(holds && through.length === 0 ? 0 : 1);
} else await fuzz();
