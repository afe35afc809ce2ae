"""moto's server with what the tests need and moto 5.2 lacks: `python server.py PORT`.

Each addition is refused once moto has its own, so that this file can only shrink. It ends when its standard input does:
whoever started it may die in any way, and nothing is left behind.
"""

import os
import sys
import threading
from functools import lru_cache

import jsonpath_ng.ext
from moto.core.exceptions import AccessDeniedError, JsonRESTError
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.security_groups import SecurityGroup
from moto.ec2.utils import filter_dict_attribute_mapping
from moto.events.models import Rule
from moto.events.utils import EventTemplateParser
from moto.iam.access_control import IAMRequest
from moto.server import main


def lacking(is_there: bool, what: str) -> None:
    if is_there:
        sys.exit(f"moto has {what} now: take our own out of {__file__}")


# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
INSTANCE_FILTERS = {
    "network-interface.network-interface-id": lambda one: [nic.id for nic in one.nics.values()],
    "network-interface.group-id": lambda one: [group.id for nic in one.nics.values() for group in nic.group_set],
    "network-interface.group-name": lambda one: [group.name for nic in one.nics.values() for group in nic.group_set],
    "block-device-mapping.volume-id": lambda one: [device.volume_id for device in one.block_device_mapping.values()],
}


def add_instance_filters() -> None:
    for name, values_of in INSTANCE_FILTERS.items():
        lacking(name in filter_dict_attribute_mapping, f"DescribeInstances' filter {name}")
        attribute = name.replace(".", "_").replace("-", "_")
        setattr(Instance, attribute, property(values_of))
        filter_dict_attribute_mapping[name] = attribute


# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
def add_prefix_list_filter() -> None:
    method = "filter_ip_permission__prefix_list_id"
    own = getattr(SecurityGroup, method)
    lacking("MotoNotImplementedError" not in own.__code__.co_names, "the filter ip-permission.prefix-list-id")

    def filter_prefix_list(group: SecurityGroup, ids: list[str]) -> bool:
        return any(rule.prefix_list_id in ids for rule in group.ingress_rules)

    setattr(SecurityGroup, method, filter_prefix_list)


# Each interface has its own groups, and an instance those of its primary interface.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html
def keep_groups_of_interfaces_apart() -> None:
    own = NetworkInterface.group_set.fget
    lacking("security_groups" not in own.__code__.co_names, "interfaces with groups of their own")

    # Before it has an interface, those that it is launched with.
    def of_primary(instance: Instance) -> list[SecurityGroup]:
        if instance.state == "terminated":
            return []
        primary = getattr(instance, "nics", {}).get(0)
        return instance.launched_with if primary is None else primary._group_set

    def put(instance: Instance, groups: list[SecurityGroup]) -> None:
        instance.launched_with = groups
        if 0 in getattr(instance, "nics", {}):
            instance.nics[0]._group_set = groups

    NetworkInterface.group_set = property(lambda interface: interface._group_set)
    Instance.security_groups = property(of_primary, put)


# A scheduled rule has no pattern, and moto takes it for one that every event matches; it then can't call its function.
def keep_events_from_schedules() -> None:
    send_to_targets = Rule.send_to_targets
    lacking("scheduled_expression" in send_to_targets.__code__.co_names, "rules that know a schedule from a pattern")

    def send(rule: Rule, *arguments, **options) -> None:
        if not rule.scheduled_expression:
            send_to_targets(rule, *arguments, **options)

    Rule.send_to_targets = send


# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
def hand_events_on_with_account() -> None:
    template = EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE
    lacking("<account>" in template, "events with their account")
    EventTemplateParser.DEFAULT_EVENT_INPUT_TEMPLATE = template.replace("{", '{"account": "<account>", ', 1)


class Refusal(AccessDeniedError):
    def __init__(self, code: str, message: str):
        super(AccessDeniedError, self).__init__(code, message)


# moto refuses for all services in IAM's words, and in XML, which no client of a JSON protocol can read.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
# https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
# https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
def refuse_as_the_service_does() -> None:
    own = IAMRequest._raise_access_denied
    lacking("_service" in own.__code__.co_names, "refusals in each service's own words")

    def refuse(request: IAMRequest) -> None:
        message = f"User: {request._access_key.arn} is not authorized to perform: {request._action}"
        codes = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}
        if request._service in codes:
            raise Refusal(codes[request._service], message)
        if "X-Amz-Target" in request._headers:
            raise JsonRESTError("AccessDeniedException", message)
        own(request)

    IAMRequest._raise_access_denied = refuse


# For every event moto parses the same eight paths, which takes the jsonpath-ng of Python 3.10 a seventh of a second.
def parse_paths_once() -> None:
    jsonpath_ng.ext.parse = lru_cache(jsonpath_ng.ext.parse)


def end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


add_instance_filters()
add_prefix_list_filter()
keep_groups_of_interfaces_apart()
keep_events_from_schedules()
hand_events_on_with_account()
refuse_as_the_service_does()
parse_paths_once()
threading.Thread(target=end_with_parent, daemon=True).start()
main(["--port", sys.argv[1]])
