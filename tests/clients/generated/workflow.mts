import createClient from "openapi-fetch";
import type { components, paths } from "./workflows-api.js";

const messenger: components["schemas"]["MessengerStep"] = {
  from: { type: "messenger", id: "sim-page" },
  to: { type: "messenger", id: "sim-rejected" },
  message: { content: { type: "text", text: "Your table is ready." } },
  failover: { expiry_time: 600, condition_status: "read" },
};
const sms: components["schemas"]["SmsLastStep"] = {
  from: { type: "sms", number: "ACME" },
  to: { type: "sms", number: "447700900000" },
  message: { content: { type: "text", text: "Your table is ready." } },
};

const { API_URL, API_KEY, API_SECRET } = process.env;
const headers = { Authorization: `Basic ${btoa(`${API_KEY}:${API_SECRET}`)}` };
const api = createClient<paths>({ baseUrl: `${API_URL}/beta`, headers });

const created = await api.POST("/workflows", { body: { template: "failover", workflow: [messenger, sms] } });
if (!created.data || !("workflow_uuid" in created.data)) throw new Error(created.error?.detail);
const shown = await api.GET("/workflows/{id}", { params: { path: { id: created.data.workflow_uuid } } });
if (!shown.data) throw new Error(shown.error.detail);
console.log(created.data.workflow_uuid, shown.data.status);
