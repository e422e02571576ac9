// The editor of a workshop: CodeMirror 6. Bundled into one script of its own, which the page loads when a workshop is
// opened; it leaves `strataEditor` behind.
//
// It knows no language. What the words of a file are, what completes them, what is wrong with them and what becomes of
// each line is asked of the page (`ask`), synchronously: the answers come from the same parser that the builder uses.
// Positions are UTF-16 offsets and lines count from 1. Every text from outside ends in a text node.

import { acceptCompletion, autocompletion, completionKeymap, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { indentUnit } from "@codemirror/language";
import { lintGutter, lintKeymap, linter, nextDiagnostic, openLintPanel } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, StateEffect } from "@codemirror/state";
import {
  EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, hoverTooltip, keymap,
  lineNumbers,
} from "@codemirror/view";
import { dropped, picked } from "./editor/files.js";
import { lamp, light, marks, setLines, stripes, trouble } from "./editor/lines.js";
import { painted } from "./editor/words.js";

/// A change that the page made itself.
const ours = Annotation.define();
/// What is wrong may be something else now although the text is the same.
const askAgain = StateEffect.define();

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/// `label` is the editor's accessible name; `ask` has `words(text)`, `complete(text, at, explicit)`, `hover(text, at)`,
/// `wrong(text)`; `tell` has `changed(text)`, `line(number)`, `shell()`, `lit(position)`, `build()`, `save()`, `format()`.
function mount(host, label, ask, tell) {
  const editable = new Compartment();
  const language = new Compartment();
  const states = new Map();
  let open = "";

  const completions = context => {
    const found = JSON.parse(ask.complete(context.state.doc.toString(), context.pos, context.explicit));
    if (!found) return null;
    const options = found.options.map(one => ({
      ...one,
      info: one.info ? () => element("div", "cm-about", one.info) : undefined,
    }));
    return { from: found.from, options, validFor: found.whole ? /^[\w.-]*$/ : undefined };
  };

  const about = hoverTooltip((view, at) => {
    const found = JSON.parse(ask.hover(view.state.doc.toString(), at));
    if (!found) return null;
    return {
      pos: found.from,
      end: found.to,
      above: true,
      create: () => {
        const dom = element("div", "cm-about");
        dom.dataset.testid = "editor-hover";
        if (found.syntax) dom.append(element("code", "", found.syntax));
        dom.append(element("p", "", found.text));
        return { dom };
      },
    };
  });

  const wrong = view =>
    JSON.parse(ask.wrong(view.state.doc.toString())).map(one => ({
      ...one,
      actions: one.fixes.map(fix => ({
        name: fix.name,
        apply: view => view.dispatch({ changes: fix.changes, userEvent: "input.fix" }),
      })),
    }));

  const smart = [
    painted(text => ask.words(text)),
    autocompletion({ override: [completions], icons: false }),
    about,
    linter(wrong, { delay: 120, needsRefresh: update => update.transactions.some(one => one.effects.some(effect => effect.is(askAgain))) }),
    lintGutter(),
    stripes(position => tell.lit(position)),
    marks(),
    trouble(tell),
    lamp,
  ];

  const common = [
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    highlightActiveLine(),
    indentUnit.of("    "),
    EditorState.tabSize.of(4),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
    // Tab takes a completion or indents; Escape and then Tab leaves, as CodeMirror has it.
    keymap.of([
      { key: "Tab", run: acceptCompletion },
      { key: "F8", run: nextDiagnostic },
      { key: "Ctrl-.", run: startCompletion },
      { key: "Mod-Enter", run: () => { tell.build(); return true; } },
      { key: "Mod-s", run: () => { tell.save(); return true; } },
      { key: "Shift-Alt-f", run: () => { tell.format(); return true; } },
      ...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab,
    ]),
    EditorView.updateListener.of(update => {
      if (update.docChanged && !update.transactions.some(one => one.annotation(ours))) {
        tell.changed(update.state.doc.toString());
      }
      if (update.selectionSet || update.docChanged) {
        tell.line(update.state.doc.lineAt(update.state.selection.main.head).number);
      }
    }),
  ];

  const make = (text, clever) => EditorState.create({
    doc: text,
    extensions: [editable.of([]), language.of(clever ? smart : []), common],
  });

  const view = new EditorView({ parent: host, state: make("", false) });

  return {
    /// Shows a file; what was typed in another one can still be undone when it is shown again.
    open(name, text, clever, readOnly) {
      if (open) states.set(open, view.state);
      const kept = states.get(name);
      open = name;
      const same = kept && kept.doc.toString() === text;
      view.setState(same ? kept : make(text, clever));
      view.dispatch({
        effects: [
          editable.reconfigure(readOnly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : []),
          language.reconfigure(clever ? smart : []),
        ],
        annotations: ours.of(true),
      });
    },
    forget: name => states.delete(name),
    text: () => view.state.doc.toString(),
    /// Puts other text in its place as one step that can be undone; what is the same stays, and so does the cursor.
    replace(text) {
      const old = view.state.doc.toString();
      let from = 0;
      while (from < old.length && old[from] === text[from]) from++;
      let to = old.length, end = text.length;
      while (to > from && end > from && old[to - 1] === text[end - 1]) to--, end--;
      if (from < to || from < end) {
        view.dispatch({ changes: { from, to, insert: text.slice(from, end) }, userEvent: "input.format" });
      }
    },
    /// What becomes of each line: see `editor/lines.js`.
    lines: json => view.dispatch({ effects: setLines.of(JSON.parse(json)), annotations: ours.of(true) }),
    light: position => view.dispatch({ effects: light.of(position), annotations: ours.of(true) }),
    /// Asks again what is wrong.
    check: () => view.dispatch({ effects: askAgain.of(null), annotations: ours.of(true) }),
    /// Puts the cursor into a line and shows it.
    reveal(line) {
      const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
      view.dispatch({ selection: { anchor: at.from }, effects: EditorView.scrollIntoView(at.from, { y: "center" }) });
    },
    /// Puts text where the cursor is.
    insert: text => view.dispatch(view.state.replaceSelection(text)),
    /// Opens the list of findings and moves the focus into it.
    problems: () => openLintPanel(view),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

globalThis.strataEditor = { mount, dropped, picked };
