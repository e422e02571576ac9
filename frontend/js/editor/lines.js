// What becomes of each line: the stripe of its layer, the mark of the forecast, and what went wrong.
//
// `lines` is a list of
//   { line, last, hue, base, position, empty, mark, sign, note, title, wrong: { message, output, shell } | null }
// one for each instruction: its first and last line, its layer's hue (null for none), whether it is the base's or makes
// an empty row, the layer's position, a mark (`cached`, `runs`, `unknown` or empty) with its sign and words.

import { RangeSet, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, WidgetType, gutter } from "@codemirror/view";

export const setLines = StateEffect.define();
/// Lights the lines of a layer, null for none.
export const light = StateEffect.define();

const known = StateField.define({
  create: () => [],
  update(lines, transaction) {
    for (const effect of transaction.effects) if (effect.is(setLines)) return effect.value;
    return lines;
  },
});

/// The instruction of a line, as far as the list still fits the text.
const of = (state, number) => state.field(known).find(one => one.line <= number && number <= one.last);

class Stripe extends GutterMarker {
  constructor(one, lit) { super(); this.one = one; this.lit = lit; }
  eq(other) {
    return other.one.hue === this.one.hue && other.one.base === this.one.base && other.one.empty === this.one.empty
      && other.one.position === this.one.position && other.lit === this.lit;
  }
  toDOM() {
    const made = document.createElement("span");
    made.className = `layer line-stripe${this.one.base ? " of-base" : ""}${this.one.empty ? " hairline-stripe" : ""}${this.lit ? " lit" : ""}`;
    if (this.one.hue !== null) made.style.setProperty("--h", this.one.hue);
    if (this.one.position !== null) made.dataset.layer = this.one.position;
    made.dataset.testid = "line-stripe";
    return made;
  }
}

const lit = StateField.define({
  create: () => null,
  update(position, transaction) {
    for (const effect of transaction.effects) if (effect.is(light)) return effect.value ?? null;
    return position;
  },
});

export const lamp = [lit, EditorView.decorations.compute([lit, known], state => {
  const position = state.field(lit);
  if (position === null) return Decoration.none;
  const builder = new RangeSetBuilder();
  for (const one of state.field(known)) {
    if (one.position !== position || one.hue === null) continue;
    const wash = Decoration.line({ class: `layer lit-line${one.base ? " of-base" : ""}`, attributes: { style: `--h:${one.hue}` } });
    for (let line = one.line; line <= Math.min(one.last, state.doc.lines); line++) builder.add(state.doc.line(line).from, state.doc.line(line).from, wash);
  }
  return builder.finish();
})];

export function stripes(onLight) {
  const over = (view, line) => {
    const one = of(view.state, view.state.doc.lineAt(line.from).number);
    onLight(one?.position ?? null);
    return false;
  };
  return [known, gutter({
    class: "cm-stripes",
    lineMarker(view, line) {
      const one = of(view.state, view.state.doc.lineAt(line.from).number);
      return one && (one.hue !== null || one.empty) ? new Stripe(one, view.state.field(lit, false) === one.position && one.position !== null) : null;
    },
    lineMarkerChange: update => update.transactions.some(t => t.effects.some(e => e.is(setLines) || e.is(light))),
    domEventHandlers: { mouseover: over, mouseleave: () => { onLight(null); return false; } },
  })];
}

class Mark extends WidgetType {
  constructor(one) { super(); this.one = one; }
  eq(other) { return other.one.mark === this.one.mark && other.one.note === this.one.note && other.one.title === this.one.title; }
  toDOM() {
    const made = document.createElement("span");
    made.className = `line-mark mark-${this.one.mark}`;
    made.dataset.testid = "line-mark";
    made.dataset.mark = this.one.mark;
    made.dataset.line = this.one.line;
    if (this.one.title) made.title = this.one.title;
    const sign = document.createElement("b");
    sign.textContent = this.one.sign;
    made.append(sign);
    if (this.one.note) made.append(` ${this.one.note}`);
    return made;
  }
  ignoreEvent() { return true; }
}

/// The forecast's marks, at the end of each instruction's first line.
export function marks() {
  return EditorView.decorations.compute([known, "doc"], state => {
    const builder = new RangeSetBuilder();
    for (const one of state.field(known)) {
      if (!one.mark || one.line > state.doc.lines) continue;
      const at = state.doc.line(one.line).to;
      builder.add(at, at, Decoration.widget({ widget: new Mark(one), side: 1 }));
    }
    return builder.finish();
  });
}

class Trouble extends WidgetType {
  constructor(wrong, tell) { super(); this.wrong = wrong; this.tell = tell; }
  eq(other) { return other.wrong.message === this.wrong.message && other.wrong.output === this.wrong.output && other.wrong.shell === this.wrong.shell; }
  toDOM() {
    const block = document.createElement("div");
    const made = document.createElement("div");
    block.className = "line-trouble";
    block.dataset.testid = "line-trouble";
    block.append(made);
    const head = document.createElement("p");
    head.className = "wrong";
    head.setAttribute("role", "alert");
    head.textContent = this.wrong.message;
    made.append(head);
    if (this.wrong.output) {
      const output = document.createElement("pre");
      output.textContent = this.wrong.output;
      made.append(output);
    }
    if (this.wrong.shell) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.dataset.testid = "trouble-shell";
      button.textContent = this.wrong.shell;
      button.onclick = () => this.tell.shell();
      made.append(button);
    }
    return block;
  }
  ignoreEvent() { return true; }
}

/// What went wrong, below the instruction that it went wrong in; the instruction's lines are marked.
export function trouble(tell) {
  return StateField.define({
    create: () => Decoration.none,
    update(shown, transaction) {
      const told = transaction.effects.find(effect => effect.is(setLines));
      if (!told) return transaction.docChanged ? shown.map(transaction.changes) : shown;
      const made = [];
      const doc = transaction.state.doc;
      for (const one of told.value) {
        if (!one.wrong || one.line > doc.lines) continue;
        const last = Math.min(one.last, doc.lines);
        for (let line = one.line; line <= last; line++) made.push(Decoration.line({ class: "failed-line" }).range(doc.line(line).from));
        made.push(Decoration.widget({ widget: new Trouble(one.wrong, tell), side: 2, block: true }).range(doc.line(last).to));
      }
      return RangeSet.of(made, true);
    },
    provide: field => EditorView.decorations.from(field),
  });
}
