import { expect, it } from "vitest";
import { selfSigned } from "../../../test/support/self-signed.ts";
import { exchange } from "./exchange.ts";

it("says how a certificate of one's own becomes trusted", async () => {
  const url = await selfSigned();
  const question = { url, key: "k", body: "{}", timeout: 5_000, signal: new AbortController().signal };
  expect(await exchange(question)).toMatchObject({
    outcome: "failed",
    reason:
      "shows a certificate that nobody vouches for (if it is yours, set NODE_EXTRA_CA_CERTS to the file of the certificate, or of its authority)",
  });
});
