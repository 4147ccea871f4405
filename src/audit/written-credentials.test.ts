import { describe, expect, test } from "vitest";
import { auditRequest } from "../../test/support/audit-request.ts";
import { type CredentialLine, lookAlikes, secretLines } from "../../test/support/credential-lines.ts";
import { memoryDisk } from "../../test/support/memory-disk.ts";
import { containerFromInspect } from "../engine/documents/inspect.ts";
import { imageFromInspect } from "../engine/documents/sight.ts";
import { setItems } from "../model/fact.ts";
import { audit } from "./audit.ts";

async function secretsFoundIn([file, text]: CredentialLine): Promise<readonly string[]> {
  const done = await audit(auditRequest([file]), memoryDisk({ [file]: text }), async () => {});
  expect(done.report.subjects.length, "the file has a subject").toBeGreaterThan(0);
  return done.report.findings
    .filter(
      ({ control, verdict, severity }) =>
        control === "image-secret" && verdict === "fail" && severity !== "info",
    )
    .map(({ message }) => message);
}

const secret = "hX7qLm2Zt9Rw";

describe("a credential is found where it stands", () => {
  test.each(secretLines.map((line) => [JSON.stringify(line), ...line] as const))(
    "%s",
    async (_name, file, text) => {
      const found = await secretsFoundIn([file, text.replaceAll("§", secret)]);
      expect(found).not.toEqual([]);
      for (const message of found) expect(message).not.toContain(secret);
    },
  );
});

describe("what only looks like one is not", () => {
  test.each(lookAlikes.map((line) => [JSON.stringify(line), ...line] as const))(
    "%s",
    async (_name, file, text) => {
      expect(await secretsFoundIn([file, text])).toEqual([]);
    },
  );
});

test("the Engine's documents: a container's command, labels and log options, an image's labels and history", () => {
  const container = containerFromInspect({
    Config: {
      Cmd: ["redis-server", "--requirepass", secret],
      Labels: { "app.password": secret.toUpperCase() },
      Healthcheck: { Test: ["CMD-SHELL", `redis-cli -a ${secret}h ping`] },
    },
    HostConfig: { LogConfig: { Type: "splunk", Config: { "splunk-token": `${secret}l` } } },
  });
  expect(
    setItems(container.credentials)
      .map(({ value }) => value.value)
      .toSorted(),
  ).toEqual([secret, secret.toUpperCase(), `${secret}h`, `${secret}l`].toSorted());
  const image = imageFromInspect({ Config: { Cmd: ["sh", "-c", `curl -u bob:${secret} x`] } });
  expect(setItems(image.credentials).map(({ value }) => value.value)).toEqual([secret]);
});

test("the labelled sets are as large as they are said to be", () => {
  expect(secretLines.length).toBeGreaterThan(90);
  expect(lookAlikes.length).toBeGreaterThan(60);
});
