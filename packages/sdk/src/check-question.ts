import type { Approval } from '@surety/contract/approval';
import { callText } from '@surety/contract/call';
import { canonicalJson, isExactRecord, readExactJson } from '@surety/contract/exact-json';
import { questionText } from '@surety/contract/question';
import { localError } from './surety-error.ts';

/**
 * Refuses a request whose digests are not those of what it shows (`local.digest_differs`): that of the call, from the
 * arguments as they stand there, and that of the question, from everything else. What it says of the answer, and the names
 * of who asked and who answers, are under no digest.
 */
export async function checkQuestion(approval: Approval): Promise<void> {
  const [call, question] = await Promise.all([digest(callOf(approval)), digest(orNothing(() => questionText(approval)))]);
  if (call !== approval.callDigest || question !== approval.questionDigest) throw localError('local.digest_differs');
}

/** The text of the call that is shown, or nothing when the arguments are not the canonical JSON of an object. */
function callOf({ agent, system, operation, argumentsText }: Approval): string | undefined {
  return orNothing(() => {
    const args = readExactJson(argumentsText, { depth: 256, nodes: 1_000_000 });
    return isExactRecord(args) && canonicalJson(args) === argumentsText
      ? callText({ agent, system, operation, arguments: args })
      : undefined;
  });
}

function orNothing(write: () => string | undefined): string | undefined {
  try {
    return write();
  } catch {
    return undefined;
  }
}

/** SHA-256, base64url, of a text in UTF-8. */
async function digest(text: string | undefined): Promise<string | undefined> {
  if (text === undefined) return undefined;
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
