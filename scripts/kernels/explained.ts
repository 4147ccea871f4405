/** Why a test fails in a setting, where the product is not at fault: an unexplained failure makes test:kernels fail. */
const reasons: readonly { readonly setting: string; readonly test: RegExp; readonly why: string }[] = [
  {
    setting: "older",
    test: /privileged one|--privileged|privileged exec|of a privileged container|that its own first process left|^its preparation$/,
    why: "Engine 20.10 gives a privileged container every capability that the kernel knows, and root has not all of them on this machine: none starts",
  },
];

export function explained(setting: string, test: string): string | undefined {
  return reasons.find((each) => each.setting === setting && each.test.test(test))?.why;
}
