import type * as z from "zod/mini";
import type { Severity } from "../../model/severity.ts";
import type { Change } from "../change.ts";
import type { Facility } from "./settings.ts";
import type { SyslogAddress } from "./syslog/message.ts";

/** A log record, before the SDK makes it one. */
export interface LogEvent {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly severity: Severity;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Changes on their way to a receiver, in one message. */
export interface Delivery {
  /** The name of the watched host. */
  readonly host: string;
  /** Its id, where `bulkhead serve` sends. */
  readonly hostId?: string;
  /** The host in a syslog's header: receivers sort messages by it. */
  readonly sender: string;
  readonly version: string;
  /** Changes before these that were dropped because the queue was full. */
  readonly lost: number;
  readonly changes: readonly Delivered[];
}

export interface Delivered {
  /** The same at each attempt: a receiver can leave out a change that it has already. */
  readonly id: string;
  readonly change: Change;
}

/** Text for a reader: a title, and lines of plain text. */
export interface Words {
  readonly title: string;
  readonly lines: readonly string[];
}

export interface More {
  /** What a program gets instead of words. */
  readonly document: object;
  /** The host in a syslog's header. */
  readonly sender: string;
}

/** Where messages go, as a user configured it. */
export interface Receiver {
  /** An address, which may be a secret itself; for mail the receivers, with commas. */
  readonly target: string;
  /** Signs what a webhook gets. */
  readonly secret: string | null;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string | null;
  readonly facility: Facility | null;
}

/** A log record, before the SDK makes it one. */
export interface LogEvent {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly severity: Severity;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A message, ready for the transport that sends it. */
export type Message =
  | {
      readonly via: "http";
      readonly url: URL;
      /** JSON. */
      readonly body: string;
      /** Undefined for application/json. */
      readonly contentType?: string | undefined;
    }
  | { readonly via: "syslog"; readonly address: SyslogAddress; readonly messages: readonly string[] }
  | {
      readonly via: "otlp";
      readonly base: URL;
      readonly source: Readonly<Record<string, string>>;
      readonly events: readonly LogEvent[];
    }
  | { readonly via: "mail"; readonly to: string; readonly subject: string; readonly text: string };

export type Credential = "secret" | "token" | "facility";

/**
 * A kind of place where changes go, with all that is special about it. Pure: `send` knows the transports. Each is registered
 * once, in `destinations.ts`.
 */
export interface Destination {
  readonly type: string;
  /** As people write it: `Slack`. */
  readonly label: string;
  /** A target. */
  readonly example: string;
  /** Changes in one message. */
  readonly batch: number;
  /** What can be configured beside the target. */
  readonly takes: readonly Credential[];
  /** Whether it gets what was open before anybody watched: a program does, a person does not. */
  readonly getsStart: boolean;
  /** Whether a weekly summary makes sense there. */
  readonly getsSummary: boolean;
  /** An entry of `watch.outputs`; left out where only serve sends there. */
  readonly settings?: z.ZodMiniType;
  /** Why nothing can be sent to a target, as a clause: `names no topic: …`. */
  whyNot(target: string): string | undefined;
  /** A target in messages, without what may be a secret. */
  shown(target: string): string;
  changes(delivery: Delivery, to: Receiver): Message;
  words(words: Words, more: More, to: Receiver): Message;
}
