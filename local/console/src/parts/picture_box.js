import { html, useState } from "../html.js";
import { Picture } from "../picture.js";
import { printing } from "../printing.js";
import { requery } from "../route.js";
import { useZone } from "../settings.js";
import { useStore } from "../store.js";
import { useWidth } from "../width.js";

/** The picture of a workflow, as wide as its box. */
export function PictureBox({ facts, marked = null }) {
  const [box, width] = useWidth();
  const [unfolded, setUnfolded] = useState([]);
  const zone = useZone();
  const printed = useStore(printing);
  return html`<div class="picture-box" ref=${box}>
    ${width > 0 && html`<${Picture} workflow=${facts} now=${facts.now} width=${width} zone=${zone} marked=${marked}
      onMark=${(sequence) => requery({ at: sequence })} unfolded=${printed ? "all" : unfolded} onUnfold=${setUnfolded} />`}
  </div>`;
}
