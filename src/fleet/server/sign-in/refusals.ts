/**
 * Why a sign-in by a provider failed, by the word that the page's address carries. The page has the sentences itself: an address
 * that somebody was sent can choose one, and write none.
 */
export const signInRefusals = {
  stale: "This sign-in took too long, or it began in another browser. Try again.",
  cancelled: "The provider did not sign you in: it was cancelled there, or you are not allowed.",
  unreachable: "The provider does not answer. Try again later, or use a password.",
  issuer: "The answer comes from another provider than the expected one. Nobody is signed in.",
  audience: "The provider's answer is meant for another application. Nobody is signed in.",
  nonce: "The provider's answer belongs to another sign-in. Nobody is signed in.",
  expired: "The provider's answer is too old or too new. Compare the clocks of both servers.",
  signature: "The signature of the provider's answer is wrong. Nobody is signed in.",
  client: "The provider refuses bulkhead's client ID or secret. Ask an administrator.",
  answer: "The provider's answer cannot be used. bulkhead's log says why.",
  role: "The provider gives you no role in bulkhead. Ask an administrator of the provider.",
  taken: "Another account has your name already. Ask an administrator to remove it first.",
} as const;

export type SignInRefusal = keyof typeof signInRefusals;

export function refusalSentence(word: string): string {
  const known = Object.entries(signInRefusals).find(([refusal]) => refusal === word);
  return known?.[1] ?? signInRefusals.answer;
}
