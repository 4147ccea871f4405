/**
 * What the Engine decodes a body into: a Go type, as data. A `struct` has exactly these members, whose names Go matches
 * with Unicode's simple folding; a `map` has names of the client's own, and they are told apart by case.
 *
 * @see https://pkg.go.dev/encoding/json#Unmarshal
 */
export type Shape =
  | ({ readonly kind: "string" } & TextLimit)
  | { readonly kind: "bool" }
  /** A whole number from `min` to `max`, written as one: Go refuses `1.0` and `1e3` for an int64. */
  | { readonly kind: "int"; readonly min: number; readonly max: number }
  | { readonly kind: "float" }
  /** A []byte: base64 with padding. Only secrets, configs and profiles are bytes, and no check reads them as text. */
  | { readonly kind: "bytes" }
  /** Go's strslice.StrSlice: one string, or a list of strings. */
  | ({ readonly kind: "strings" } & TextLimit)
  /** A struct without members, the values of a set. */
  | { readonly kind: "empty" }
  | { readonly kind: "list"; readonly items: Shape }
  /** A Go array: Go drops what is too much and fills up what is missing, so exactly `length` items stand here. */
  | { readonly kind: "array"; readonly items: Shape; readonly length: number }
  /** A *string: null is a distinct value (build arguments that the client does not have). */
  | ({ readonly kind: "nullable" } & TextLimit)
  /** The two forms of `filters`, {"label":{"a=b":true}} and {"label":["a=b"]}: read into the first. */
  | { readonly kind: "filters" }
  /** What clients send and no Engine reads (`Container` in docker-py's exec): left out. */
  | { readonly kind: "ignored" }
  | { readonly kind: "map"; readonly values: Shape; readonly names: TextLimit }
  | {
      readonly kind: "struct";
      readonly fields: Readonly<Record<string, Shape>>;
      /** Other spellings that clients use and Go folds to a field: docker-py's CPURealtimePeriod. */
      readonly aliases?: Readonly<Record<string, string>>;
      /** Names that some Engine reads here, beside the fields, and the guard does not. */
      readonly closed?: readonly string[];
    };

/** How long a text may be, so that no judge meets one that makes its work grow. */
export interface TextLimit {
  /** Characters. */
  readonly most: number;
  /** Slashes; without it any number. */
  readonly slashes?: number;
}

/** A name, an id, an image, a mode, an address. The Engine has none that is longer. */
export const aName: TextLimit = { most: 512 };
/** PATH_MAX of Linux is 4,096 bytes; no folder of a real host is 256 levels deep. */
export const aPath: TextLimit = { most: 4_096, slashes: 256 };
/** A bind: two paths and its options. */
const aBind: TextLimit = { most: 8_448, slashes: 512 };
/** What a program gets: one string of execve(2) is at most 131,072 bytes. Also a seccomp profile. */
export const anyText: TextLimit = { most: 131_072 };

export const string: Shape = { kind: "string", ...aName };
export const path: Shape = { kind: "string", ...aPath };
export const bind: Shape = { kind: "string", ...aBind };
export const text: Shape = { kind: "string", ...anyText };
export const bool: Shape = { kind: "bool" };
export const float: Shape = { kind: "float" };
export const bytes: Shape = { kind: "bytes" };
export const strings: Shape = { kind: "strings", ...aName };
export const texts: Shape = { kind: "strings", ...anyText };
export const empty: Shape = { kind: "empty" };
/** An int64. What JavaScript rounds is judged rounded, and sent with its own digits. */
export const int: Shape = { kind: "int", min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };
/** A uint64. */
export const uint: Shape = { kind: "int", min: 0, max: Number.MAX_SAFE_INTEGER };
export const int32: Shape = { kind: "int", min: -2_147_483_648, max: 2_147_483_647 };
export const uint32: Shape = { kind: "int", min: 0, max: 4_294_967_295 };
export const nullable: Shape = { kind: "nullable", ...anyText };
export const filters: Shape = { kind: "filters" };
export const ignored: Shape = { kind: "ignored" };
export const uint16: Shape = { kind: "int", min: 0, max: 65_535 };

export function list(items: Shape): Shape {
  return { kind: "list", items };
}

export function array(length: number, items: Shape): Shape {
  return { kind: "array", items, length };
}

export function map(values: Shape, names: TextLimit = aName): Shape {
  return { kind: "map", values, names };
}

export function struct(
  fields: Readonly<Record<string, Shape>>,
  more: Pick<Extract<Shape, { kind: "struct" }>, "aliases" | "closed"> = {},
): Shape {
  return { kind: "struct", fields, ...more };
}
