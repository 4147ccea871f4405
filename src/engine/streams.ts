import type { Duplex } from "node:stream";
import { firstLine } from "../base/error-words.ts";
import { isRecord, parsedJson } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { Answer } from "./client.ts";
import { chooseEndpoint } from "./connect/choose.ts";
import { openLine } from "./connect/dial.ts";
import type { ConnectOptions } from "./connect/endpoint.ts";

/** What an Engine takes and gives beside documents: archives, and the streams of processes. */
export interface EngineStreams {
  /** Puts a tar archive: `/containers/ID/archive?path=/`. Never rejects. */
  putArchive(path: string, archive: Uint8Array): Promise<Answer>;
  /**
   * Posts, and takes the connection over for what a process reads and writes (attach, exec). Never rejects. The caller
   * destroys the stream, which the process reads as the end of its standard input.
   *
   * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerAttach
   */
  hijack(path: string, body?: unknown): Promise<Result<Duplex>>;
  /** Gets what is no document, such as the last lines of a log: `/containers/ID/logs?stderr=1&tail=20`. Never rejects. */
  getBytes(path: string): Promise<Result<Buffer>>;
  close(): Promise<void>;
}

/** Milliseconds. */
const patience = 30_000;

/** Opens connections to the Engine that `connectEngine` chose with the same options; `apiVersion` is what it settled. */
export function openStreams(options: ConnectOptions, apiVersion: string): Result<EngineStreams> {
  const endpoint = chooseEndpoint(options);
  if (!endpoint.ok) return endpoint;
  const line = openLine(endpoint.value, options.environment);
  const full = (path: string) => `${line.basePath}/v${apiVersion}${path}`;

  return ok({
    async putArchive(path, archive): Promise<Answer> {
      try {
        const answer = await line.pool.request({
          path: full(path),
          method: "PUT",
          headers: { accept: "application/json", "content-type": "application/x-tar" },
          body: archive,
          signal: AbortSignal.timeout(patience),
        });
        const text = await answer.body.text();
        if (answer.statusCode < 300) return { ok: true, value: undefined };
        const kind = answer.statusCode === 404 ? "missing" : "refused";
        return { ok: false, reason: refusal(answer.statusCode, text), kind };
      } catch (error) {
        return { ok: false, reason: await line.why(error), kind: "lost" };
      }
    },
    async hijack(path, body) {
      try {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const { socket } = await line.pool.upgrade({
          path: full(path),
          method: "POST",
          protocol: "tcp",
          headers: text === undefined ? {} : { "content-type": "application/json" },
          ...(text !== undefined && { body: text }),
          signal: AbortSignal.timeout(patience),
        });
        // What breaks later is told by the end of the stream.
        socket.on("error", () => {});
        return ok(socket);
      } catch (error) {
        // It answered, and not with the stream: what was to be attached to is gone.
        const isRefused = error instanceof Error && error.message === "bad upgrade";
        return failed(isRefused ? "the Engine does not attach to it: it has ended" : await line.why(error));
      }
    },
    async getBytes(path) {
      try {
        const signal = AbortSignal.timeout(patience);
        const answer = await line.pool.request({ path: full(path), method: "GET", signal });
        const bytes = Buffer.from(await answer.body.arrayBuffer());
        return answer.statusCode === 200
          ? ok(bytes)
          : failed(refusal(answer.statusCode, bytes.toString("utf8")));
      } catch (error) {
        return failed(await line.why(error));
      }
    },
    close: () => line.pool.destroy(),
  });
}

/**
 * Takes the frames of an attached process apart: 8 bytes of header, of which the first is the stream (1 output, 2 error)
 * and the last four the length, then so many bytes. Gives a function that takes what comes, in whatever pieces, and calls
 * `standardOutput` with the first stream's bytes, `standardError` with the second's.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerAttach
 */
export function outputFrames(
  standardOutput: (bytes: Buffer) => void,
  standardError?: (bytes: Buffer) => void,
): (chunk: Buffer) => void {
  let header = Buffer.alloc(0);
  let stream = 0;
  let left = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (left > 0) {
        const part = chunk.subarray(at, at + left);
        left -= part.length;
        at += part.length;
        if (stream === 1) standardOutput(part);
        if (stream === 2) standardError?.(part);
        continue;
      }
      const part = chunk.subarray(at, at + 8 - header.length);
      header = Buffer.concat([header, part]);
      at += part.length;
      if (header.length < 8) continue;
      stream = header.readUInt8(0);
      left = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  };
}

/** Why the Engine did not do what it was asked for, by its answer. */
export function refusal(status: number, text: string): string {
  const document = parsedJson(text);
  const said = isRecord(document) && typeof document.message === "string" ? firstLine(document.message) : "";
  return said === "" ? `the Engine answers with status ${status}` : `the Engine says: ${said}`;
}
