import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { WhoIAm } from "../src/fleet/server/api/shapes.ts";
import { type Role, roles } from "../src/fleet/store/accounts/roles.ts";

export const SignedIn = createContext<WhoIAm["account"]>(null);

/** Who is signed in. */
export function useAccount(): WhoIAm["account"] {
  return useContext(SignedIn);
}

/** Whether who is signed in may do what needs this role. The server decides; the page only leaves out what it would refuse. */
export function useMay(needed: Role): boolean {
  const account = useAccount();
  return account !== null && roles.indexOf(account.role) >= roles.indexOf(needed);
}
