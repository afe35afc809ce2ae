import { launchesOf } from '../../src/events/launch.ts';

const jane = { type: 'IAMUser', userName: 'jane' };

function requestTagsOf(request: object, instance: object) {
  const call = {
    name: 'RunInstances',
    request: { ...request },
    response: { instancesSet: { items: [{ instanceId: 'i-01', ...instance }] } },
  };
  return launchesOf(call, jane).get('i-01')?.requestTags;
}

const specification = (resourceType: string, tags: readonly object[]) => ({ resourceType, tags });

test("the answer's tags, which have the launch template's, are put over the request's", () => {
  const request = {
    tagSpecificationSet: {
      items: [
        specification('instance', [
          { key: 'Owner', value: 'asked' },
          { key: 'Team', value: 'web' },
        ]),
      ],
    },
  };
  const instance = {
    tagSet: {
      items: [
        { key: 'Owner', value: 'answered' },
        { key: 'Name', value: 'web-1' },
      ],
    },
  };

  expect(requestTagsOf(request, instance)).toEqual([
    { Key: 'Owner', Value: 'answered' },
    { Key: 'Team', Value: 'web' },
    { Key: 'Name', Value: 'web-1' },
  ]);
});

test("tags of the request's other resources are not the instance's", () => {
  const request = { tagSpecificationSet: { items: [specification('volume', [{ key: 'Owner', value: 'jane' }])] } };

  expect(requestTagsOf(request, {})).toEqual([]);
});
