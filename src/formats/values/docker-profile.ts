import { kernelInterfaces } from "../../model/kernel-interfaces/table.ts";
import * as docker from "./docker-seccomp.ts";

type Argument = {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
};

interface Rule {
  readonly names: readonly string[];
  readonly action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  readonly errnoRet?: number;
  readonly args?: readonly Argument[];
  readonly comment?: string;
  readonly includes?: Readonly<Record<string, readonly string[]>>;
  readonly excludes?: Readonly<Record<string, readonly string[]>>;
}

/** Docker's names of architectures, each with those whose programs it runs as well. A call that one does not have is left out by runc. */
export const architectures = {
  amd64: ["X86_64", "X86", "X32"],
  arm64: ["AARCH64", "ARM"],
  s390x: ["S390X", "S390"],
  riscv64: ["RISCV64"],
  loong64: ["LOONGARCH64"],
} as const;

type ProfileArchitecture = keyof typeof architectures;

export function isArchitecture(name: string): name is ProfileArchitecture {
  return Object.hasOwn(architectures, name);
}

const admin = { caps: ["CAP_SYS_ADMIN"] };
const s390 = { arches: ["s390", "s390x"] };

/** The families that advisories ask to close and that Docker's own profile leaves open. */
export const askedFamilies: readonly number[] = kernelInterfaces.flatMap(({ isAsked, module = "" }) =>
  isAsked ? Number(/^net-pf-(\d+)$/.exec(module)?.[1]) : [],
);

/**
 * Docker's own seccomp profile of today, and with `families` denied beside the two that it denies: as the file that
 * `--security-opt seccomp=` and daemon.json take. Foreign and 32-bit programs work as under Docker's own, socketcall included.
 */
export function dockersProfile(
  on: readonly ProfileArchitecture[],
  families: readonly number[] = askedFamilies,
): string {
  const letsWith = Object.entries(docker.letsWith).map(
    ([capability, names]): Rule => ({
      names: names.filter((name) => name !== "clone" && name !== "clone3"),
      action: "SCMP_ACT_ALLOW",
      includes: { caps: [capability] },
    }),
  );
  const namespaces = (index: number): readonly Argument[] => [
    { index, value: docker.namespaceFlags, op: "SCMP_CMP_MASKED_EQ" },
  ];
  const syscalls: readonly Rule[] = [
    { names: [...docker.lets], action: "SCMP_ACT_ALLOW" },
    ...socketRules([...docker.stoppedFamilies, ...families]),
    ...docker.personalities.map((value): Rule => rule("personality", { index: 0, value, op: "SCMP_CMP_EQ" })),
    ...letsWith,
    { names: ["clone", "clone3"], action: "SCMP_ACT_ALLOW", includes: admin },
    {
      ...{ names: ["clone"], action: "SCMP_ACT_ALLOW", args: namespaces(0) },
      excludes: { ...admin, ...s390 },
    },
    { names: ["clone"], action: "SCMP_ACT_ALLOW", args: namespaces(1), includes: s390, excludes: admin },
    { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38, excludes: admin },
  ];
  const archMap = on.map((name) => {
    const [architecture = "", ...others] = architectures[name].map((each) => `SCMP_ARCH_${each}`);
    return { architecture, subArchitectures: others };
  });
  const profile = { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1, archMap, syscalls };
  return `${JSON.stringify(profile, null, 2)}\n`;
}

/** AF_MCTP, the last family that Linux 6.18 has (include/linux/socket.h). */
const lastFamily = 45;

/**
 * Lets every family through that is not denied: one rule for those below, and one for each above. The kernel takes the family as
 * 32 bits and a filter compares 64, so `> 40` (as Docker's own has it) also lets 38 with an upper bit through.
 */
export function socketRules(denied: readonly number[]): readonly Rule[] {
  const lowest = Math.min(...denied);
  const above = Array.from({ length: lastFamily - lowest + 1 }, (_, at) => lowest + at);
  return [
    rule("socket", { index: 0, value: lowest, op: "SCMP_CMP_LT" }),
    ...above
      .filter((family) => !denied.includes(family))
      .map((value) => rule("socket", { index: 0, value, op: "SCMP_CMP_EQ" })),
  ];
}

function rule(name: string, argument: Argument): Rule {
  return { names: [name], action: "SCMP_ACT_ALLOW", args: [argument] };
}
