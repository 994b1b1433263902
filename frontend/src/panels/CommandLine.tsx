/** The command line and the row above it: what Tab completes, what was done, the sentence. */

import { useComputed } from "@preact/signals";
import { completions } from "../commands/complete";
import { lost } from "../connection";
import { busy, command, helpOpen, picks, reading, setCommand, togglePick } from "../desk";
import { runCommand } from "../keys";
import { flushOutbox, outbox } from "../outbox";
import { said } from "../said";
import * as store from "../store";
import { words } from "../words";
import { Key } from "./bits";
import { Mark } from "./Mark";
import { UnitLine } from "./UnitLine";

const say = words.cmd;

export function CommandLine() {
  const now = reading.value;
  const can = !!now?.act && !busy.value;
  return (
    <footer class="command" data-panel="command">
      <div class="completions">
        <Completions />
      </div>
      <div class={`line ${now && !now.act ? "cannot" : ""}`}>
        <input
          id="command"
          aria-label={say.label}
          aria-describedby="sentence"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          dir="ltr"
          maxLength={4000}
          value={command.value}
          onInput={(event) => setCommand(event.currentTarget.value)}
          onKeyDown={key}
        />
        <p class="sentence" id="sentence" aria-live="polite">
          <b>{now?.sentence ?? ""}</b> <span>{now?.detail ?? ""}</span>
        </p>
        <span class="esc">{command.value ? say.escClears : ""}</span>
        <button type="button" class="main" disabled={!can} onClick={() => void runCommand()}>
          {say.enter}
        </button>
      </div>
    </footer>
  );
}

function key(event: KeyboardEvent): void {
  if (event.key === "Enter") {
    event.preventDefault();
    void runCommand();
  } else if (event.key === "Tab" && command.value.trim() && !event.shiftKey) {
    const first = completions(command.value, store.selected.value)[0];
    if (!first) return;
    event.preventDefault();
    setCommand(first.text);
  } else if (/^[1-9]$/.test(event.key) && !command.value) {
    const row = store.advice.value?.answer?.ranked[Number(event.key) - 1];
    if (!row) return;
    event.preventDefault();
    togglePick(row.unit);
  }
}

function Completions() {
  const list = useComputed(() => {
    store.unitsRev.value;
    store.incidentsRev.value;
    return completions(command.value, store.selected.value);
  }).value;
  const waiting = outbox.value.length;
  return (
    <>
      {waiting ? (
        <b class="kept">
          {lost.value ? words.lost.waitingHere(waiting) : words.stopped.waitingHere(waiting)}
        </b>
      ) : null}
      {waiting && !lost.value ? (
        <button type="button" onClick={() => void flushOutbox()}>
          {words.stopped.retry}
        </button>
      ) : null}
      <LeftSide list={list} />
      <span class="grow" />
      {lost.value ? (
        <span>{words.lost.safe}</span>
      ) : (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            helpOpen.value = !helpOpen.value;
          }}
        >
          {say.any} <Key>?</Key> {say.all}
        </button>
      )}
    </>
  );
}

function LeftSide({ list }: { list: ReturnType<typeof completions> }) {
  if (list.length)
    return (
      <>
        <span class="tab">{say.tab}</span>
        {list.map((item, i) => (
          <button
            key={item.text}
            type="button"
            tabIndex={-1}
            class={`completion ${i === 0 ? "first" : ""}`}
            onClick={() => {
              setCommand(item.text);
              document.querySelector<HTMLInputElement>("#command")?.focus();
            }}
          >
            {item.status ? <Mark kind={item.status} /> : null} <b>{item.word}</b> {item.label}
          </button>
        ))}
      </>
    );
  if (said.value)
    return (
      <span class={`said ${said.value.tone === "bad" ? "late" : ""}`} role="status">
        <time>{said.value.clock}</time> {said.value.text}
      </span>
    );
  if (store.selectedUnit.value && !picks.value.typed)
    return <UnitLine id={store.selectedUnit.value} />;
  return null;
}
