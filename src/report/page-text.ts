import { createColors } from "picocolors";
import { wrap } from "../base/width.ts";

/**
 * A page of Markdown (headings, paragraphs, lists, fenced code) as a terminal shows it: wrapped to `width`
 * columns, headings in bold where there are colours.
 */
export function pageText(
  markdown: string,
  { colour, width }: { readonly colour: boolean; readonly width: number },
): string {
  const paint = createColors(colour);
  const room = Math.min(width, 100);
  let fenced = false;
  const lines = markdown.split("\n").flatMap((line): readonly string[] => {
    if (line.startsWith("```")) {
      fenced = !fenced;
      return [];
    }
    if (fenced) return [`    ${line}`];
    const heading = /^#+ (.*)$/.exec(line);
    if (heading) return [paint.bold(heading[1] ?? "")];
    const item = /^- (.*)$/.exec(line);
    if (item) return hanging("- ", plain(item[1] ?? ""), room);
    return line === "" ? [""] : wrap(plain(line), room);
  });
  return lines.join("\n");
}

function plain(text: string): string {
  return text.replace(/\*\*([^*]+)\*\*/g, "$1").replace(/<(https?:[^>]+)>/g, "$1");
}

function hanging(mark: string, text: string, room: number): readonly string[] {
  return wrap(text, room - mark.length).map(
    (line, index) => (index === 0 ? mark : " ".repeat(mark.length)) + line,
  );
}
