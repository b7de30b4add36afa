/** The style of our pages: the colours of the console, light and dark. */
export const pageStyle = `:root {
  color-scheme: light;
  --canvas: #faf9f6; --surface: #ffffff; --sunken: #f3f2ef; --line: #e1e0db; --control: #7a8188;
  --ink1: #161c24; --ink2: #414851; --ink3: #5f656e;
  --accent: #2759bc; --accent-ink: #ffffff; --deny: #ad3114; --deny-tint: #ffebe5; --allow: #006056; --allow-tint: #dff7f1;
  --held: #7e5409; --held-tint: #fdf2d5;
}
@media (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --canvas: #0b0f14; --surface: #13181d; --sunken: #06090e; --line: #292e35; --control: #6e757e;
    --ink1: #f1f0ec; --ink2: #b9bec4; --ink3: #969ca3;
    --accent: #84b4fb; --accent-ink: #0b0f14; --deny: #ff9d82; --deny-tint: #411f17; --allow: #83e2d0; --allow-tint: #0e312d;
    --held: #fad371; --held-tint: #37290f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--canvas); color: var(--ink1);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; -webkit-text-size-adjust: 100%;
}
main {
  max-width: 34rem; margin: 8vh auto 3rem; padding: 2rem; background: var(--surface);
  border: 1px solid var(--line); border-radius: 12px;
}
@media (max-width: 36rem) {
  main { margin: 0; min-height: 100vh; border: 0; border-radius: 0; padding: 1.5rem 1.25rem 2rem; }
}
.house { margin: 0 0 1.5rem; color: var(--ink3); font-weight: 600; letter-spacing: 0.01em; }
h1 { margin: 0 0 0.75rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; text-wrap: balance; }
h2 { margin: 1.5rem 0 0.5rem; font-size: 0.875rem; font-weight: 600; color: var(--ink3); }
p { margin: 0 0 1rem; color: var(--ink2); overflow-wrap: anywhere; }
p strong, li strong { color: var(--ink1); font-weight: 600; }
ul { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
li { padding: 0.625rem 0; border-bottom: 1px solid var(--line); color: var(--ink1); overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.375rem 1.25rem; margin: 1.25rem 0 0; }
dt { color: var(--ink3); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 28rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.625rem; } }
.said { margin: 0 0 1rem; padding: 0.75rem 1rem; background: var(--sunken); border-radius: 8px; color: var(--ink1); white-space: pre-wrap; }
.note { margin: 1.25rem 0 0; font-size: 0.875rem; color: var(--ink3); }
.problem, .done { margin: 1rem 0 0; padding: 0.75rem 1rem; border-radius: 8px; }
.problem { color: var(--deny); background: var(--deny-tint); }
.done { color: var(--allow); background: var(--allow-tint); }
.problem:empty, .done:empty { display: none; }
.problem:empty { padding: 0; }
.acts { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-top: 1.75rem; }
.acts form { margin: 0; display: contents; }
button, a.button {
  min-height: 44px; padding: 0.5rem 1.25rem; font: inherit; font-weight: 600; border-radius: 8px; cursor: pointer;
  border: 1px solid var(--control); background: transparent; color: var(--ink1); text-decoration: none; display: inline-flex; align-items: center;
}
button.first { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
button[disabled] { opacity: 0.6; cursor: default; }
button:focus-visible, a:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
@media (max-width: 28rem) { .acts { flex-direction: column; } .acts button, .acts a.button { width: 100%; justify-content: center; } }
label { display: block; margin: 1rem 0 0.375rem; font-weight: 600; }
input[type=text] {
  width: 100%; min-height: 44px; padding: 0.5rem 0.75rem; font: 1rem/1.5 ui-monospace, SFMono-Regular, Menlo, monospace;
  color: var(--ink1); background: var(--surface); border: 1px solid var(--control); border-radius: 8px;
}
a { color: var(--accent); }
[hidden] { display: none; }
`;
