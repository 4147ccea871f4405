import type { EngineClient } from "../engine/client.ts";
import type { EngineStreams } from "../engine/streams.ts";
import type { EngineWriter } from "../engine/write-client.ts";

/** Every way to an Engine that a proof takes. */
export interface ProvingEngine {
  readonly reader: EngineClient;
  readonly writer: EngineWriter;
  readonly streams: EngineStreams;
}
