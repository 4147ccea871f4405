import type { Page } from "playwright-core";

/**
 * Clicks the link of that name in the page's navigation, and waits until its page stands there: what is looked for next must
 * not be found on the page before.
 */
export async function follow(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name }).click();
  await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
}
