import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcomes, type Totals } from "../../src/audit/benchmark/benchmark.ts";
import type { Report } from "../../src/audit/finding.ts";
import { controls } from "../../src/controls/registry.ts";
import { loadReporter } from "../../src/report/formats.ts";
import {
  differingReport,
  finding,
  manyReport,
  readFixture,
  reportOf,
  testContext,
} from "../support/report.ts";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const isThere = existsSync(executablePath);
if (!isThere) console.warn(`The HTML report is not tried in a browser: ${executablePath} is missing.`);

/** In CI a missing browser is a failure, not a skip. */
const inBrowser = isThere || process.env.CI === "true" ? describe : describe.skip;

const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

interface Opened {
  readonly page: Page;
  /** Console errors, uncaught exceptions, dialogs, and requests for anything but the page itself. */
  readonly trouble: string[];
}

inBrowser("the HTML report in Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-html-"));
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(
    [report, context]: Parameters<Awaited<ReturnType<typeof loadReporter>>>,
    options: Parameters<Browser["newPage"]>[0] = {},
  ): Promise<Opened> {
    const file = join(folder, "report.html");
    writeFileSync(file, (await loadReporter("html"))(report, context));
    const page = await browser.newPage(options);
    const trouble: string[] = [];
    page.on("console", (message) => {
      if (message.type() !== "log") trouble.push(message.text());
    });
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("dialog", async (dialog) => {
      trouble.push(`dialog: ${dialog.message()}`);
      await dialog.dismiss();
    });
    const url = pathToFileURL(file).href;
    page.on("request", (request) => {
      if (request.url() !== url) trouble.push(`request: ${request.url()}`);
    });
    await page.goto(url);
    return { page, trouble };
  }

  const fixture = (name: string) => {
    const { report, context } = readFixture(name);
    return [report, context] as const;
  };

  const shown = (page: Page) => page.locator(".finding:visible").count();

  async function showAll(page: Page): Promise<void> {
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByRole("button", { name: "Show all" }).waitFor({ state: "hidden" });
  }

  test("filters by severity, verdict, control, level and words", async () => {
    const { page, trouble } = await open([...fixture("mixed-levels")]);
    expect(await shown(page)).toBe(5);
    await expectShowing(page, "4 findings, 1 unknown");

    await page.getByLabel("medium", { exact: true }).uncheck();
    expect(await shown(page)).toBe(2);
    await expectShowing(page, "Showing 2 of 5");
    await showAll(page);
    expect(await shown(page)).toBe(5);

    await page.getByLabel("unknown", { exact: true }).uncheck();
    expect(await shown(page)).toBe(4);
    await showAll(page);

    await page.getByRole("combobox", { name: "Control" }).selectOption("memory-limit");
    expect(await page.locator(".finding:visible h4").allTextContents()).toEqual(["No memory limit"]);
    await page.getByRole("combobox", { name: "Control" }).selectOption("");

    await page.getByRole("combobox", { name: "Level" }).selectOption("effective");
    expect(await shown(page)).toBe(3);
    await page.getByRole("combobox", { name: "Level" }).selectOption("");

    await page.getByRole("combobox", { name: "Subject" }).selectOption({ label: "engine" });
    expect(await page.locator(".subject:visible h3").allTextContents()).toEqual(["engine"]);
    await page.getByRole("combobox", { name: "Subject" }).selectOption("");

    await page.getByLabel("Search").fill("128 mib unlimited");
    await expectShowing(page, "Showing 1 of 5");
    expect(await page.locator(".finding:visible h4").allTextContents()).toEqual(["No memory limit"]);

    await page.getByLabel("Search").fill("nothing is like this");
    await page.getByText("No findings match.").waitFor();
    expect(trouble).toEqual([]);
  });

  test("filters stand in the address: they can be sent, and the back button takes one back", async () => {
    const { page, trouble } = await open([...fixture("mixed-levels")]);
    await page.getByLabel("medium", { exact: true }).uncheck();
    await page.getByRole("combobox", { name: "Subject" }).selectOption({ label: "engine" });
    const address = page.url();
    expect(address).toContain("#?severity=critical,high,low,info&subject=engine");
    await page.goBack();
    await expectShowing(page, "Showing 2 of 5");
    await page.goBack();
    await expectShowing(page, "4 findings, 1 unknown");
    await page.goForward();
    await expectShowing(page, "Showing 2 of 5");

    const other = await browser.newPage();
    await other.goto(address);
    await page.goForward();
    await expectShowing(other, String(await page.locator("#showing").textContent()));
    expect(await other.getByRole("combobox", { name: "Subject" }).inputValue()).toBe("engine");
    await other.goto(address.replace("subject=engine", "subject=nobody"));
    await expectShowing(other, "Showing 2 of 5");
    expect(trouble).toEqual([]);
  });

  test("a link to a control leaves the filters as they are", async () => {
    const { page } = await open([...fixture("mixed-levels")]);
    await page.getByLabel("medium", { exact: true }).uncheck();
    await page.locator(".finding:visible .facts a").first().click();
    await expectShowing(page, "Showing 2 of 5");
    await page.goBack();
    await expectShowing(page, "Showing 2 of 5");
  });

  test("the numbers in the head follow the filter", async () => {
    const { page } = await open([differingReport(20, 11), testContext()]);
    const tile = (name: string) => page.locator(`[data-counts="${name}"] b`).textContent();
    const before = { critical: await tile("critical"), medium: await tile("medium") };
    const headline = await page.locator("h1").textContent();
    await page.getByRole("combobox", { name: "Subject" }).selectOption({ index: 1 });
    expect(await tile("critical")).toBe("1");
    await page.getByLabel("critical", { exact: true }).uncheck();
    expect(await tile("critical")).toBe("0");
    expect(await page.locator("h1").textContent()).toMatch(/^\d+ findings in 1 subject with this filter$/);
    expect(await page.locator('[data-counts="pass"]').isVisible()).toBe(false);
    await showAll(page);
    expect({ critical: await tile("critical"), medium: await tile("medium") }).toEqual(before);
    expect(await page.locator("h1").textContent()).toBe(headline);
  });

  test("alike subjects are one group, which folds and counts all of them", async () => {
    const { page, trouble } = await open([manyReport(100, 11), testContext()]);
    const groups = await page.locator(".subject").count();
    expect(groups).toBeLessThan(10);
    const all = manyReport(100, 11).findings.length;
    await expectShowing(page, `${all} findings`);
    await page.getByRole("button", { name: "Collapse" }).click();
    expect(await shown(page)).toBe(0);
    await page.getByLabel("Search").fill("service-99");
    await expect.poll(() => shown(page)).toBeGreaterThan(0);
    expect(await page.locator(".subject:visible").count()).toBe(1);
    expect(trouble).toEqual([]);
  });

  test("the matrix filters by subject and area, and a second click takes it back", async () => {
    const { page, trouble } = await open([differingReport(20, 11), testContext()]);
    const total = await shown(page);
    const cell = page.getByRole("link", { name: "service-0, 1.2 Docker socket: critical, 1 finding" });
    await cell.click();
    expect(await shown(page)).toBe(1);
    expect(await cell.getAttribute("aria-current")).toBe("true");
    expect(await page.evaluate("document.activeElement.id")).toBe("findings");
    await cell.click();
    expect(await shown(page)).toBe(total);

    await page.getByRole("button", { name: "2.2 Memory" }).click();
    expect(await shown(page)).toBeLessThan(total);
    expect(new Set(await page.locator(".finding:visible h4").allTextContents())).toEqual(
      new Set(["No memory limit"]),
    );
    await page.getByRole("link", { name: "service-3", exact: true }).click();
    expect(await page.locator(".subject:visible h3").allTextContents()).toEqual(["service-3"]);
    expect(trouble).toEqual([]);
  });

  test("the matrix is reached and used with the keyboard", async () => {
    const { page } = await open([...fixture("one-subject")]);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the findings");
    await page.getByRole("link", { name: "web, 1.2 Docker socket: critical, 1 finding" }).focus();
    await page.keyboard.press("Enter");
    await expectShowing(page, "Showing 1 of 7");
  });

  test("hostile names, messages, paths and snippets do nothing and show as they are", async () => {
    const { page, trouble } = await open([...fixture("hostile")]);
    await page.locator(".matrix a.cell").first().click();
    await page.waitForTimeout(100);
    expect(trouble).toEqual([]);
    expect(await page.locator("script").count()).toBe(1);
    expect(await page.locator("h3").first().textContent()).toContain("<script>alert(1)</script>\"'`|*");
    expect(await page.locator(".snippet").first().textContent()).toContain("</code></pre><script>");
  });

  test("everything is readable without JavaScript", async () => {
    const { page, trouble } = await open([...fixture("one-subject")], { javaScriptEnabled: false });
    expect(await shown(page)).toBe(7);
    expect(await page.getByRole("search").isVisible()).toBe(false);
    const cell = page.getByRole("link", { name: /1\.2 Docker socket: critical/ });
    const target = await cell.getAttribute("href");
    expect(await page.locator(String(target)).locator("h4").textContent()).toBe(
      "The Docker socket is mounted",
    );
    expect(trouble).toEqual([]);
  });

  test("in print the filters are gone, folded groups are open, and no subject takes more than a page", async () => {
    const { page } = await open([...fixture("one-subject")]);
    await page.getByRole("button", { name: "Collapse" }).click();
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#filters").isVisible()).toBe(false);
    expect(await shown(page)).toBe(7);
    const many = await open([differingReport(12, 11), testContext()]);
    expect(pagesOf(await many.page.pdf({ format: "A4" }))).toBeLessThanOrEqual(12);
    const worst = await open([everythingFails(), testContext()]);
    // One page has the head and the matrix.
    expect(pagesOf(await worst.page.pdf({ format: "A4" }))).toBeLessThanOrEqual(2 + 1);
  });

  test.each(["light", "dark"] as const)("text has contrast in %s", async (colorScheme) => {
    const { page } = await open([...fixture("hostile")], { colorScheme });
    expect(await lowContrast(page)).toEqual([]);
    const mixed = await open([...fixture("mixed-levels")], { colorScheme });
    expect(await lowContrast(mixed.page)).toEqual([]);
  });

  test.each(["light", "dark"] as const)(
    "a benchmark's results have colours of their own in %s",
    async (colorScheme) => {
      const { page } = await open([benchmarkReport(), testContext()], {
        colorScheme,
        viewport: { width: 360, height: 800 },
      });
      const colours = (await page.evaluate(
        `[...document.querySelectorAll(".benchmark .outcome")].map((each) => [each.textContent, getComputedStyle(each).backgroundColor])`,
      )) as readonly (readonly [string, string])[];
      const of = new Map(colours);
      expect([...of.keys()]).toEqual(["fail", "unknown", "manual", "accepted", "pass", "not applicable"]);
      expect(of.get("unknown")).toBe(of.get("manual"));
      expect(new Set(of.values()).size).toBe(5);
      expect(await lowContrast(page)).toEqual([]);
    },
  );

  test.each([360, 768, 1280])("nothing runs out of a window of %d pixels", async (width) => {
    for (const name of ["hostile", "one-subject", "mixed-levels", "gaps-only"]) {
      const { page } = await open([...fixture(name)], { viewport: { width, height: 800 } });
      const over = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect([name, over]).toEqual([name, 0]);
      await page.close();
    }
  });

  test("300 subjects with 2000 findings load and filter", async () => {
    const { page, trouble } = await open([differingReport(300, 11), testContext()]);
    await page.getByLabel("Search").fill("memory-limit service-299");
    await expect.poll(() => page.locator("#showing").textContent()).toContain("Showing");
    expect(await page.locator(".subject:not([hidden])").count()).toBe(1);
    expect(trouble).toEqual([]);
  });

  test("a page without findings is calm, and has no broken script", async () => {
    for (const name of ["empty", "clean", "gaps-only", "suppressed"]) {
      const { page, trouble } = await open([...fixture(name)]);
      expect([name, trouble]).toEqual([name, []]);
      await page.close();
    }
    const { page, trouble } = await open([
      reportOf([{ id: "a", name: "a" }], [finding({ control: "unknown-control", subject: "a" })]),
      testContext(),
    ]);
    expect(await page.locator(".finding h4").textContent()).toBe("unknown-control");
    expect(trouble).toEqual([]);
  });
});

