// The door of the fleet for the history that `bulkhead watch` keeps and `bulkhead history` shows.

export { type Database, openDatabase, tryDriver, whyDatabase } from "./store/database.ts";
export { type History, openHistory } from "./store/history/history.ts";
export { type LostSpan, type ProofSpan, type Proofs, queryProofs } from "./store/history/proofs.ts";
export { type HistoryEntry, type HistorySilence, queryHistory, shownSilence } from "./store/history/query.ts";
export { type KeptSilence, openSilences } from "./store/history/silences.ts";
