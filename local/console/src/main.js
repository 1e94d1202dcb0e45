import "./app.css";
import "./frame.css";
import "./picture.css";
import { Frame } from "./frame.js";
import { html, render, useEffect, useState } from "./html.js";
import { New } from "./pages/new.js";
import { Overview } from "./pages/overview.js";
import { Phones } from "./pages/phones.js";
import { Play } from "./pages/play.js";
import { SignIn } from "./pages/sign_in.js";
import { WorkflowPage } from "./pages/workflow.js";
import { Workflows } from "./pages/workflows.js";
import { route } from "./route.js";
import { session } from "./session.js";
import { applyTheme, settings } from "./settings.js";
import { useStore } from "./store.js";

const PAGES = { workflows: Workflows, w: WorkflowPage, new: New, phones: Phones, play: Play, overview: Overview };

/** The page of the address. The sign-in covers it without removing it, so that a half-filled form survives a 401. */
function App() {
  const { page, parts } = useStore(route);
  const signedIn = useStore(session);
  const [opened, setOpened] = useState(null);
  useEffect(() => {
    if (!signedIn) return;
    if (opened && opened !== signedIn.key) location.reload(); // nothing of another account stays in memory
    else setOpened(signedIn.key);
  }, [signedIn]);
  const chosen = useStore(settings);
  useEffect(applyTheme, [chosen]);
  const key = page === "w" || page === "play" ? `${page}/${parts[0]}` : page;
  return html`
    ${!signedIn && html`<${SignIn} covers=${opened !== null} />`}
    ${opened && html`<div hidden=${signedIn?.key !== opened}><${Frame}><${PAGES[page]} key=${key} /><//></div>`}`;
}

render(html`<${App} />`, document.getElementById("app"));
