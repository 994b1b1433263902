/** All commands and keys, in the place of the card, so that the picture stays in view. */

import { helpOpen } from "../desk";
import { words } from "../words";
import { Key, Region } from "./bits";

export function Help() {
  return (
    <Region name="card" label={words.help.title} class="help">
      <h1>{words.help.title}</h1>
      <dl>
        {words.help.rows.map(([form, meaning]) => (
          <div key={form}>
            <dt>
              <code>{form}</code>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <h2>{words.help.keys}</h2>
      <dl>
        {words.help.keyRows.map(([form, meaning]) => (
          <div key={form}>
            <dt>
              <Key>{form}</Key>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div class="acts">
        <button
          type="button"
          onClick={() => {
            helpOpen.value = false;
          }}
        >
          {words.help.close}
        </button>
      </div>
    </Region>
  );
}
