import { Document, visit } from "yaml";
import { composeProjectOf } from "./compose-service.ts";
import type { CreateBody } from "./create-body.ts";

/** A text and what it leaves to the reader, each a sentence. */
export interface ComposeText {
  readonly text: string;
  readonly notes: readonly string[];
}

/** The Compose file that makes the container of a create request. */
export function composeTextOf(body: CreateBody, name: string): ComposeText {
  const { project, notes } = composeProjectOf(body, name);
  const document = new Document(project);
  visit(document, {
    Scalar(key, scalar) {
      if (key !== "key" && typeof scalar.value === "string" && !isPlain(scalar.value)) {
        scalar.type = "QUOTE_DOUBLE";
      }
    },
  });
  return { text: document.toString({ lineWidth: 0, indentSeq: true }), notes };
}

/** What no version of YAML takes for a number, a time or a truth value. */
function isPlain(text: string): boolean {
  return /^[A-Za-z/][\w./@=,+-]*$/.test(text) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(text);
}
