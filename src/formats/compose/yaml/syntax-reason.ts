import type { ErrorCode, YAMLError } from "yaml";

/**
 * Why a text is not YAML, in words that repeat nothing of the text: what stands there may be a secret.
 */
export function syntaxReason({ code, message }: Pick<YAMLError, "code" | "message">): string {
  // The parser takes a bracket that is open at the end for a matter of indentation.
  const open =
    code === "BAD_INDENT"
      ? /^Flow \w+ in block collection .* end with a ([\]}])/.exec(message)?.[1]
      : undefined;
  if (open) return `it is not valid YAML: the ${open === "]" ? "[" : "{"} above is not closed by ${open}`;
  return `it is not valid YAML: ${reasons[code] ?? "something unexpected stands here"}`;
}

const reasons: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias cannot have an anchor or a tag",
  BAD_ALIAS: "an alias or anchor without a proper name",
  BAD_DIRECTIVE: "a directive that is not understood",
  BAD_DQ_ESCAPE: "an unknown escape sequence in double quotes",
  BAD_INDENT: "the indentation does not fit the lines before",
  BAD_PROP_ORDER: "an anchor or tag is in the wrong place",
  BAD_SCALAR_START: "a value cannot begin with this character without quotes",
  BLOCK_AS_IMPLICIT_KEY: "a mapping or list stands where only a single value can",
  BLOCK_IN_FLOW: "an indented block inside brackets or braces",
  KEY_OVER_1024_CHARS: "a key is longer than 1024 characters",
  MISSING_CHAR: "a quote, bracket, colon or comma is missing",
  MULTILINE_IMPLICIT_KEY: "a key goes on over several lines",
  MULTIPLE_ANCHORS: "more than one anchor on a value",
  MULTIPLE_TAGS: "more than one tag on a value",
  RESOURCE_EXHAUSTION: "it takes more to read than it is worth",
  TAB_AS_INDENT: "a tab is used as indentation",
  TAG_RESOLVE_FAILED: "a tag that does not fit its value",
  BAD_COLLECTION_TYPE: "a tag that does not fit its value",
};
