import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const secrets = process.env.SIGNATURE_SECRET.split(","); // two during a rotation: old,new
const seen = new Set(); // use a table with a unique key in production

const parsed = (part) => JSON.parse(Buffer.from(part, "base64url"));

function isSigned(text, signature) {
  const given = Buffer.from(signature, "base64url");
  return secrets.some((secret) => {
    const expected = createHmac("sha256", secret).update(text).digest();
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function isGenuine(authorization, raw) {
  const [header, payload, signature] = authorization.replace(/^Bearer /, "").split(".");
  if (!signature || !isSigned(`${header}.${payload}`, signature) || parsed(header).alg !== "HS256") return false;
  const { iss, iat, payload_hash } = parsed(payload);
  const age = Date.now() / 1000 - iat;
  const hash = createHash("sha256").update(raw).digest("hex");
  return iss === "Workflows" && payload_hash === hash && age > -60 && age < 300;
}

function handle(webhook) {
  const { workflow, dispatch } = webhook._links;
  const { workflow_uuid, dispatch_uuid } = workflow ?? dispatch ?? webhook;
  const id = workflow_uuid ?? dispatch_uuid;
  if (seen.has(`${id} ${webhook.sequence}`)) return; // webhooks come at least once
  seen.add(`${id} ${webhook.sequence}`);
  const kind = "template" in webhook ? "final report" : webhook.to?.type ?? "message";
  console.log(id, webhook.sequence, kind, webhook.status);
}

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const raw = Buffer.concat(chunks);
    const genuine = isGenuine(request.headers.authorization ?? "", raw);
    if (genuine) handle(JSON.parse(raw));
    response.writeHead(genuine ? 204 : 503).end(); // 503: sent again for 24 hours; a 401 would be final
  });
}).listen(process.env.PORT, "127.0.0.1");
