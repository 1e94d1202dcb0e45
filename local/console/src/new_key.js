/** A new `Idempotency-Key`: 122 random bits. `crypto.randomUUID` exists only where the page came by https or from this machine. */
export function newKey() {
  return crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
