import { Ajv, type ValidateFunction } from "ajv";
import { expect } from "vitest";
import { type DocumentName, documentSchema } from "../../scripts/document-schemas.ts";

const ajv = new Ajv({ strict: false, allErrors: true });
const compiled = new Map<DocumentName, ValidateFunction>();

/** Fails where a document has a member that its schema in docs/schemas does not name, or lacks one. */
export function expectDocument(name: DocumentName, document: unknown): void {
  const validate = compiled.get(name) ?? ajv.compile(documentSchema(name, { strict: true }));
  compiled.set(name, validate);
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
}
