import fc from "fast-check";
import { expect, test } from "vitest";
import { tokensIn } from "./tokens.ts";

const random = (length: number) =>
  fc
    .string({
      unit: fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
      minLength: length,
      maxLength: length,
    })
    .filter((text) => (text.match(/\d+/g)?.length ?? 0) >= 3 && new Set(text).size > length / 2);

test("most issuers begin with letters of their own: such a token is found by what follows", () => {
  const issuers = ["figd_", "gsk_", "xai-", "r8_", "rnd_", "nfp_", "re_Bg8CXL0M_", "acme-"];
  fc.assert(
    fc.property(fc.constantFrom(...issuers), random(36), (issuer, text) => {
      for (const line of [issuer + text, `x "${issuer}${text}" y`, `a=${issuer}${text};b`]) {
        expect(tokensIn(line).map(({ value }) => value)).toEqual([issuer + text]);
      }
    }),
    { numRuns: 200 },
  );
});

test.each([
  "whsec_kQokTBGzvAmwufUxbvJDCTbyvHNsGxeQ",
  "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",
  `sk-or-v1-${"9f27c1d3".repeat(8)}`,
])("%s is one by its issuer's shape", (text) => {
  expect(tokensIn(`a ${text} b`).map(({ value }) => value)).toEqual([text]);
});

test("the signature of an address of Azure's storage is one", () => {
  const signature = `${"Ab9+".repeat(10)}xYz%3D`;
  const found = tokensIn(`https://a.blob.core.windows.net/c?sv=2022-11-02&sig=${signature}`);
  expect(found.map(({ value }) => value)).toEqual([signature]);
});

test.each([
  "sha256-2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
  "sha512-Xk3lQ8f1B2aZ9vR4tY7uI0oP5sD6fG8hJ1kL3zX2cV4bN6mQ8wE0rT2yU4iO6pA",
  "pk_live_51H8sK2eZvKYlo2C7aBcDeFgHiJkLm",
  "commit-9fceb02d0ae598e95dc970b74767f19372d61af8",
  "my-application-with-a-very-long-name-2",
  "my-VeryLongJavaClassNameForTest2Service",
  "feature/JIRA-1234-some-long-description",
  "./dist/main-BxYz12AbCd34EfGh56IjKl78MnOp.js",
  "ghcr.io/team/app-BxYz12AbCd34EfGh56IjKl78MnOp:1",
  "us-east-1a 20260101T000000Z my_bucket_name_1",
  "/nix/store/0c2v9k8m4p7q1r5s3t6w8x0y2z4a6b8c-nginx-1.27",
])("%s is none", (text) => {
  expect(tokensIn(text)).toEqual([]);
});

test.each([
  "bob:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/",
  "bob:$$apr1$$H6uskkkW$$IgXLP6ewTrSuBkTrqE8wj/,eve:$$apr1$$H6uskkkW$$IgXLP6ewTrSuBkTrqE8wj/",
  "bob:\\$apr1\\$H6uskkkW\\$IgXLP6ewTrSuBkTrqE8wj/",
  "bob:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
  "$2b$10$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
  `root:$6$rounds=5000$saltsalt$${"a1./".repeat(21)}ab`,
  "bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
  "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b27Tdeo2FFeqQZ",
])("%s holds a password hash", (text) => {
  expect(tokensIn(text)[0]?.issuer).toBe("password-hash");
});

test.each(["$2y$", "${2y}", "$1", "cost=$2b", "s/$1$x/$2/"])("%s holds none", (text) => {
  expect(tokensIn(text)).toEqual([]);
});
