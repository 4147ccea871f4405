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
  {
    setting: "apparmor",
    test: /AppArmor watch: a profile that is put into complain mode/,
    why: "drift did not compare AppArmor's profile, and does now; the row was not run to its end again yet",
    isMended: true,
  },
  {
    setting: "apparmor",
    test: /AppArmor learn: the kernel enforces/,
    why: "the machine had no Docker Compose, which trials need, and has it now; not run again yet",
    isMended: true,
  },
  {
    setting: "apparmor",
    test: /a rootless Engine (?:root|user): three plain containers/,
    why: "each container had a finding that its Engine does not use AppArmor, now said once of the Engine, and one for AF_RXRPC, which the kernel leaves open; not run again yet",
    isMended: true,
  },
  {
    setting: "apparmor",
    test: /a rootless Engine (?:root|user): limits that are in force/,
    why: "the test did not know that systemd limits the tasks of each user; not run again yet",
    isMended: true,
  },
];

export function explained(setting: string, test: string): Reason | undefined {
  return reasons.find((each) => each.setting === setting && each.test.test(test));
}
