import { expect, test } from "vitest";
import { finding, reportOf, testContext } from "../../test/support/report.ts";
import { findControl } from "../controls/registry.ts";
import { loadReporter } from "./formats.ts";

const report = (kind: "container" | "image") => {
  const { subjects, ...rest } = reportOf(
    [{ id: "a", name: "a" }],
    [finding({ control: "image-secret", subject: "a", severity: "high" })],
  );
  return { ...rest, subjects: subjects.map((subject) => ({ ...subject, kind })) };
};

test.each(["text", "html", "markdown", "junit"] as const)(
  "%s gives a secret in a file another reason than one in an image",
  async (format) => {
    const print = await loadReporter(format);
    const context = testContext({ controls: findControl, verbose: true });
    const flat = (kind: "container" | "image") =>
      print(report(kind), context)
        .replace(/<section[^>]*glossary[\s\S]*/, "")
        .replace(/\s+/g, " ");
    expect(flat("container")).toContain("Everyone who may read the file");
    expect(flat("container")).not.toContain("is in the image");
    expect(flat("image")).toContain("is in the image");
    expect(flat("image")).not.toContain("Everyone who may read the file");
  },
);
