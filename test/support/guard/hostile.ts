import { openBuilds } from "../../../src/guard/buildkit/builds.ts";
import { controlCalls } from "../../../src/guard/buildkit/control.ts";
import { solveRequest } from "../../../src/guard/buildkit/messages.ts";
import { type Message, writeMessage } from "../../../src/guard/buildkit/protobuf.ts";
import { dockerfileReasons } from "../../../src/guard/judge/dockerfile.ts";
import { judge, judgeUnderstood } from "../../../src/guard/judge/judge.ts";
import { type Answer, type Knowledge, type Question, questionKey } from "../../../src/guard/judge/result.ts";
import { defaultPolicy } from "../../../src/guard/policy/defaults.ts";
import type { Policy } from "../../../src/guard/policy/policy.ts";
import type { Route } from "../../../src/guard/routes/route.ts";
import type { Shape } from "../../../src/guard/shapes/shape.ts";

/** A place of a body where a client's text may stand, and how to make a body with texts there. */
interface TextPlace {
  readonly path: string;
  /** Whether it holds many texts: a list, or the names or values of a map. */
  readonly isMany: boolean;
  readonly bodyWith: (texts: readonly string[]) => unknown;
}

/** Every place of a shape that takes text, found by walking it: a new field is a new place. */
function textPlaces(shape: Shape, path = ""): readonly TextPlace[] {
  switch (shape.kind) {
    case "string":
    case "nullable":
      return [{ path, isMany: false, bodyWith: ([text = ""]) => text }];
    case "strings":
      return [{ path, isMany: true, bodyWith: (texts) => texts }];
    case "filters":
      return [{ path, isMany: true, bodyWith: (texts) => ({ label: texts }) }];
    case "list":
    case "array":
      return textPlaces(shape.items, `${path}[]`).map((place) => ({
        ...place,
        isMany: true,
        bodyWith: (texts) => texts.map((text) => place.bodyWith([text])),
      }));
    case "map":
      return [
        {
          path: `${path}{name}`,
          isMany: true,
          bodyWith: (texts) =>
            Object.fromEntries(texts.map((text, at) => [`${text}${at || ""}`, emptyOf(shape.values)])),
        },
        ...textPlaces(shape.values, `${path}{}`).map((place) => ({
          ...place,
          isMany: true,
          bodyWith: (texts: readonly string[]) =>
            Object.fromEntries(texts.map((text, at) => [`n${at}`, place.bodyWith([text])])),
        })),
      ];
    case "struct":
      return Object.entries(shape.fields).flatMap(([name, field]) =>
        textPlaces(field, `${path}.${name}`).map((place) => ({
          ...place,
          bodyWith: (texts: readonly string[]) => ({ [name]: place.bodyWith(texts) }),
        })),
      );
    default:
      return [];
  }
}

function emptyOf(shape: Shape): unknown {
  switch (shape.kind) {
    case "string":
    case "nullable":
      return "";
    case "list":
    case "strings":
      return [];
    default:
      return {};
  }
}

/** What has made a reader slow, again and again, with a beginning and an end that keep it from matching at once. */
const parts =
  'a / /a a/ ../ ./ : , = a= a: a, % %2f \\ * a* [ { ( " . - _ @ 0 # $ ${ \u00e9 < A_ /volumes/ /_data'.split(
    " ",
  );
const wholes = [" ", "\t", "\n"];
const edges: readonly (readonly [start: string, end: string])[] = [
  ["", ""],
  ["/", ":/x"],
  ["a:", "!"],
  ["seccomp=[", "]"],
];

/** Texts of that length, each of another kind; `at` chooses, so that a short run takes others at each place. */
export function hostileTexts(length: number, count: number, at: number): readonly string[] {
  const kinds = [...parts, ...wholes].flatMap((part) => edges.map((edge) => [part, edge] as const));
  return Array.from({ length: Math.min(count, kinds.length) }, (_, each) => {
    const [part = "a", [start, end] = ["", ""]] = kinds[(at * count + each) % kinds.length] ?? [];
    const room = Math.max(0, length - start.length - end.length);
    return `${start}${part.repeat(Math.ceil(room / part.length)).slice(0, room)}${end}`;
  });
}

/** A policy with every list, so that each pattern meets the texts. */
const listing: Policy = {
  ...defaultPolicy,
  groups: { ...defaultPolicy.groups, rootEquivalent: "allow" },
  allow: {
    ...defaultPolicy.allow,
    mounts: [
      { source: "/srv/**", readOnly: false },
      { source: "/a/**/a*a/*a*/b", readOnly: false },
    ],
    images: ["docker.io/*", "a*a*a*b"],
    labels: ["a*a*a*b"],
    networks: ["a*a*b"],
    sysctls: ["net.*.a*b"],
    devices: ["/a/**/a*b"],
    registries: ["a*a*b"],
    users: ["1000"],
  },
};

async function answerAll(questions: readonly Question[]): Promise<Knowledge> {
  return new Map(questions.map((question) => [questionKey(question), answerTo(question)]));
}

