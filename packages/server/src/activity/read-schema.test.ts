import assert from 'node:assert/strict';
import { getSchema } from '@surety/contract/oversight-routes';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { test } from 'vitest';
import { publishPolicy } from '#policy/publish-policy';
import { actingAgent, activityHouse } from './testing/activity-house.ts';

test("the schema of a house knows its operations by effect; its own policy can be validated against it, another's cannot", async () => {
  const house = await activityHouse();
  const { system } = await actingAgent(house);
  const admin = await house.human({ roles: ['administrator'] });
  const text = `permit (principal is Agent, action, resource);
    forbid (principal, action == Action::"${system.name}.refund", resource)
    unless { context.facts.at has "/amount" && context.facts.at["/amount"] has number };`;
  await publishPolicy(house.house, admin.id, { text });
  const { schema, actions } = await house.ask(getSchema, {});
  assert.equal(actions, system.operations.length);
  assert.match(schema, new RegExp(`^action "${system.name}\\.refund" in \\["money"\\]`, 'm'));
  assert.match(schema, /"\/amount"\?: Argument/);
  const validate = (policy: string) => {
    const answer = cedar.validate({ schema, policies: { staticPolicies: policy } });
    return answer.type === 'success' ? answer.validationErrors.length : -1;
  };
  assert.equal(validate(text), 0);
  assert.ok(validate(text.replace('.refund"', '.pay"')) > 0);
});
