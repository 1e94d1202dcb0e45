import { randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const now = Math.floor(Date.now() / 1000);
const claims = { application_id: process.env.APPLICATION_ID, jti: randomUUID(), iat: now, exp: now + 900 };
const encoded = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
const text = `${encoded({ alg: "RS256", typ: "JWT" })}.${encoded(claims)}`;
const signature = sign("RSA-SHA256", Buffer.from(text), readFileSync(process.env.PRIVATE_KEY_PATH));
console.log(`${text}.${signature.toString("base64url")}`);
