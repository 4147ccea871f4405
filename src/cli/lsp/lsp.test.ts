import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { Diagnostic, Range } from "./diagnostics.ts";
import { runLsp } from "./lsp.ts";

interface Published {
  readonly uri: string;
  readonly diagnostics: readonly Diagnostic[];
}

interface Action {
  readonly title: string;
  readonly edit: { readonly changes: Readonly<Record<string, readonly { range: Range; newText: string }[]>> };
}

/** An editor that has started the server. */
async function editor() {
  const [toServer, toEditor] = [new PassThrough(), new PassThrough()];
  const ended = runLsp(toServer, toEditor);
  const connection = createMessageConnection(
    new StreamMessageReader(toEditor),
    new StreamMessageWriter(toServer),
  );
  const published: Published[] = [];
  let arrived = () => {};
  connection.onNotification("textDocument/publishDiagnostics", (message: Published) => {
    published.push(message);
    arrived();
  });
  connection.listen();
  onTestFinished(() => connection.dispose());
  const next = async () => {
    while (published.length === 0)
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    return published.shift() as Published;
  };
  const send = (method: string, message: object) =>
    connection.sendNotification(`textDocument/${method}`, message);
  const ask = async (method: string, message: object = {}) =>
    await connection.sendRequest<unknown>(method, message);
  return { connection, ended, next, send, ask };
}

/** The part of a text that a range covers. */
function covered(text: string, { start, end }: Range): string {
  const line = text.split("\n")[start.line] ?? "";
  return line.slice(start.character, start.line === end.line ? end.character : undefined);
}

/** The text after the edits, as an editor makes them. */
function edited(text: string, edits: readonly { range: Range; newText: string }[]): string {
  const lines = text.split("\n");
  const at = ({ line, character }: Range["start"]) =>
    lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
  return edits
    .toSorted((a, b) => at(b.range.start) - at(a.range.start))
    .reduce(
      (all, { range, newText }) => all.slice(0, at(range.start)) + newText + all.slice(at(range.end)),
      text,
    );
}

it("shows findings where they stand, as they are typed, and mends one as bulkhead fix would", async () => {
  const folder = testFolder();
  const uri = pathToFileURL(join(folder, "compose.yaml")).href;
  const text = "services:\n  wéb:\n    image: nginx:1.27.3\n    privileged: true\n";
  const { connection, ended, next, send, ask } = await editor();
  expect(await ask("initialize")).toMatchObject({
    capabilities: { positionEncoding: "utf-16", textDocumentSync: { openClose: true, change: 1 } },
  });
  await send("didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
  const first = await next();
  expect(first.uri).toBe(uri);
  const found = first.diagnostics.find(({ code }) => code === "privileged");
  expect(found).toMatchObject({ severity: 1, source: "bulkhead" });
  expect(found && covered(text, found.range)).toBe("true");
  expect(found?.message).toMatch(/^Runs? .*\n/s);

  const actions = (await ask("textDocument/codeAction", {
    textDocument: { uri },
    range: found?.range,
    context: { diagnostics: [] },
  })) as readonly Action[];
  const mended = actions.map(({ edit }) => edited(text, edit.changes[uri] ?? []));
  expect(mended.some((each) => !each.includes("privileged: true"))).toBe(true);

  const typed = text.replace("true", "false");
  await send("didChange", { textDocument: { uri, version: 2 }, contentChanges: [{ text: typed }] });
  expect((await next()).diagnostics.map(({ code }) => code)).not.toContain("privileged");

  // A text that is half typed has the place of its fault, and the editor goes on.
  await send("didChange", { textDocument: { uri, version: 3 }, contentChanges: [{ text: "services: [" }] });
  expect((await next()).diagnostics).toMatchObject([{ severity: 2, message: /^Not read: / }]);
  await send("didClose", { textDocument: { uri } });
  expect(await next()).toEqual({ uri, diagnostics: [] });
  await ask("shutdown");
  await connection.sendNotification("exit");
  expect(await ended).toBe(0);
});

it("takes the bulkhead.yaml nearest to the file, and other files as the editor has them", async () => {
  const folder = testFolder();
  writeFileSync(join(folder, "bulkhead.yaml"), "only: [privileged]\n");
  writeFileSync(join(folder, "base.yaml"), "services:\n  web:\n    image: nginx\n");
  const { ended, next, send, connection } = await editor();
  const [base, own] = ["base.yaml", "compose.yaml"].map((name) => pathToFileURL(join(folder, name)).href);
  await send("didOpen", {
    textDocument: { uri: base, text: "services:\n  web:\n    image: nginx\n    privileged: true\n" },
  });
  expect((await next()).diagnostics.map(({ code }) => code)).toEqual(["privileged"]);
  const text = "services:\n  web:\n    extends: {file: base.yaml, service: web}\n";
  await send("didOpen", { textDocument: { uri: own, text } });
  const { uri, diagnostics } = await next();
  // The finding is in the other file. This one shows nothing, neither of the editor's text nor of the disk's.
  expect({ uri, diagnostics }).toEqual({ uri: own, diagnostics: [] });
  connection.end();
  expect(await ended).toBe(1);
});
