import { arnOf, joined, ownArn, ref, withPlaceholders } from '../../src/stack/cloudformation.ts';

test.each([
  ['a text', 'live', 'live'],
  ['a Ref', ref('AlertsTopic'), `\${AlertsTopic}`],
  ['an attribute', arnOf('LiveQueue'), `\${LiveQueue.Arn}`],
  [
    'an ARN of this account',
    ownArn('events', 'event-bus/default'),
    `arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:event-bus/default`,
  ],
  [
    'all within lists and objects, however deep',
    { Bool: { 'aws:SecureTransport': 'false' }, Resource: [arnOf('LiveQueue'), { is: ref('BulkQueue') }], left: null },
    { Bool: { 'aws:SecureTransport': 'false' }, Resource: [`\${LiveQueue.Arn}`, { is: `\${BulkQueue}` }], left: null },
  ],
])('%s is shown as Fn::Sub would have it', (_, value, shown) => {
  expect(withPlaceholders(value)).toEqual(shown);
});

test.each([
  [{ 'Fn::Sub': 'live' }, 'Fn::Sub of "live" has no placeholder'],
  [joined(':', [{ 'Fn::ImportValue': 'key' }]), 'Fn::ImportValue of "key" has no placeholder'],
  [joined(':', ['arn', { is: 'no text' }]), 'Fn::Join of [":",["arn",{"is":"no text"}]] has no placeholder'],
  [{ Ref: ['LiveQueue'] }, 'Ref of ["LiveQueue"] has no placeholder'],
])('%j is refused, not shown as what it is not', (value, message) => {
  expect(() => withPlaceholders(value)).toThrow(message);
});