function answerTo(question: Question): Answer {
  if (question.kind === "engine")
    return { state: "found", id: "engine", document: { info: { OSType: "linux" }, version: {} } };
  if (question.kind === "hostPath")
    return { state: "found", id: question.path, document: { type: "directory", links: [question.path] } };
  return { state: "missing" };
}

/** Milliseconds of processor time to judge a request to this route with this body, under the default policy and one with lists. */
export async function judgingTime(route: Route, body: string): Promise<number> {
  const bytes = Buffer.from(body);
  const path = route.path.replace(/\{([a-z]+)\}/g, (_, name) => (name === "exec" ? "0af" : "a"));
  const target = `/v1.${route.until ?? 45}${path}`;
  let worst = 0;
  for (const policy of [defaultPolicy, listing]) {
    const began = process.cpuUsage();
    await judge(
      {
        method: route.method,
        target,
        headers: [
          ["Content-Type", "application/json"],
          ["Content-Length", String(bytes.length)],
        ],
        body: { kind: "bytes", bytes },
      },
      policy,
      answerAll,
    );
    const { user, system } = process.cpuUsage(began);
    worst = Math.max(worst, (user + system) / 1_000);
  }
  return worst;
}

/** Lengths that matter: of a name, of a path, and of the longest text. */
export const lengths = [512, 4_096, 8_448, 131_072] as const;

/** A body of that route with hostile texts at one place, as many as a document may have. */
export function hostileBody(place: TextPlace, text: string): string {
  const count = place.isMany ? Math.max(1, Math.min(200, Math.floor(65_000 / text.length))) : 1;
  const made = place.bodyWith(
    Array.from({ length: count }, (_, at) => (count === 1 ? text : `${at}${text}`.slice(0, text.length))),
  );
  return JSON.stringify(
    typeof made === "object" && made !== null && !Array.isArray(made) ? { Image: "a", ...made } : made,
  );
}

export function bodyPlaces(route: Route): readonly TextPlace[] {
  const { body } = route;
  const shape = body.kind === "json" || body.kind === "hijack" ? body.shape : undefined;
  return shape === undefined ? [] : textPlaces(shape);
}

const attributes = (name: string) => (text: string) => ({ FrontendAttrs: new Map([[name, text]]) });

/** Places of BuildKit's Solve that hold a client's text; the last is the Dockerfile that its session sends. */
export const solvePlaces: Readonly<Record<string, (text: string) => Message>> = {
  Ref: (Ref) => ({ Ref }),
  Frontend: (Frontend) => ({ Frontend }),
  "an attribute's name": (text) => ({ FrontendAttrs: new Map([[text, "a"]]) }),
  "many attributes": (text) => ({
    FrontendAttrs: new Map(
      Array.from({ length: 200 }, (_, at) => [`build-arg:A${at}`, text.slice(0, 300)] as const),
    ),
  }),
  ...Object.fromEntries(
    [
      "filename",
      "context",
      "context:a",
      "target",
      "cache-from",
      "build-arg:A",
      "label:a",
      "platform",
      "cmdline",
    ].map((name) => [name, attributes(name)] as const),
  ),
  "an exporter's name": (text) => ({ Exporters: [{ Type: "moby", Attrs: new Map([["name", text]]) }] }),
  "a cache": (text) => ({ Cache: { Imports: [{ Type: "registry", Attrs: new Map([["ref", text]]) }] } }),
  Entitlements: (text) => ({ Entitlements: [text] }),
};

/** Milliseconds of processor time to judge a Solve with this text at the place, or a Dockerfile that begins with it. */
export async function solvingTime(place: string, text: string): Promise<number> {
  const began = process.cpuUsage();
  const made = solvePlaces[place];
  if (made === undefined) dockerfileReasons(text, [], { policy: listing });
  else {
    const opened = await controlCalls(() => ({
      client: "fuzz",
      policy: listing,
      builds: openBuilds(),
      judge: (request) => judgeUnderstood(request, listing, answerAll),
    }))("/moby.buildkit.v1.Control/Solve", {});
    if ("refuse" in opened || !opened.request) throw new Error("a Solve is refused unread");
    await opened.request(writeMessage({ Ref: "r", Frontend: "dockerfile.v0", ...made(text) }, solveRequest));
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}

/** Dockerfiles that repeat one line, as long as the guard reads. */
export function hostileDockerfile(line: string, length: number): string {
  return `FROM a\n${`${line}\n`.repeat(Math.ceil(length / (line.length + 1)))}`.slice(0, length);
}

export const dockerfileLines: readonly string[] = [
  ...[
    "FROM a",
    "FROM a AS b",
    "ARG a=$a",
    "ENV a=$a$a",
    "COPY --from=x a b",
    "RUN --mount=from=x,target=/a a",
  ],
  ...[
    "RUN a \\",
    "LABEL a=b c=d",
    'RUN ["a","a"]',
    "ONBUILD RUN a",
    "HEALTHCHECK CMD a",
    "RUN <<E",
    "# a=b",
    "\\",
  ],
];
