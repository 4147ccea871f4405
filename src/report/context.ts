import type { Report } from "../audit/finding.ts";
import type { Control } from "../controls/control.ts";
import type { FileOrigin } from "../model/origin.ts";

/** What reports print of a control. */
export type ControlInfo = Pick<
  Control,
  "id" | "title" | "why" | "whyFor" | "row" | "severity" | "cis" | "attack" | "cwe" | "references" | "where"
>;

/** What a reporter may know beside the report itself. */
export interface ReportContext {
  /**
   * The text of a line, counted from 1, without its line break. Undefined where the file is out of reach; the
   * report then shows the place alone.
   */
  readonly sourceLine: (file: string, line: number) => string | undefined;
  /** Ranges whose text may be a secret: excerpts show `••••` in their place. */
  readonly secrets: readonly FileOrigin[];
  /** Credentials that were read: `••••` stands wherever one does. */
  readonly secretValues?: readonly string[];
  /** Whether to write ANSI colours (the caller knows about terminals and NO_COLOR). */
  readonly colour: boolean;
  /** Columns of the terminal, for `text`. */
  readonly width: number;
  /** Everything at full length. */
  readonly verbose: boolean;
  /** One line a finding. */
  readonly quiet: boolean;
  /** A control by its id: `findControl` of the registry. Undefined for an id that is not known. */
  readonly controls: (id: string) => ControlInfo | undefined;
  /** Every control, for formats that list them all. */
  readonly allControls?: readonly ControlInfo[] | undefined;
  /** The edits of a finding's file that mend it, for formats that carry them. */
  readonly edits?:
    | ((control: string, subject: string) => readonly { readonly at: FileOrigin; readonly text: string }[])
    | undefined;
  readonly now: Date;
  /** False for a terminal that shows ASCII alone. Default true. */
  readonly unicode?: boolean;
}

/** Prints a report as one text that ends with a line break. Pure: the same report is the same text. */
export type Reporter = (report: Report, context: ReportContext) => string;
