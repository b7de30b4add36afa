import { readFile } from 'node:fs/promises';
import { openFixtureServer } from './fixture-server.ts';
import { openGuarded } from './guarded.ts';
import { type AuthorizationJudgement, judgeAuthorization } from './judge-authorization.ts';
import { type ExpectedFailures, judge, type Judgement } from './judge.ts';
import { type Revision, revisions, runSuite } from './suite.ts';

export type Comparison = {
  readonly judgements: readonly (Judgement & { readonly revision: Revision })[];
  readonly authorization: AuthorizationJudgement;
};

/**
 * Runs the suite against the fixture directly and through the guard, and judges each revision; and against the
 * authorization server of the guarded way. Without a database URL an embedded PostgreSQL is used.
 */
export async function compare(databaseUrl?: string): Promise<Comparison> {
  const expected = JSON.parse(await readFile(new URL('expected-failures.json', import.meta.url), 'utf8')) as ExpectedFailures;
  const fixture = await openFixtureServer();
  try {
    const guarded = await openGuarded(fixture.url, databaseUrl);
    try {
      const judgements = [];
      for (const revision of revisions) {
        const [direct, through] = await Promise.all([runSuite(fixture.url, revision), runSuite(guarded.url, revision)]);
        judgements.push({ revision, ...judge(revision, { direct, guarded: through }, expected) });
      }
      return { judgements, authorization: await judgeAuthorization(guarded.issuer) };
    } finally {
      await guarded.close();
    }
  } finally {
    await fixture.close();
  }
}
