import { call } from "../api.js";
import { config } from "../config.js";
import { Heading } from "../heading.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { Logo } from "../parts/logo.js";
import { ProblemNote } from "../parts/problem.js";
import { ended, pasted, REFUSED, signIn, TOO_OLD } from "../session.js";
import { useStore } from "../store.js";

const WHY = {
  [REFUSED]: "The API has refused the key and secret of this tab.",
  [TOO_OLD]: "The last sign-in was 12 hours ago.",
};

/**
 * Two fields; pasting `credentials.env`, `key:secret` or a curl command fills both. covers: whether a page waits behind it.
 */
export function SignIn({ covers = false }) {
  const first = useRef();
  const why = useStore(ended);
  useEffect(() => first.current.focus(), []);
  const [fields, setFields] = useState({ key: "", secret: "" });
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const change = (name) => (event) => setFields({ ...fields, [name]: event.target.value });
  const paste = (event) => {
    const found = pasted(event.clipboardData.getData("text"));
    if (!found) return;
    event.preventDefault();
    setFields(found);
  };
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await call("GET", "workflows?limit=1", { as: { key: fields.key.trim(), secret: fields.secret.trim() } });
      signIn(fields.key.trim(), fields.secret.trim());
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return html`<main class="sign-in">
    <p class="product"><${Logo} />Workflows</p>
    <div class="card">
      <${Heading} title="Sign in" />
      <p class="muted">${WHY[why] ?? "With the key and the secret of an account of this Workflows API."}${covers && " The page stays as it was."}</p>
      <${ProblemNote} error=${error} what="Not signed in:" />
      <form onSubmit=${submit} onPaste=${paste}>
        <label>API key<input ref=${first} required autocomplete="username" autocapitalize="none" spellcheck="false" value=${fields.key} onInput=${change("key")} /></label>
        <label>API secret<input required type="password" autocomplete="current-password" value=${fields.secret} onInput=${change("secret")} /></label>
        <button class="primary" disabled=${busy}>${busy ? "Signing in…" : "Sign in"}</button>
      </form>
      <p class="muted small">${config.sandbox && html`On a local stack both are in <code>.local/credentials.env</code>. `}You can paste that whole file, <code>key:secret</code> or a curl command into either field.</p>
    </div>
    <p class="muted small">Key and secret stay in this tab until you sign out, close it, or 12 hours have passed.</p>
  </main>`;
}
