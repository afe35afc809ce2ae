import { sameAnswers } from '../support/same-answers.ts';
import { sdkStage } from './support/sdk-stage.ts';

const passesOver = 'moto does not look at the bounds of MaxResults';
const failsItself = 'moto fails with 500 and a page of HTML';
const takesAll = 'moto takes what the service refuses';
const oneByOne = 'moto changes what comes before the one that it refuses';

/** Where moto 5.2 does not answer as AWS's documentation has it. The sandbox does, in all of them. */
const gapsOfMoto = {
  'DescribeInstances: by id, one that is no id fails the call': 'moto says InvalidInstanceID.NotFound of it',
  'DescribeInstances: ? is one character of a tag, or none': 'to moto it is one character',
  'DescribeInstances: * is any run of characters of any other field': 'moto knows wildcards of tags alone',
  'DescribeInstances: a terminated instance has no interfaces': 'moto deletes the interface and shows it there still',
  'DescribeInstances: after a restart LaunchTime is another, and the primary interface attached since the launch':
    'moto leaves LaunchTime as it was',
  'DescribeInstances: an unknown filter fails the call': failsItself,
  'DescribeInstances: more than 200 values fail the call': takesAll,
  'DescribeInstances: MaxResults below 5 fails the call': passesOver,
  'DescribeInstances: MaxResults above 1000 fails the call': passesOver,
  'DescribeInstances: a token that was never given fails the call': failsItself,
  'DescribeVolumes: an unknown filter fails the call': failsItself,
  'DescribeNetworkInterfaces: an unknown filter fails the call': failsItself,
  'DescribeSecurityGroups: an unknown filter fails the call': failsItself,
  'DescribeSecurityGroups: MaxResults below 5 fails the call': passesOver,
  'DescribeSecurityGroupRules: an unknown filter fails the call': failsItself,
  'DescribeSecurityGroupRules: a rule names the owner of its group': 'moto leaves GroupOwnerId out',
  'RevokeSecurityGroupIngress: the answer names the rules that are no more': 'moto leaves them out',
  'RevokeSecurityGroupIngress: in the default VPC, what is not let through is no error, and named':
    'moto says InvalidPermission.NotFound, as EC2 does in any other VPC',
  'RevokeSecurityGroupIngress: a rule that is not there fails the call': 'moto says InvalidPermission.NotFound of it',
  'AuthorizeSecurityGroupIngress: with one that is let through already, the others do not come': oneByOne,
  'AuthorizeSecurityGroupIngress: a block is kept in its canonical form': 'moto keeps it as it was given',
  'AuthorizeSecurityGroupIngress: the families of addresses are counted apart': 'moto counts them together',
  'StopInstances: a stopped instance stays so': 'moto says that it is stopping',
  'StopInstances: with one that is protected, no other is stopped': oneByOne,
  'StopInstances: a terminated instance is not stopped': takesAll,
  'StopInstances: a Spot Instance of a one-time request is not stopped': takesAll,
  'StartInstances: a terminated instance is not started': takesAll,
  'TerminateInstances: whoever may not be stopped may not be terminated': takesAll,
  'ModifyInstanceAttribute: a Spot Instance can not be protected': takesAll,
  'DescribeSpotInstanceRequests: an instance names its request': 'moto leaves SpotInstanceRequestId out',
  'DescribeSpotInstanceRequests: an unknown filter fails the call': failsItself,
  'ModifyNetworkInterfaceAttribute: a group that is not there fails the call': takesAll,
  'ModifyNetworkInterfaceAttribute: no group fails the call': takesAll,
  'ModifyNetworkInterfaceAttribute: more than five groups fail the call': takesAll,
  'CreateTags: with one resource that is not there, no other is tagged': takesAll,
  "CreateTags: AWS's own prefix fails the call": takesAll,
  'DeleteTags: all of them, where none is named': 'moto deletes none then',
  'GetManagedPrefixListEntries: a page holds as many as asked for': 'moto gives all entries on one page',
  'GetManagedPrefixListEntries: a list that is not there fails the call': 'to moto it is a list without entries',
  'PutItem: a value that the expression does not use fails the call': takesAll,
  'PutItem: a value that is not given fails the call': failsItself,
  'PutItem: a key of an index that is no text fails the call': takesAll,
  'UpdateItem: what is used and no number leaves no room': failsItself,
  'Query: an index that is not there fails the call': 'moto says ResourceNotFoundException of it',
  'BatchGetItem: no keys fail the call': takesAll,
  'ListTables: a Limit above 100 fails the call': takesAll,
  'Publish: a subject with a line break fails the call': takesAll,
  'Publish: an empty message fails the call': takesAll,
  'Publish: JSON without a default fails the call': takesAll,
  'Publish: an attribute without a value fails the call': 'moto has one code for two errors, InvalidParameter',
  'Publish: an attribute of an unknown type fails the call': 'moto has one code for two errors, InvalidParameter',
  'SendMessage: an empty message fails the call': takesAll,
  'SendMessage: characters that XML has not fail the call': takesAll,
  'PutEvents: an entry in the name of AWS fails alone': takesAll,
  'ListAliases: a page holds as many as asked for, and says that there are more': 'moto gives all aliases on one page',
  'ListAliases: a Limit above 100 fails the call': takesAll,
  'ListAliases: a marker that was never given fails the call': takesAll,
};

describe('the sandbox answers as moto does over HTTP, and the SDK reads it so', () => {
  sameAnswers(() => sdkStage('eu-west-1'), gapsOfMoto);
});
