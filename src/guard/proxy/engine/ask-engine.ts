import { firstLine } from "../../../base/error-words.ts";
import { parsedJson, recordAt, textAt } from "../../../base/json.ts";
import type { Answer, EngineClient } from "../../../engine/client.ts";
import { type ResponseHead, single } from "../http/head.ts";
import type { EngineVersion } from "./engine-version.ts";
import type { Upstream } from "./upstream.ts";

/** The newest version whose documents the readers know; newer Engines still speak it. As in src/engine. */
const newest = 47;

/** Milliseconds that a question may take. */
const patience = 20_000;
/** Bytes of an answer. */
const largest = 64 * 1024 * 1024;

interface Heard {
  readonly head: ResponseHead;
  readonly body: Buffer;
}

/**
 * Asks the Engine over the proxy's own connections, which come back by themselves after the Engine does. Settles the
 * version of the API once, and again after a failure. Never rejects.
 */
export function engineQuestions(upstream: Upstream, basePath: string): Pick<EngineClient, "get"> {
  let version: Promise<string | undefined> | undefined;

  async function negotiate(): Promise<string | undefined> {
    const pong = await get(upstream, `${basePath}/_ping`).catch(() => undefined);
    const header = pong && single(pong.head.headers, "api-version");
    const minor = typeof header === "string" ? /^1\.(\d{1,3})$/.exec(header)?.[1] : undefined;
    return minor === undefined ? undefined : `v1.${Math.min(Number(minor), newest)}`;
  }

  return {
    async get(path): Promise<Answer> {
      version ??= negotiate();
      const known = await version;
      if (known === undefined) {
        version = undefined;
        return { ok: false, reason: "the Engine does not answer", kind: "lost" };
      }
      try {
        const { head, body } = await get(upstream, `${basePath}/${known}${path}`);
        const document = parsedJson(body.toString("utf8"));
        if (head.status === 200 && document !== undefined) return { ok: true, value: document };
        // Another Engine may have come in its place, which speaks other versions.
        if (head.status === 400) version = undefined;
        const said = firstLine(textAt(recordAt(document), "message") ?? "");
        const reason = `the Engine answers with status ${head.status}${said === "" ? "" : `: ${said}`}`;
        return { ok: false, reason, kind: head.status === 404 ? "missing" : "refused" };
      } catch (error) {
        version = undefined;
        return {
          ok: false,
          reason: `the Engine does not answer: ${await upstream.why(error)}`,
          kind: "lost",
        };
      }
    },
  };
}

/** Whether the Engine gives a sign of life within some seconds; notes which version of the API it speaks. */
export async function ping(upstream: Upstream, basePath: string, version: EngineVersion): Promise<boolean> {
  const { head } = await get(upstream, `${basePath}/_ping`, 5_000);
  version.note(head.headers);
  return head.status > 0;
}

function get(upstream: Upstream, path: string, within = patience): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let answered: ResponseHead | undefined;
    const head = `GET ${path} HTTP/1.1\r\nHost: docker\r\nAccept: application/json\r\n\r\n`;
    const late = (reason: string) => {
      call.destroy();
      reject(new Error(reason));
    };
    const timer = setTimeout(() => late("it does not answer in time"), within);
    const call = upstream.start(
      { method: "GET", head, body: undefined, stream: "none", hijack: false },
      {
        head: (head) => {
          answered = head;
        },
        data: (chunk) => {
          size += chunk.length;
          chunks.push(Buffer.from(chunk));
          if (size > largest) late("it answers with more than a document may hold");
          return false;
        },
        end: () => {
          clearTimeout(timer);
          if (answered) resolve({ head: answered, body: Buffer.concat(chunks) });
        },
        tunnel: (_, { socket }) => socket.destroy(),
        drain: () => undefined,
        fail: (error) => {
          clearTimeout(timer);
          reject(error instanceof Error ? error : new Error("it does not answer"));
        },
      },
      "first",
    );
  });
}
