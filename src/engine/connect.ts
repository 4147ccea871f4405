import type { Result } from "../base/result.ts";
import type { EngineClient } from "./client.ts";
import { chooseEndpoint } from "./connect/choose.ts";
import { openLine } from "./connect/dial.ts";
import type { ConnectOptions } from "./connect/endpoint.ts";
import { openClient } from "./http-client.ts";

/**
 * Connects to the Engine that the docker CLI would speak to (see chooseEndpoint). Fails with one sentence that names the
 * address and says what to do. The caller closes the client.
 *
 * @see https://docs.docker.com/reference/cli/docker/#environment-variables
 */
export async function connectEngine(options: ConnectOptions): Promise<Result<EngineClient>> {
  const endpoint = chooseEndpoint(options);
  if (!endpoint.ok) return endpoint;
  const line = openLine(endpoint.value, options.environment);
  return await openClient(endpoint.value, options.headers ? { ...line, headers: options.headers } : line);
}
