import assert from 'node:assert/strict';
import { test } from 'vitest';
import { openCedar } from '../src/cedar-engine.ts';
import { decide } from '../src/decide.ts';
import { explainTree } from '../src/explain-tree.ts';
import { tellModel } from '../src/tell-model.ts';
import { buildCall, preparePool } from './build-chain.ts';
import { drawFrom, drawPool, drawWorld } from './chain-world.ts';

const engine = openCedar();
const seed = 71_004;
const prepared = preparePool(engine, drawPool(drawFrom(seed)));

test('of 2,000 random chains, the tree names exactly one line that decided, and it says what the decision says', () => {
  const verdicts: Record<string, number> = {};
  for (let at = 0; at < 2_000; at++) {
    const facts = buildCall(drawWorld(drawFrom(seed + at)), prepared);
    const decision = decide(facts, engine);
    const lines = explainTree(facts, engine, decision);
    const told = JSON.stringify({ at, decision, lines });
    const deciding = lines.filter(({ decided }) => decided);
    const denying = lines.filter(({ verdict }) => verdict === 'denies');
    const holding = lines.filter(({ verdict }) => verdict === 'holds');
    assert.equal(deciding.length, 1, told);
    const [why] = deciding;
    verdicts[`${decision.outcome} ${why?.link}`] = (verdicts[`${decision.outcome} ${why?.link}`] ?? 0) + 1;
    if (decision.outcome === 'deny') {
      assert.deepEqual([why?.verdict, why?.reason, why?.link], ['denies', decision.reason, decision.link], told);
      assert.deepEqual(why?.policies, decision.policies, told);
    } else {
      assert.deepEqual(denying, [], told);
      assert.deepEqual(holding.length, decision.outcome === 'hold' ? 1 : 0, told);
      assert.ok(
        lines.every(({ verdict }) => verdict !== 'not_reached'),
        told,
      );
    }
    for (const line of [...denying, ...holding]) assert.ok(line.changes.length > 0 && line.text !== '', told);
    assert.ok(tellModel(decision, 'payments.refund').length <= 400);
  }
  assert.ok(Object.keys(verdicts).length >= 8, JSON.stringify(verdicts));
});
