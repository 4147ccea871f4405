/** Why a test fails in a setting. */
interface Reason {
  readonly setting: string;
  readonly test: RegExp;
  readonly why: string;
  /** The product or the test was at fault, and has been mended since: it must pass when it is run again. */
  readonly isMended?: true;
}

/** A failure for which the product is at fault, or that nobody explained, makes test:kernels fail. */
const reasons: readonly Reason[] = [
  {
    setting: "older",
    test: /privileged one|--privileged|privileged exec|of a privileged container|that its own first process left|^its preparation$/,
    why: "Engine 20.10 gives a privileged container every capability that the kernel knows, and root has not all of them on this machine: none starts",
  },
];

export function explained(setting: string, test: string): Reason | undefined {
  return reasons.find((each) => each.setting === setting && each.test.test(test));
}
