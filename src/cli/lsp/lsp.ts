import { fileURLToPath } from "node:url";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { version } from "../common/version.ts";
import { type Diagnostic, type Range, rangeOf, type Shown, shownIn } from "./diagnostics.ts";

/** What the editor says of a document; only what is read here. */
interface DocumentMessage {
  readonly textDocument: { readonly uri: string; readonly text?: string };
  readonly contentChanges?: readonly { readonly text: string }[];
}

interface ActionRequest extends DocumentMessage {
  readonly range: Range;
}

/** Milliseconds without a key until a text is audited. */
const pause = 200;

/**
 * `bulkhead lsp`. Answers the exit status: 0 the editor ended it, 1 it went away.
 *
 * @see https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
 */
export async function runLsp(
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stdout,
): Promise<number> {
  const connection = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
  /** The texts in the editor, by path, and what it calls each. */
  const open = new Map<string, string>();
  const uris = new Map<string, string>();
  const shown = new Map<string, readonly Shown[]>();
  const waiting = new Map<string, NodeJS.Timeout>();
  let isAskedToEnd = false;

  async function look(uri: string): Promise<void> {
    const path = pathOf(uri);
    const text = path === undefined ? undefined : open.get(path);
    if (path === undefined || text === undefined) return;
    const found = await shownIn(path, open).catch((error: unknown) => {
      process.stderr.write(
        `bulkhead: ${path} cannot be audited: ${error instanceof Error ? error.message : error}\n`,
      );
      return [];
    });
    // What was typed meanwhile is audited next.
    if (open.get(path) !== text) return;
    shown.set(path, found);
    await publish(
      uri,
      found.map(({ diagnostic }) => diagnostic),
    );
  }

  async function publish(uri: string, diagnostics: readonly Diagnostic[]): Promise<void> {
    await connection.sendNotification("textDocument/publishDiagnostics", { uri, diagnostics });
  }

  function changed({ textDocument: { uri, text }, contentChanges }: DocumentMessage): void {
    const path = pathOf(uri);
    const now = contentChanges?.at(-1)?.text ?? text;
    if (path === undefined) return;
    if (now !== undefined) open.set(path, now);
    uris.set(path, uri);
    clearTimeout(waiting.get(path));
    waiting.set(
      path,
      setTimeout(() => void look(uri), contentChanges ? pause : 0),
    );
  }

  connection.onRequest("initialize", () => ({
    capabilities: {
      positionEncoding: "utf-16",
      // The whole text comes with each change.
      textDocumentSync: { openClose: true, change: 1, save: true },
      codeActionProvider: { codeActionKinds: ["quickfix"] },
    },
    serverInfo: { name: "bulkhead", version },
  }));
  connection.onNotification("textDocument/didOpen", changed);
  connection.onNotification("textDocument/didChange", changed);
  // An override or an env file that was saved may be part of any of them.
  connection.onNotification("textDocument/didSave", () => {
    for (const uri of uris.values()) changed({ textDocument: { uri } });
  });
  connection.onNotification("textDocument/didClose", ({ textDocument: { uri } }: DocumentMessage) => {
    const path = pathOf(uri);
    if (path === undefined) return;
    clearTimeout(waiting.get(path));
    open.delete(path);
    uris.delete(path);
    shown.delete(path);
    void publish(uri, []);
  });
  connection.onRequest("textDocument/codeAction", ({ textDocument: { uri }, range }: ActionRequest) =>
    (shown.get(pathOf(uri) ?? "") ?? [])
      .filter(({ diagnostic, edits }) => edits.length > 0 && touches(diagnostic.range, range))
      .map(({ diagnostic, fix, edits }) => ({
        title: `bulkhead: ${fix}`,
        kind: "quickfix",
        diagnostics: [diagnostic],
        edit: { changes: { [uri]: edits.map(({ at, text }) => ({ range: rangeOf(at), newText: text })) } },
      })),
  );
  connection.onRequest("shutdown", () => {
    isAskedToEnd = true;
    return null;
  });
  return await new Promise((resolve) => {
    const end = () => {
      for (const timer of waiting.values()) clearTimeout(timer);
      connection.dispose();
      resolve(isAskedToEnd ? 0 : 1);
    };
    connection.onNotification("exit", end);
    connection.onClose(end);
    input.once("end", end);
    connection.listen();
  });
}

/** Undefined for a text that is not a file, such as `untitled:1`. */
function pathOf(uri: string): string | undefined {
  return URL.canParse(uri) && new URL(uri).protocol === "file:" ? fileURLToPath(uri) : undefined;
}

function touches({ start, end }: Range, other: Range): boolean {
  return start.line <= other.end.line && end.line >= other.start.line;
}
