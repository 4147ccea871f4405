import {
  type Credential,
  credentialsInArguments,
  credentialsInLines,
  credentialsInScript,
  credentialsInValue,
  type WrittenCredential,
} from "../../../model/credentials/find.ts";
import { type FactList, type SetFact, set } from "../../../model/fact.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import type { Span } from "../../values/positions.ts";
import type { Instruction } from "./instructions.ts";
import type { Stage } from "./stages.ts";
import { assignmentsOf, execForm } from "./words.ts";

/** Facts of their own, and instructions without a text that could hold a credential. */
const apart = new Set(["ENV", "ARG", "FROM", "EXPOSE", "STOPSIGNAL", "USER", "WORKDIR", "VOLUME"]);

/** The credentials that instructions have written out: RUN with its here-documents, LABEL, CMD, HEALTHCHECK, ADD of a URL. */
export function credentialsOf(
  stages: readonly Stage[],
  text: string,
  escapeToken: string,
  locate: (span: Span) => FileOrigin,
): FactList<WrittenCredential> {
  return stages.flatMap(({ steps }) =>
    steps.flatMap(({ instruction, inherited }) => {
      const { keyword, span } = instruction.trigger ?? instruction;
      if (inherited || apart.has(keyword)) return [];
      return foundIn(instruction.trigger ?? instruction, text, escapeToken).map(
        ({ where, ...each }): SetFact<WrittenCredential> => {
          const from = text.slice(span.start, span.end).indexOf(each.value);
          const at =
            from < 0 ? span : { start: span.start + from, end: span.start + from + each.value.length };
          return set({ ...each, where }, locate(at));
        },
      );
    }),
  );
}

function foundIn(
  { keyword, rest, heredocs }: Instruction,
  text: string,
  escapeToken: string,
): readonly WrittenCredential[] {
  const inBodies = heredocs.flatMap(({ body }) => {
    const content = text.slice(body.start, body.end);
    // RUN <<EOF is a script; what COPY <<EOF and `cat <<EOF` write is a file.
    const isScript = keyword === "RUN" && /^\s*<</.test(rest.text);
    return isScript ? credentialsInScript(content) : credentialsInLines(content);
  });
  if (keyword === "LABEL") {
    return assignmentsOf("ENV", rest, escapeToken).flatMap(({ name, value }) =>
      at(`LABEL ${name}`, credentialsInValue(name, unquoted(value?.text ?? ""))),
    );
  }
  const words = execForm(
    keyword === "HEALTHCHECK" ? { ...rest, text: rest.text.replace(/^CMD\s+/i, "") } : rest,
  );
  const line = keyword === "HEALTHCHECK" ? rest.text.replace(/^CMD\s+/i, "") : rest.text;
  const end = heredocs.at(-1)?.body.end ?? 0;
  const from = heredocs[0]?.body.start ?? 0;
  // With its here-documents, so that a program is seen to read them; the last line is the delimiter.
  const script =
    heredocs.length === 0 ? line : `${line}\n${text.slice(from, end)}${heredocs.at(-1)?.name ?? ""}`;
  const inLine = words ? credentialsInArguments(words.map((word) => word.text)) : credentialsInScript(script);
  return at(keyword, [...inLine, ...inBodies]);
}

function at(where: string, found: readonly Credential[]): readonly WrittenCredential[] {
  return found.map((each) => ({ ...each, where }));
}

function unquoted(text: string): string {
  return text.replace(/^(["'])([\s\S]*)\1$/, "$2");
}
