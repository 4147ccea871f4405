import type { Api } from "../src/fleet/api.ts";

/** The parts of a path that are filled in: two for `/hosts/:id/containers/:name`. */
export type Parts<P extends string> = P extends `${string}:${string}/${infer Rest}`
  ? readonly [string, ...Parts<`/${Rest}`>]
  : P extends `${string}:${string}`
    ? readonly [string]
    : readonly [];

type Output<E> = E extends { status: 200; outputFormat: "json"; output: infer O } ? O : never;
type Unchanged<T> = T extends object ? { readonly [K in keyof T]: Unchanged<T[K]> } : T;
type Input<E> = E extends { input: { json: infer I } } ? I : undefined;

/** What the page reads. */
export type Path = { [P in keyof Api]: Api[P] extends { $get: unknown } ? P : never }[keyof Api];
export type Answer<P extends Path> = Output<Api[P] extends { $get: infer E } ? E : never>;

type Changes = {
  [P in keyof Api & string as `POST ${P}`]: Api[P] extends { $post: infer E } ? E : never;
} & { [P in keyof Api & string as `PUT ${P}`]: Api[P] extends { $put: infer E } ? E : never } & {
  [P in keyof Api & string as `DELETE ${P}`]: Api[P] extends { $delete: infer E } ? E : never;
};
/** What the page does: `PUT /teams/:id`. */
type Change = { [C in keyof Changes]: Changes[C] extends never ? never : C }[keyof Changes];
export type Body<C extends Change> = Unchanged<Input<Changes[C]>>;
export type Made<C extends Change> = Output<Changes[C]>;

type Query = Readonly<Record<string, string | undefined>>;

/** An event of the window. */
export const signedOut = "bulkhead-signed-out";

/** The server refused, or did not answer. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function get<P extends Path>(path: P, parts: Parts<P>, query: Query = {}): Promise<Answer<P>> {
  const said = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, value]],
  );
  const search = new URLSearchParams(said).toString();
  return (await ask("GET", filled(path, parts) + (search === "" ? "" : `?${search}`))) as Answer<P>;
}

export async function send<C extends Change>(
  what: C,
  parts: Parts<C>,
  ...[body]: Body<C> extends undefined ? [] : [body: Body<C>]
): Promise<Made<C>> {
  const [method = "", path = ""] = what.split(" ");
  return (await ask(method, filled(path, parts), body)) as Made<C>;
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  let answer: Response;
  const before = method === "GET" ? answers.get(path) : undefined;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      ...(before ? { headers: { "if-none-match": before.etag } } : {}),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  } catch {
    throw new Refused(0, "bulkhead does not answer. The page tries again.");
  }
  if (answer.status === 204) return undefined;
  if (answer.status === 304 && before) return before.said;
  const said: unknown = await answer.json().catch(() => undefined);
  const etag = answer.headers.get("etag");
  if (method === "GET" && answer.ok && etag !== null) keep(path, { etag, said });
  if (answer.ok) return said;
  // The session ended elsewhere: the page asks who is signed in.
  if (answer.status === 401 && path !== "/session") dispatchEvent(new Event(signedOut));
  const error = typeof said === "object" && said !== null && "error" in said ? String(said.error) : "";
  throw new Refused(answer.status, error === "" ? `bulkhead answered ${answer.status}.` : error);
}

interface Kept {
  readonly etag: string;
  readonly said: unknown;
}

/** The last answers: what is the same is not sent again. In memory alone, and forgotten with the page. */
const answers = new Map<string, Kept>();
const mostAnswers = 40;

function keep(path: string, answer: Kept): void {
  answers.delete(path);
  answers.set(path, answer);
  const [oldest] = answers.keys();
  if (answers.size > mostAnswers && oldest !== undefined) answers.delete(oldest);
}

function filled(path: string, parts: readonly string[]): string {
  let next = 0;
  return path.replace(/:\w+/g, () => encodeURIComponent(parts[next++] ?? ""));
}
