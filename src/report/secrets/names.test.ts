import fc from "fast-check";
import { expect, test } from "vitest";
import { isCredentialName } from "../../model/credentials/names.ts";
import { isSecretName } from "./spans.ts";

const words = [
  ...[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "APPKEY",
    "PRIVATE_KEY",
    "ACCESSKEY",
  ],
  ...[
    "AUTH_KEY",
    "SIGNING_KEY",
    "ENCRYPTION_KEY",
    "MASTER_KEY",
    "DEPLOY_KEY",
    "LICENSE_KEY",
    "SSH_KEY",
    "SETUP_KEY",
  ],
  ...[
    "ACCOUNT_KEY",
    "SHARED_KEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "REQUIREPASS",
    "PASS",
    "PWD",
    "PW",
    "MASTERAUTH",
    "AUTH",
  ],
];
const others = [
  "DB",
  "MYSQL",
  "ROOT",
  "USER",
  "APP",
  "S3",
  "ADMIN",
  "MY",
  "X",
  "KEY",
  "ID",
  "PG",
  "REDIS",
  "OLD",
  "2",
];

const names = fc
  .tuple(
    fc.array(fc.constantFrom(...others), { maxLength: 2 }),
    fc.constantFrom(...words),
    fc.array(fc.constantFrom(...others), { maxLength: 1 }),
    fc.constantFrom("_", "-", ""),
    fc.constantFrom("upper", "lower", "camel"),
  )
  .map(([before, word, after, join, spelling]) => {
    const parts = [...before, ...word.split("_"), ...after];
    if (spelling === "upper") return parts.join(join);
    if (spelling === "lower") return parts.join(join).toLowerCase();
    return parts
      .map((each, at) => (at === 0 ? each.toLowerCase() : each[0] + each.slice(1).toLowerCase()))
      .join("");
  });

test("what a control calls a credential is masked where a report shows it", () => {
  fc.assert(
    fc.property(names, (name) => {
      if (isCredentialName(name)) expect(name).toSatisfy(isSecretName);
    }),
    { numRuns: 20_000 },
  );
});
