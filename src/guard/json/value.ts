/**
 * A JSON document as it was written: numbers keep their text, members their order, and no name stands twice.
 */
export type JsonValue = null | boolean | string | JsonNumber | JsonArray | JsonObject;

export interface JsonNumber {
  readonly kind: "number";
  /** As written: `1.0` and `1e0` are not `1`, to Go's decoder. */
  readonly text: string;
}

export interface JsonArray {
  readonly kind: "array";
  readonly items: readonly JsonValue[];
}

export interface JsonObject {
  readonly kind: "object";
  readonly members: ReadonlyMap<string, JsonValue>;
}