/** Two services that fail every control of containers, each with advice and a place. */
function everythingFails(): Report {
  // More than a service of any stack here has.
  const ofContainers = controls
    .filter(({ where, check }) => where.includes("F") && check.container)
    .slice(0, 45);
  const ids = ["web", "db"].map((name) => ({ id: `compose.yaml#${name}`, name }));
  const findings = ids.flatMap(({ id }, index) =>
    ofContainers.map(({ id: control, severity }) =>
      finding({
        control,
        severity,
        subject: id,
        message: `does what ${control} is about: with a consequence that takes a line or two to say, as most have (${index})`,
        locations: [{ file: "compose.yaml", startLine: 3, startColumn: 5, endLine: 3, endColumn: 20 }],
        fix: {
          kind: "safe",
          summary: "Do it in the other way.",
          snippet: "key: value",
          breaks: "It could break.",
        },
      }),
    ),
  );
  return reportOf(ids, findings);
}

function pagesOf(pdf: Buffer): number {
  return pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
}

async function expectShowing(page: Page, words: string): Promise<void> {
  await expect.poll(() => page.locator("#showing").textContent()).toBe(words);
}

/** Texts whose contrast with what is behind them is below 4.5:1 (WCAG 2.1 AA), each with its ratio. */
async function lowContrast(page: Page): Promise<unknown> {
  // Runs in the page, where the compiler's view of Node ends.
  return await page.evaluate(`(() => {
    const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
    const luminance = (colour) => {
      const [r, g, b] = channels(colour).map((value) => {
        const part = value / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      if (!element) return "rgb(255, 255, 255)";
      const colour = getComputedStyle(element).backgroundColor;
      return channels(colour)[3] === 0 ? behind(element.parentElement) : colour;
    };
    const low = new Set();
    for (const element of document.querySelectorAll("body *:not(script, option)")) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
      if (!own || !element.checkVisibility()) continue;
      const a = luminance(getComputedStyle(element).color);
      const b = luminance(behind(element));
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) low.add(element.tagName + "." + element.className + " " + ratio.toFixed(2));
    }
    return [...low];
  })()`);
}

/** One recommendation of each outcome. */
function benchmarkReport(): Report {
  const totals = Object.fromEntries(outcomes.map((outcome) => [outcome, 1])) as unknown as Totals;
  const results = outcomes.map((outcome, index) => ({
    ...{
      number: `1.${index + 1}`,
      title: "Is so",
      level: 1 as const,
      scored: true,
      outcome,
      controls: ["privileged"],
    },
    ...{ evidence: [], more: 0, remedy: "Make it so." },
  }));
  const sections = [{ number: "1", title: "Host", totals, results }];
  return {
    ...reportOf([], []),
    benchmark: { id: "cis-1.6", title: "CIS Docker Benchmark", totals, sections },
  };
}
