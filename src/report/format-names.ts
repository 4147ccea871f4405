/** The formats that a report can be printed in. */
export const formatNames = [
  "text",
  "json",
  "sarif",
  "junit",
  "html",
  "markdown",
  "github",
  "gitlab",
  "csv",
] as const;

export type FormatName = (typeof formatNames)[number];

export function isFormatName(text: string): text is FormatName {
  return formatNames.some((name) => name === text);
}
