import { visible } from "../../base/visible.ts";
import type { Delivery, Destination, More, Receiver, Words } from "./destination.ts";

interface HttpDestination extends Pick<Destination, "takes" | "settings" | "batch" | "label"> {
  readonly type: string;
  readonly getsStart?: boolean;
  /** The URL to post to; a reason where this is none of the kind. */
  readonly address?: (url: URL) => URL | string;
  readonly body: (delivery: Delivery, to: Receiver) => string;
  /** What is posted as JSON. */
  readonly text: (words: Words, document: object, to: Receiver) => object;
}

/** A destination that takes JSON by HTTP. */
export function httpDestination<const Given extends HttpDestination>(given: Given) {
  const { type, address = (url: URL) => url } = given;
  const post = (target: string, body: string) => {
    const url = address(new URL(target));
    if (typeof url === "string") throw new Error(`${type}: ${url}`);
    return { via: "http", url, body } as const;
  };
  return {
    ...given,
    getsStart: given.getsStart ?? false,
    getsSummary: true,
    example: "https://",
    whyNot(target: string) {
      const why = whyNoUrl(target) ?? address(new URL(target));
      return typeof why === "string" ? why : undefined;
    },
    shown: (target: string) => shownUrl(type, target),
    changes: (delivery: Delivery, to: Receiver) => post(to.target, given.body(delivery, to)),
    words: (words: Words, { document }: More, to: Receiver) =>
      post(to.target, JSON.stringify(given.text(words, document, to))),
  } satisfies Destination;
}

export function whyNoUrl(target: string): string | undefined {
  const isUrl = URL.canParse(target) && /^https?:$/.test(new URL(target).protocol);
  return isUrl ? undefined : "is not an address such as https://host/path";
}

/** `webhook https://hooks.example.org`: without path, user, password and query, any of which may be a secret. */
export function shownUrl(type: string, target: string): string {
  if (!URL.canParse(target)) return type;
  const { protocol, host } = new URL(target);
  return visible(`${type} ${protocol}//${host}`);
}
