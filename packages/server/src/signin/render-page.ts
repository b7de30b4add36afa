/** A page as it is sent. */
export type RenderedPage = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type PageParts = {
  readonly title: string;
  /** HTML, already escaped: made with {@link html}. */
  readonly body: Html;
  readonly status?: number;
  /** Where a form of the page may lead besides here: browsers apply it to redirects after the form as well (CSP 3 §6.5.1). */
  readonly formTo?: string | undefined;
};

/** Text that is HTML already. Only {@link html} makes it. */
export type Html = { readonly html: string };

/** HTML with every value escaped, except such as are HTML already; lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const texts = values.map((value) => {
    if (typeof value === 'string') return escape(value);
    return 'html' in value ? value.html : value.map((one) => one.html).join('');
  });
  return { html: parts.map((part, at) => part + (texts[at] ?? '')).join('') };
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/**
 * Header fields of every page: nothing runs or is loaded that is not a file of ours, nobody frames it, nothing of its
 * address leaves for elsewhere. `same-origin` and not `no-referrer`: with that, browsers send `Origin: null` with our
 * own forms.
 */
export function pageHeaders(formTo?: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `form-action 'self'${formTo === undefined ? '' : ` ${formTo}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    'cache-control': 'no-store',
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'publickey-credentials-get=(self), publickey-credentials-create=(self)',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}

export function renderPage({ title, body, status = 200, formTo }: PageParts): RenderedPage {
  const whole = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Surety</title>
        <link rel="stylesheet" href="/signin.css" />
        <script src="/signin.js" defer></script>
      </head>
      <body>
        <main>
          <p class="house">Surety</p>
          ${body}
        </main>
      </body>
    </html> `;
  return { status, headers: { ...pageHeaders(formTo), 'content-type': 'text/html; charset=utf-8' }, body: whole.html };
}
