import { describe, expect, test } from "vitest";
import type { Route } from "../routes/route.ts";
import { routes } from "../routes/table.ts";
import { droppedPlaces, emptyAside } from "../shapes/aside.ts";
import { printQuery, readQuery } from "./query.ts";

function route(id: string): Route {
  const found = routes.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no route ${id}`);
  return found;
}

/** As it is printed; the reason where it is refused. */
function reprint(id: string, query: string): string {
  const read = readQuery(query, route(id), emptyAside());
  return read.ok ? printQuery(read.value) : `refused: ${read.reason}`;
}

describe("a query is read as the Engine reads it, and printed anew", () => {
  test.each([
    ["container-list", "", ""],
    ["container-list", "all=1&size=0", "?all=1&size=0"],
    ["container-list", "all=true", "?all=1"],
    ["container-list", "all=TRUE", "?all=1"],
    ["container-list", "all=on", "?all=1"],
    ["container-list", "all=2", "?all=1"],
    ["container-list", "all=-", "?all=1"],
    ["container-list", "all", "?all=0"],
    ["container-list", "all=", "?all=0"],
    ["container-list", "all=No", "?all=0"],
    ["container-list", "all=+none+", "?all=0"],
    ["container-list", "all=FALSE", "?all=0"],
    ["container-list", "limit=-1", "?limit=-1"],
    ["container-list", "limit=007", "?limit=7"],
    ["container-list", "limit=-0", "?limit=0"],
    ["container-list", "limit=", ""],
    ["container-list", "trunc_cmd=0&all=1", "?all=1"],
    ["container-list", "filters=", ""],
    ["container-list", "filters=null", ""],
    ["container-list", 'filters={"label":["a=b"]}', "?filters=%7B%22label%22%3A%7B%22a%3Db%22%3Atrue%7D%7D"],
    [
      "container-list",
      "filters=%7B+%22label%22%3A%7B%22a%22%3Atrue%7D%20%7D",
      "?filters=%7B%22label%22%3A%7B%22a%22%3Atrue%7D%7D",
    ],
    ["container-create", "name=web&platform=linux%2Famd64", "?name=web&platform=linux%2Famd64"],
    ["container-create", "name=", ""],
    ["container-archive-get", "path=/a+b%2Bc", "?path=%2Fa%20b%2Bc"],
    ["container-top", "ps_args=-ef", "?ps_args=-ef"],
    ["container-commit", "comment=a%0Ab%09c", "?comment=a%0Ab%09c"],
    ["image-save-many", "names=a&names=b:1", "?names=a&names=b%3A1"],
    [
      "image-save",
      'platform={"os":"linux","architecture":"arm64"}',
      "?platform=%7B%22os%22%3A%22linux%22%2C%22architecture%22%3A%22arm64%22%7D",
    ],
    ["build", 'buildargs={"a":null,"b":"c"}', "?buildargs=%7B%22a%22%3Anull%2C%22b%22%3A%22c%22%7D"],
    [
      "build",
      'ulimits=[{"Name":"nofile","Soft":1,"Hard":2}]',
      "?ulimits=%5B%7B%22Name%22%3A%22nofile%22%2C%22Soft%22%3A1%2C%22Hard%22%3A2%7D%5D",
    ],
    ["build", 'labels={"__proto__":"x"}', "?labels=%7B%22__proto__%22%3A%22x%22%7D"],
    ["service-list", "status=t", "?status=1"],
    ["service-list", "status=False", "?status=0"],
  ])("%s?%s", (id, query, printed) => {
    expect(reprint(id, query)).toBe(printed);
  });

  test.each([
    ["a parameter whose name is escaped", "container-list", "%61ll=1"],
    ["an unknown parameter with an escape that is cut", "container-list", "%6=1"],
    ["a semicolon for an ampersand", "container-create", "name=a;platform=b"],
    ["an escape that is cut", "container-create", "name=%4"],
    ["an escape of no digits", "container-create", "name=%zz"],
    ["an escape that is no UTF-8", "container-create", "name=%ff"],
    ["half a surrogate pair", "container-create", "name=%ed%a0%bd"],
    ["an escaped NUL", "container-create", "name=a%00"],
    ["an escaped DEL", "container-create", "name=a%7f"],
    ["a character beyond ASCII", "container-create", "name=é"],
    ["a space", "container-create", "name=a b"],
    ["a fragment", "container-create", "name=a#b"],
    ["a word for a number", "container-list", "limit=all"],
    ["a sign for a number", "container-list", "limit=%2B5"],
    ["a fraction", "container-list", "limit=1.5"],
    ["an exponent", "container-list", "limit=1e3"],
    ["hexadecimal", "container-list", "limit=0x10"],
    ["a number beyond int64", "container-list", "limit=9223372036854775808"],
    ["digits of another script", "container-list", "limit=%EF%BC%91"],
    ["a no-break space around a flag", "container-list", "all=%C2%A0none"],
    ["an empty flag about which Engines differ", "build", "rm="],
    ["the same, without a sign", "container-commit", "pause"],
    ["a word for a strict flag", "service-list", "status=yes"],
    ["filters that are no JSON", "container-list", "filters={"],
    ["filters that are two documents", "container-list", "filters={}{}"],
    ["filters that are a list", "container-list", "filters=[]"],
    ["a filter twice", "container-list", 'filters={"label":["a"],"label":["b"]}'],
    ["a filter that is false", "container-list", 'filters={"label":{"a":false}}'],
    ["filters of two forms", "container-list", 'filters={"label":["a"],"name":{"b":true}}'],
    ["a filter that is null", "container-list", 'filters={"label":null}'],
    ["a filter with a null", "container-list", 'filters={"label":[null]}'],
    ["a filter that is one string", "container-list", 'filters={"label":"a"}'],
    ["a platform in words where JSON is read", "image-save", "platform=linux/arm64"],
    ["a platform with a member in another case", "image-save", 'platform={"OS":"linux"}'],
    ["build arguments that are a list", "build", 'buildargs=["a=b"]'],
    ["labels that are null inside", "build", 'labels={"a":null}'],
    ["deep JSON", "build", `outputs=${"[".repeat(20)}`],
  ])("not %s", (_, id, query) => {
    expect(reprint(id, query)).toMatch(/^refused: /);
  });

  test.each([
    ["an unknown parameter", "container-list", "al=1&all=1", "?all=1", ["query al"]],
    ["one in another case", "container-list", "All=1", "", ["query All"]],
    ["one of another route", "container-create", "all=1&name=a", "?name=a", ["query all"]],
    ["one that JavaScript has uses for", "container-list", "__proto__=1", "", ['query "__proto__"']],
    [
      "what dockerode repeats",
      "container-create",
      "Image=a&HostConfig%5BPrivileged%5D=true",
      "",
      ["query Image", 'query "HostConfig%5BPrivileged%5D"'],
    ],
    ["the second of two", "container-create", "name=a&name=b", "?name=a", ["second name"]],
    [
      "the second of two, of which the first is empty",
      "container-create",
      "name&name=b",
      "",
      ["second name"],
    ],
    ["an unread parameter twice", "container-list", "trunc_cmd=1&trunc_cmd=2", "", ["second trunc_cmd"]],
    ["an empty pair", "container-create", "name=a&&platform=b&", "?name=a&platform=b", []],
    [
      "a member of a platform",
      "image-save",
      'platform={"os":"linux","x":1}',
      "?platform=%7B%22os%22%3A%22linux%22%7D",
      [],
    ],
  ] as const)("without effect in the Engine, and so dropped: %s", (_, id, query, printed, dropped) => {
    const aside = emptyAside();
    const read = readQuery(query, route(id), aside);
    expect(read.ok && printQuery(read.value)).toBe(printed);
    expect(droppedPlaces(aside)).toEqual(dropped);
  });

  test("a thousand unknown parameters are counted, not listed", () => {
    const aside = emptyAside();
    const query = Array.from({ length: 1_000 }, (_, index) => `x${index}=1`).join("&");
    expect(readQuery(query, route("container-list"), aside).ok).toBe(true);
    expect(droppedPlaces(aside)).toHaveLength(17);
    expect(droppedPlaces(aside).at(-1)).toBe("and 984 more");
  });

  test("a number keeps its digits up to the end of int64", () => {
    expect(reprint("container-list", "limit=9007199254740993")).toBe("?limit=9007199254740993");
  });

  test("a refusal never shows a value", () => {
    for (const query of [
      'buildargs={"TOKEN":"hunter2"',
      "t=hunter2%ff",
      'labels={"a":["hunter2"]}',
      "memory=hunter2",
    ])
      expect(reprint("build", query)).not.toContain("hunter2");
  });
});
