import type { Asker } from "../../log/entry.ts";
import { type Caller, isCaller, namesCallers } from "../../policy/callers.ts";
import { type Client, clientOfCertificate, type Policies } from "../../policy/policies.ts";
import type { ListenAddress } from "./listen-address.ts";

/** How a connection came in; what it may do is looked up at each request, for the policy may change in between. */
export interface Entrance {
  readonly at: Pick<ListenAddress, "address" | "client">;
  readonly certificateNames: readonly string[];
  /** Over TCP alone. */
  readonly caller?: Caller | undefined;
}

/**
 * Whose policy a connection is under: the client that its listener is for, else the one its certificate names, else the one
 * that only callers from there are, else the default. Undefined where the listener's client is in the policy no more, or does
 * not call from there: then nothing is allowed.
 *
 * (Node has no way to ask who is at the other end of a unix socket, SO_PEERCRED. /proc says it of some processes some
 * of the time, which is no ground to decide on. So: one socket for each client, and its mode and owner.)
 */
export function askerOf({ at, certificateNames, caller }: Entrance, policies: Policies): Asker | undefined {
  const listener = at.address;
  const admitted = (client: Client | undefined): Asker | undefined =>
    client && isCaller(client.callers ?? {}, caller)
      ? { client: client.name, listener, policy: client.policy }
      : undefined;
  if (at.client !== undefined) return admitted(policies.clients.find(({ name }) => name === at.client));
  for (const name of certificateNames) {
    const client = clientOfCertificate(policies, name);
    if (client) return admitted(client);
  }
  const called = policies.clients.find(
    ({ certificates, listen, callers = {} }) =>
      certificates.length === 0 && listen.length === 0 && namesCallers(callers) && isCaller(callers, caller),
  );
  return admitted(called) ?? { client: "default", listener, policy: policies.default };
}
