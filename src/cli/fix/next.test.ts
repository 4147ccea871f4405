import { execFileSync } from "node:child_process";
import { expect, test, vi } from "vitest";
import { nextSteps, type Project, sayNext, whatIsLost } from "./next.ts";

const none = { profiles: [], envFiles: [] };

test("the commands name the files from the current folder, in their order", () => {
  const files = ["/srv/shop/compose.yaml", "/srv/shop/compose.prod.yaml"];
  expect(nextSteps(files, none, "/srv")).toEqual([
    "now run    docker compose -f shop/compose.yaml -f shop/compose.prod.yaml up -d",
    expect.stringContaining("docker compose -f shop/compose.yaml -f shop/compose.prod.yaml logs --since 5m"),
    "to go back bulkhead fix --undo shop/compose.yaml shop/compose.prod.yaml && docker compose -f shop/compose.yaml -f shop/compose.prod.yaml up -d",
  ]);
});

test("the project is started with the profiles and the variables that it was audited with", () => {
  const compose = { profiles: ["dev", "debug"], envFiles: ["/srv/my.env"] };
  for (const line of nextSteps(["/srv/compose.yaml"], compose, "/srv"))
    expect(line).toContain("docker compose -f compose.yaml --profile dev --profile debug --env-file my.env ");
});

test("a shell reads each path as one word", () => {
  const file = "/srv/it's my $HOME/compose (1).yaml";
  for (const line of nextSteps([file], none, "/srv")) {
    const command = line.slice("to go back ".length);
    const [first = ""] = command.split(/ (?:up|ps|&&) /);
    const words = execFileSync("sh", ["-c", `for each in ${first}; do echo "$each"; done`], {
      encoding: "utf8",
    });
    expect(words.trimEnd().split("\n").at(-1)).toBe("it's my $HOME/compose (1).yaml");
  }
});

test("what a container wrote outside of its volumes is named, three and how many more", () => {
  expect(whatIsLost("web", { name: "shop-web-1", wrote: [] })).toBeUndefined();
  expect(whatIsLost("web", { name: "shop-web-1", wrote: ["/a", "/b", "/c"] })).toBe(
    "docker compose up replaces shop-web-1 (web), and what it wrote outside its volumes is gone: /a, /b, /c",
  );
  expect(whatIsLost("web", { name: "w", wrote: ["/a", "/b", "/c", "/d", "/e"] })).toMatch(/\/c and 2 more$/);
});

test("what a step made goes back as well", () => {
  const [, , back] = nextSteps(["/srv/compose.yaml"], none, "/srv", ["/srv/.env"]);
  expect(back).toContain("bulkhead fix --undo compose.yaml .env && docker compose -f compose.yaml up -d");
});

test("each project's way back names what was made beside it, and nothing of another", () => {
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  const input = (file: string) => ({ format: "compose", files: [file] });
  const inputs = [input("/srv/a/compose.yaml"), input("/srv/b/compose.yaml"), input("/srv/c/compose.yaml")];
  const project = { inputs, compose: none, running: undefined } as unknown as Project;
  sayNext(project, ["/srv/a/compose.yaml", "/srv/a/.env", "/srv/b/compose.yaml", "/srv/d/.env"]);
  write.mockRestore();
  const undone = said.flatMap((line) => /--undo (.*?) &&/.exec(line)?.[1] ?? []);
  expect(undone.map((each) => each.replace(/\S*srv\//g, ""))).toEqual([
    "a/compose.yaml a/.env",
    "b/compose.yaml",
  ]);
});
