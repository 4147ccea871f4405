/** Why a test fails in a setting, where the product is not at fault: an unexplained failure makes test:kernels fail. */
const reasons: readonly { readonly setting: string; readonly test: RegExp; readonly why: string }[] = [];

export function explained(setting: string, test: string): string | undefined {
  return reasons.find((each) => each.setting === setting && each.test.test(test))?.why;
}
