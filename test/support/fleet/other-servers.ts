import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { protocolVersion, type ReportRequest } from "../../../src/fleet/protocol/report.ts";

/** A network before a server: it breaks off each second answer, until it is mended. */
export async function breakingNetwork(to: string) {
  let turn = 0;
  let isBreaking = true;
  const url = await listening(async (request, response) => {
    const { authorization = "" } = request.headers;
    const headers = { authorization, "content-type": "application/json" };
    const body = await textOf(request);
    // The server closes a connection that rested, too: to the host that is one more network that breaks off.
    const answer = await fetch(`${to}${request.url}`, { method: "POST", headers, body }).catch(
      () => undefined,
    );
    const text = await answer?.text();
    turn += 1;
    if (!answer || (isBreaking && turn % 2 === 0)) response.destroy();
    else response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
  });
  return {
    url,
    mend() {
      isBreaking = false;
    },
  };
}

/** A server of another version: it answers 400 to what `refuses` says, keeps everything else, and adds `answer` to its answers. */
export async function madeUpServer(
  refuses: (report: ReportRequest) => boolean = () => false,
  answer: () => object = () => ({}),
) {
  const told: ReportRequest[] = [];
  const url = await listening(async (request, response) => {
    const text = await textOf(request);
    if (request.url?.endsWith("/enrol")) return void response.end(JSON.stringify({ id: "h" }));
    const report = JSON.parse(text) as ReportRequest;
    told.push(report);
    const last = report.whole?.number ?? (report.changes.length > 0 ? report.first : 0);
    response.writeHead(refuses(report) ? 400 : 200);
    response.end(
      JSON.stringify({ last, wantsWhole: false, now: Date.now(), protocol: protocolVersion, ...answer() }),
    );
  });
  return { url, told };
}

async function textOf(request: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
