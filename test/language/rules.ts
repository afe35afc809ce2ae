import { defineRule } from '../../src/domain/rule.ts';
import { compliant, notApplicable, violation } from '../../src/domain/verdict.ts';

/** A rule without demands but tags, for tests of the language. */
export const hasTags = defineRule({
  id: 'has-tags',
  summary: 'The instance has the tags.',
  why: 'Tests need one.',
  fix: 'Add the tags.',
  parameters: (z) =>
    z.strictObject({
      keys: z.array(z.string().min(1)).min(1).describe('The tag keys.'),
      allowEmpty: z.boolean().default(false).describe('Whether a value may be empty.'),
    }),
  needs: ['tags'],
  evaluate: ({ facts, parameters }) => {
    const keys = facts.tags.found.filter((tag) => parameters.allowEmpty || tag.Value !== '').map((tag) => tag.Key);
    const absent = parameters.keys.filter((key) => !keys.includes(key));
    if (absent.length === 0) return compliant();
    if (facts.tags.missing.length > 0) return compliant();
    return violation(`tag ${absent.join(', ')} is missing`, `add ${absent.join(', ')}`, { absent: absent.length });
  },
  bound: {
    schema: (z) => z.strictObject({ absent: z.number().int().min(1).describe('How many tags may be absent.') }),
    within: (bound, { absent }) => absent <= (bound as { absent: number }).absent,
  },
  examples: [
    {
      title: 'the tag is there',
      parameters: { keys: ['Owner'] },
      given: { instance: { Tags: { Owner: 'jane' } } },
      expect: { compliance: 'COMPLIANT' },
    },
    {
      title: 'the launch has not settled',
      parameters: { keys: ['Owner'] },
      given: {},
      now: '2026-01-01T00:00:10Z',
      expect: { compliance: 'INSUFFICIENT_DATA' },
    },
  ],
});

/** A rule with alternatives in its parameters and an instance that it does not apply to. */
export const approvedZones = defineRule({
  id: 'approved-zones',
  summary: 'The instance is in an approved zone.',
  why: 'Tests need two.',
  fix: 'Launch it elsewhere.',
  parameters: (z) =>
    z.strictObject({
      zones: z
        .union([z.array(z.string()).min(1), z.strictObject({ except: z.array(z.string()).min(1) })])
        .describe('Zones, or { except: zones }.'),
      limit: z.number().int().min(1).max(9).optional().describe('Unused.'),
      mode: z.enum(['strict', 'lax']).default('strict').describe('Unused.'),
    }),
  needs: [],
  evaluate: ({ instance, parameters: { zones } }) => {
    const zone = instance.Placement?.AvailabilityZone ?? '';
    if (instance.Placement?.Tenancy === 'host') return notApplicable('it is on a dedicated host');
    const approved = Array.isArray(zones) ? zones.includes(zone) : !zones.except.includes(zone);
    return approved ? compliant() : violation(`zone ${zone} is not approved`, 'launch it elsewhere');
  },
  examples: [
    {
      title: 'on a dedicated host',
      parameters: { zones: ['us-east-1a'] },
      given: { instance: { Placement: { AvailabilityZone: 'us-east-1b', Tenancy: 'host' } } },
      expect: { compliance: 'NOT_APPLICABLE', reason: 'it is on a dedicated host' },
    },
  ],
});

export const rules = [approvedZones, hasTags];
