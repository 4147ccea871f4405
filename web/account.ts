import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Role, roles } from "../src/fleet/api.ts";
import type { Answer } from "./api.ts";

export const SignedIn = createContext<Answer<"/session">["account"]>(null);

/** Who is signed in. */
export function useAccount(): Answer<"/session">["account"] {
  return useContext(SignedIn);
}

/** Whether the account has this role. The server decides; the page only hides what it would refuse. */
export function useMay(needed: Role): boolean {
  const account = useAccount();
  return account !== null && roles.indexOf(account.role) >= roles.indexOf(needed);
}
