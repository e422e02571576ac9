// The terminal of a container: xterm.js with one socket. Bundled into one script of its own, which the page loads when
// a container is opened; it leaves `strataTerminal` behind.
//
// Binary frames are the terminal's bytes both ways; a text frame to the server is {"columns":…,"rows":…}.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import css from "@xterm/xterm/css/xterm.css";

const style = document.createElement("style");
style.textContent = css;
document.head.append(style);

const ANSI = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/// The page's tokens as xterm.js takes colours. Tokens are `light-dark(oklch(…), …)`: the browser says what they are.
function theme(host) {
  const probe = document.createElement("span");
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  host.append(probe);
  const colour = token => {
    probe.style.color = `var(${token})`;
    pixel.fillStyle = getComputedStyle(probe).color;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b] = pixel.getImageData(0, 0, 1, 1).data;
    return `rgb(${r}, ${g}, ${b})`;
  };
  const colours = {
    background: colour("--term-paper"),
    foreground: colour("--ink"),
    cursor: colour("--ink"),
    cursorAccent: colour("--term-paper"),
    selectionBackground: colour("--term-selected"),
  };
  ANSI.forEach((name, at) => {
    colours[name] = colour(`--ansi-${name}`);
    colours[`bright${name[0].toUpperCase()}${name.slice(1)}`] = colour(at === 0 ? "--ink-3" : `--ansi-bright-${name}`);
  });
  probe.remove();
  return colours;
}

/// How many bytes at the end of `history` are the first ones of `live` (Knuth, Morris, Pratt).
function overlap(history, live) {
  const border = new Uint32Array(live.length);
  for (let at = 1, k = 0; at < live.length; at++) {
    while (k && live[at] !== live[k]) k = border[k - 1];
    if (live[at] === live[k]) k++;
    border[at] = k;
  }
  let k = 0;
  for (const byte of history.subarray(-live.length || history.length)) {
    while (k && (k === live.length || byte !== live[k])) k = border[k - 1];
    if (byte === live[k]) k++;
  }
  return k;
}

function mount(host, label, onState, onLeave) {
  const term = new Terminal({
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    fontFamily: getComputedStyle(host).fontFamily,
    fontSize: 13,
    lineHeight: 1.15,
    scrollback: 5000,
    theme: theme(host),
  });
  const fit = new FitAddon();
  term.loadAddon(fit);
  term.open(host);
  term.textarea.setAttribute("aria-label", label);
  term.attachCustomKeyEventHandler(event => {
    if (event.type !== "keydown" || event.key !== "F6" || !event.ctrlKey) return true;
    event.preventDefault();
    onLeave();
    return false;
  });
  let socket;
  // What came since the socket is open, kept until what was printed before is drawn; null from then on.
  let held = null;
  // A question in what was printed before was answered then.
  let muted = false;
  const send = what => socket?.readyState === WebSocket.OPEN && socket.send(what);
  const size = () => send(JSON.stringify({ columns: term.cols, rows: term.rows }));
  const encoder = new TextEncoder();
  term.onData(text => muted || send(encoder.encode(text)));
  term.onBinary(text => send(Uint8Array.from(text, c => c.charCodeAt(0) & 255)));
  term.onResize(size);
  const shape = () => { if (host.clientWidth > 40 && host.clientHeight > 20) fit.fit(); };
  const watch = new ResizeObserver(shape);
  watch.observe(host);
  shape();
  const paint = () => { term.options.theme = theme(host); };
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", paint);
  return {
    paint,
    focus: () => term.focus(),
    begin(history) {
      const live = Uint8Array.from((held ?? []).flatMap(bytes => [...bytes]));
      held = null;
      term.reset();
      muted = true;
      // A copy: the page's memory has it only until this call returns.
      term.write(history.slice(), () => { muted = false; });
      term.write(live.subarray(overlap(history, live)));
      // A line that is still being written, as a prompt is, isn't in the log. Programs draw theirs again when the size
      // changes, and only then.
      send(JSON.stringify({ columns: term.cols, rows: term.rows + 1 }));
      size();
    },
    connect(url, lines) {
      socket?.close();
      term.options.convertEol = lines;
      const mine = socket = new WebSocket(url);
      mine.binaryType = "arraybuffer";
      onState("connecting", "");
      mine.onopen = () => {
        held = [];
        onState("open", "");
        size();
      };
      mine.onmessage = event => {
        if (mine !== socket) return;
        const bytes = typeof event.data === "string" ? encoder.encode(event.data) : new Uint8Array(event.data);
        if (held) held.push(bytes);
        else term.write(bytes);
      };
      mine.onclose = event => mine === socket && onState("closed", event.reason);
    },
    destroy() {
      watch.disconnect();
      scheme.removeEventListener("change", paint);
      const mine = socket;
      socket = undefined;
      mine?.close();
      term.dispose();
    },
  };
}

globalThis.strataTerminal = { mount };
