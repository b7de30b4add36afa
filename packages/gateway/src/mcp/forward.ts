import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange, SystemAnswerSink, SystemRequest, SystemUpstream } from '../upstream/upstream.ts';
import type { CutSwitch, CutWord } from './cut-switch.ts';
import type { JsonRpcId } from './json-rpc.ts';
import type { Era } from './method-table.ts';
import { type Envelope, readEnvelope } from './read-envelope.ts';
import type { Redact } from './redact.ts';
import { SseReader } from './sse-reader.ts';

/** What became of a request to a system. `mcpSession` is the system's own session id, when it gave one. */
export type ForwardEnd =
  /** The answer to exactly this request, whole. `text` is without credentials; digest and size are of what came. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly text: string;
      readonly envelope: Answer;
      readonly digest: string;
      readonly bytes: number;
      readonly mcpSession: string | undefined;
    }
  /** Taken, without a message: notifications, responses, the end of a stream or a session. */
  | { readonly kind: 'accepted'; readonly status: number; readonly mcpSession: string | undefined }
  /** Nothing that may be passed on. `failed`: it is known what became of it. `cut`: it may have taken effect. */
  | { readonly kind: 'failed'; readonly problem: string; readonly status: number | undefined }
  | { readonly kind: 'cut'; readonly problem: string };

type Answer = Extract<Envelope, { kind: 'answer' }>;

export type ForwardOptions = {
  /** The id of the request, or undefined when no answer is expected. */
  readonly id: JsonRpcId | undefined;
  readonly era: Era;
  readonly answerBytes: number;
  readonly redact: Redact;
  readonly cutSwitch: CutSwitch;
  /** Passes on what comes before the answer. Whether the caller can take more at once. */
  readonly onNotice: (text: string) => boolean;
  /** Told when the system has opened a stream. */
  readonly onOpen?: () => void;
  /** Told how to ask for more after `onNotice` said no. */
  readonly onStart?: (exchange: Exchange) => void;
};

/** How long a stream may go on after its answer before the connection is given up. */
const afterAnswerMs = 1_000;

/** Sends one request to a system and reads what comes back. Never rejects, and never sends twice. */
export function forward(upstream: SystemUpstream, request: SystemRequest, options: ForwardOptions): Promise<ForwardEnd> {
  return new Promise((resolve) => {
    const reader = new AnswerReader(options, resolve);
    const exchange = upstream.send(request, reader);
    reader.begin(exchange);
    options.onStart?.(exchange);
  });
}

class AnswerReader implements SystemAnswerSink {
  private readonly options: ForwardOptions;
  private readonly resolve: (end: ForwardEnd) => void;
  private exchange: Exchange | undefined;
  private status = 0;
  private mcpSession: string | undefined;
  private form: 'json' | 'events' | 'none' = 'none';
  private chunks: Buffer[] = [];
  private bytes = 0;
  private events: SseReader | undefined;
  private mayGoOn = true;
  private cutWord: CutWord | undefined;
  private isOver = false;

  constructor(options: ForwardOptions, resolve: (end: ForwardEnd) => void) {
    this.options = options;
    this.resolve = resolve;
  }

  begin(exchange: Exchange): void {
    this.exchange = exchange;
    if (this.isOver) exchange.abort();
    this.options.cutSwitch.whenCut((word) => this.cut(word));
  }

  head(status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    this.mcpSession = oneHeader(headers, 'mcp-session-id');
    const isMeantForCaller = (status >= 200 && status < 300) || status === 400 || status === 404 || status === 405;
    if (!isMeantForCaller) return this.useless(`upstream_status_${status}`);
    if ((oneHeader(headers, 'content-encoding') ?? 'identity') !== 'identity') return this.useless('upstream_answer_invalid');
    const type = (oneHeader(headers, 'content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
    this.form = type === 'application/json' ? 'json' : type === 'text/event-stream' ? 'events' : 'none';
    if (this.form !== 'events') return;
    this.events = new SseReader(this.options.answerBytes, (text) => this.event(text));
    this.options.onOpen?.();
  }

  chunk(bytes: Buffer): boolean {
    if (this.isOver) return true;
    this.mayGoOn = true;
    if (this.events !== undefined) {
      this.events.push(bytes);
      if (this.events.isTooLarge) this.useless('too_large');
      return this.mayGoOn;
    }
    this.bytes += bytes.length;
    if (this.bytes > this.options.answerBytes) this.useless('too_large');
    else if (this.form === 'json') this.chunks.push(bytes);
    return true;
  }

  end(): void {
    if (this.isOver) return;
    if (this.form === 'json' && this.bytes > 0) return this.whole(Buffer.concat(this.chunks, this.bytes).toString('utf8'));
    if (this.status >= 400) return this.useless(`upstream_status_${this.status}`);
    if (this.options.id !== undefined) return this.fail(true);
    this.over({ kind: 'accepted', status: this.status, mcpSession: this.mcpSession });
  }

  fail(sent: boolean): void {
    const problem = this.cutWord ?? (sent ? 'connection_lost' : 'upstream_unreachable');
    this.over(sent ? { kind: 'cut', problem } : { kind: 'failed', problem, status: undefined });
  }

  /** The system answered, but nothing that may be passed on. */
  private useless(problem: string): void {
    this.over({ kind: 'failed', problem, status: this.status });
    this.exchange?.abort();
  }

  private cut(word: CutWord): void {
    this.cutWord = word;
    this.exchange?.abort();
  }

  private whole(text: string): void {
    const envelope = readEnvelope(text);
    if (envelope?.kind === 'answer') return this.answer(text, envelope);
    this.useless(this.status >= 400 ? `upstream_status_${this.status}` : 'upstream_answer_invalid');
  }

  private event(text: string): void {
    if (this.isOver) return;
    const envelope = readEnvelope(text);
    if (envelope === undefined) return this.useless('upstream_answer_invalid');
    if (envelope.kind === 'answer') {
      if (envelope.id === this.options.id) this.answer(text, envelope);
      return;
    }
    if (envelope.kind === 'request' && this.options.era === 'stateless') return;
    if (!this.options.onNotice(this.options.redact(text))) this.mayGoOn = false;
  }

  private answer(text: string, envelope: Answer): void {
    const isOurs = envelope.id === this.options.id || (envelope.id === null && envelope.isError);
    if (!isOurs || this.options.id === undefined)
      return this.useless(this.status >= 400 ? `upstream_status_${this.status}` : 'upstream_answer_invalid');
    this.over({
      kind: 'answer',
      status: this.status,
      text: this.options.redact(envelope.id === null ? withId(text, this.options.id) : text),
      envelope,
      digest: hash('sha256', text, 'base64url'),
      bytes: Buffer.byteLength(text),
      mcpSession: this.mcpSession,
    });
    if (this.form === 'events') setTimeout(() => this.exchange?.abort(), afterAnswerMs).unref();
  }

  private over(end: ForwardEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.chunks = [];
    this.options.cutSwitch.whenCut(undefined);
    this.resolve(end);
  }
}

function oneHeader(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** An error that names no request, as the answer to the one it came back for. */
function withId(text: string, id: JsonRpcId): string {
  const message: unknown = JSON.parse(text);
  return JSON.stringify({ ...(message as object), id });
}
