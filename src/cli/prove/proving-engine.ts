import { ok, type Result } from "../../base/result.ts";
import { connectEngine } from "../../engine/connect.ts";
import { openStreams } from "../../engine/streams.ts";
import { openWriter } from "../../engine/write-client.ts";
import type { ProvingEngine } from "../../prove/probe.ts";
import { engineTarget } from "../common/engine-target.ts";

/** Opens every way to the Engine that a proof takes. The caller closes them. */
export async function openProvingEngine(options: {
  readonly host?: string;
  readonly context?: string;
}): Promise<Result<{ readonly engine: ProvingEngine; readonly close: () => Promise<void> }>> {
  const target = engineTarget(options);
  const reader = await connectEngine(target);
  if (!reader.ok) return reader;
  const writer = openWriter(target, reader.value.apiVersion);
  const streams = openStreams(target, reader.value.apiVersion);
  if (!writer.ok) return writer;
  if (!streams.ok) return streams;
  return ok({
    engine: { reader: reader.value, writer: writer.value, streams: streams.value },
    async close() {
      await Promise.all([reader.value.close(), writer.value.close(), streams.value.close()]);
    },
  });
}
