import type { Purpose, SalientValue } from './flow-facts.ts';
import { stemmedWords } from './stems.ts';

const listed = (text: string): readonly string[] => [...new Set(stemmedWords(text))];
const families = (texts: readonly string[]): readonly (readonly string[])[] => texts.map(listed);

/**
 * Verbs that say by themselves what is done, with the words by which people ask for it. A request that holds none of them did
 * not ask for it, whatever it is about.
 */
const tellingVerbs = families([
  'delete remove erase drop clear discard purge trash clean wipe rid',
  'remove delete kick exclude take drop',
  'cancel delete remove drop revoke abort call off',
  'revoke cancel remove withdraw take',
  'reserve book reservation booking table',
  'book reserve booking reservation schedule arrange',
  'pay settle bill transfer send refund invoice remit rent money',
  'buy order purchase get',
  'order buy purchase get',
  'transfer send move pay wire',
  'refund return back reimburse pay',
  'return refund exchange back',
  'exchange return replace swap',
  'schedule plan recurring standing set subscription every monthly weekly arrange',
  'reschedule move postpone shift change delay adjourn',
  'invite add join onboard bring welcome include participant attendee guest',
  'share give grant access permission send show publish',
  'grant give allow access permission share',
  'merge combine integrate',
  'deploy release ship roll',
  'stop halt end kill shut disable',
  'close end finish resolve shut done',
  'approve accept confirm allow sign',
  'subscribe sign join plan follow newsletter',
  'unsubscribe stop cancel leave remove',
  'checkout buy order purchase pay get',
  'deposit put pay save transfer',
  'withdraw take cash get',
  'donate give pay charity',
  'rate review stars feedback score',
  'lock close secure shut',
  'unlock open let',
  'clone copy download get repository code',
  'push upload commit publish save',
  'assign give delegate owner responsible',
]);

/** Verbs that carry something somewhere: a request may speak of the carrying or of what is carried. */
const carryingVerbs = families([
  'send message write tell reply forward notify inform contact text answer ask respond post give',
  'post publish put write upload share add send submit',
  'forward send pass',
  'reply answer respond write tell send',
  'notify inform tell send message alert',
  'publish post release put',
  'upload put send share attach add',
]);

/** Verbs that say nothing without what they are about. */
const plainVerbs = new Set(
  listed(
    'create add make new set put update change modify edit write save append insert register generate open start upsert patch assign ' +
      'replace move rename copy fill apply',
  ),
);

/** What operations are about, with the words that people have for it. */
const things = families([
  'calendar event meeting appointment remind schedule agenda session invite',
  'event calendar meeting appointment remind schedule agenda session',
  'meeting calendar event appointment call',
  'email mail message letter',
  'mail email message letter',
  'message dm chat text mail email note',
  'channel message chat room group',
  'money pay transaction transfer refund bill rent fee amount invoice price order subscription cost salary debt share',
  'transaction pay money transfer refund bill rent fee amount invoice price order subscription recurring',
  'payment pay money transfer refund bill rent fee amount invoice price',
  'file document doc report note list folder drive sheet text docx pdf xlsx csv txt md',
  'document file doc report note',
  'user account profile address information detail member people person name colleague teammate',
  'info information detail account profile address',
  'profile account information detail address',
  'password credential passcode login security',
  'webpage website page site url link article blog post',
  'website webpage page site url link',
  'participant people person invite attendee guest join',
  'ticket issue case bug request',
  'issue ticket bug case',
  'reservation booking flight trip ticket hotel table',
  'cart basket buy order purchase shop product item',
  'order buy purchase cart product item delivery',
  'repository repo project code',
  'branch code change fix commit merge',
  'commit code change fix push',
  'comment reply answer review feedback respond remark',
  'task todo list work job action',
  'reminder remind alarm alert wake',
  'alarm remind alert wake',
  'note write document remember',
  'contact person people phone address friend number',
  'record data database row table entry',
  'row data database record table entry',
  'customer client account contact',
  'lead customer client prospect deal',
  'subscription subscribe plan membership',
  'review rate rating feedback stars',
  'role access permission right allow',
  'permission access role right allow share',
  'device light lamp lock door heat temperature switch turn',
  'playlist song music play album',
  'appointment visit doctor meeting calendar book schedule',
  'card payment pay bank',
  'label tag mark category',
  'folder directory file',
  'story post photo share',
]);

/** Words of names that hold no meaning. */
const small = new Set(stemmedWords('a an the to of in on at by for from with and or all new my item record entry object'));

/**
 * Words of which a request must hold one to have asked for such an operation. Empty when its name holds no word that
 * says anything: then nothing can be told.
 */
export function purposeWords(operationName: string): readonly SalientValue[] {
  return wordsFor(operationName).map((value) => ({ kind: 'word', value }));
}

function wordsFor(operationName: string): readonly string[] {
  const words = stemmedWords(operationName);
  // `GmailSendEmail` and `calendar.event.create` say first whose it is.
  const at = Math.max(0, words.findIndex(isVerb));
  const verb = words[at] ?? '';
  const objects = words.filter((word, index) => index !== at && !small.has(word));
  const about = [...objects, ...objects.flatMap((word) => familyOf(things, word))];
  const telling = familyOf(tellingVerbs, verb);
  if (telling.length > 0) return telling;
  const carrying = familyOf(carryingVerbs, verb);
  if (carrying.length > 0) return [...new Set([...carrying, ...about])];
  // An act that is not known is known by its own words.
  return [...new Set(plainVerbs.has(verb) ? about : [verb, ...about])].filter((word) => word !== '' && !small.has(word));
}

function isVerb(word: string): boolean {
  return plainVerbs.has(word) || [...tellingVerbs, ...carryingVerbs].some(([head]) => head === word);
}

function familyOf(all: readonly (readonly string[])[], word: string): readonly string[] {
  return all.filter(([head]) => head === word).flat();
}

/** `request` answers whether a word was among those of the request; undefined where nobody asked in words. */
export function purposeOf(operationName: string, request: ((value: SalientValue) => boolean) | undefined): Purpose {
  if (request === undefined) return 'unknown';
  const words = purposeWords(operationName);
  if (words.length === 0) return 'unknown';
  return words.some(request) ? 'asked' : 'outside';
}
