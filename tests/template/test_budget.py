"""The budget of the stack."""

from tests.world import template

RESOURCE = template()["Resources"]["Budget"]


def test_none_by_default():
    """There is a budget only with an amount."""
    assert template()["Parameters"]["MonthlyBudget"]["Default"] == 0
    assert RESOURCE["Condition"] == "WithBudget"
    assert template()["Conditions"]["WithBudget"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "MonthlyBudget"}, 0]}]}


def test_it_counts_this_stack():
    """It is the amount in dollars a month, and counts what has the stack's own tag."""
    budget = RESOURCE["Properties"]["Budget"]
    assert budget["BudgetName"] == {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}, "an account has one of each name"
    assert budget["BudgetLimit"] == {"Amount": {"Ref": "MonthlyBudget"}, "Unit": "USD"}
    assert (budget["BudgetType"], budget["TimeUnit"]) == ("COST", "MONTHLY")
    tag = {"Fn::Join": ["$", ["aws:cloudformation:stack-name", {"Ref": "AWS::StackName"}]]}
    assert budget["CostFilters"] == {"TagKeyValue": [tag]}


def test_it_warns_before_and_after():
    """It warns when 80 and 100 % are spent, and when the forecast exceeds 100 %."""
    found = RESOURCE["Properties"]["NotificationsWithSubscribers"]
    warnings = [(one["Notification"]["NotificationType"], one["Notification"]["Threshold"]) for one in found]
    assert warnings == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    for one in found:
        email, topic = (subscriber["Fn::If"] for subscriber in one["Subscribers"])
        assert email[:2] == ["WithBudgetEmail", {"SubscriptionType": "EMAIL", "Address": {"Ref": "BudgetEmail"}}]
        assert topic[:2] == ["WithAlarmTopic", {"SubscriptionType": "SNS", "Address": {"Ref": "AlarmTopicArn"}}]


def test_it_warns_somewhere():
    """A budget that would warn no one is refused before anything is deployed."""
    rule = template()["Rules"]["BudgetWarnsSomewhere"]
    assert rule["RuleCondition"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "MonthlyBudget"}, "0"]}]}
    (assertion,) = rule["Assertions"]
    given = [{"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]} for name in ("BudgetEmail", "AlarmTopicArn")]
    assert assertion["Assert"] == {"Fn::Or": given}
