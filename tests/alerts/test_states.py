"""The state machine against a model that has no states: three facts about an alarm, and ISA-18.2's words for them."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from winter_river.alerts import states

HIDINGS = {"shelve": "shelved", "suppress": "suppressed", "remove": "out_of_service"}
ENDINGS = {"unshelve": "shelved", "unsuppress": "suppressed", "bring_back": "out_of_service"}
# What each hiding gives way to: a person's hand beats the design, and out of service beats a shelf.
YIELDS_TO = {"": HIDINGS, "suppressed": {"shelve", "remove"}, "shelved": {"remove"}, "out_of_service": set()}


class AlarmModel(RuleBasedStateMachine):
    """active: the condition holds. asks: it was raised and nobody has acknowledged it since. hidden: by what."""

    def __init__(self):
        super().__init__()
        self.state, self.active, self.asks, self.hidden = states.NORMAL, False, False, ""

    def do(self, act):
        self.state = states.after(self.state, act, active=self.active)

    @precondition(lambda self: not self.active)
    @rule()
    def condition_comes(self):
        self.active = True
        self.asks = self.asks or not self.hidden
        self.do("raise")

    @precondition(lambda self: self.active)
    @rule()
    def condition_goes(self):
        self.active = False
        self.do("clear")

    @rule()
    def somebody_acknowledges(self):
        if not self.hidden:
            self.asks = False
        self.do("acknowledge")

    @precondition(lambda self: self.active)
    @rule()
    def it_gets_worse(self):
        if self.hidden in ("", "shelved"):  # a shelf holds for what was known when it was put there
            self.hidden, self.asks = "", True
        self.do("escalate")

    @rule(act=st.sampled_from(sorted(HIDINGS)))
    def is_hidden(self, act):
        if act in YIELDS_TO[self.hidden]:
            self.hidden, self.asks = HIDINGS[act], False
        self.do(act)

    @rule(act=st.sampled_from(sorted(ENDINGS)))
    def is_brought_back(self, act):
        if self.hidden and ENDINGS[act] == self.hidden:
            self.hidden, self.asks = "", self.active
        self.do(act)

    @invariant()
    def state_says_what_is_so(self):
        shown = {
            (False, False): "normal",
            (True, True): "unacknowledged",
            (True, False): "acknowledged",
            (False, True): "returned",
        }
        assert self.state == (self.hidden or shown[self.active, self.asks])


TestAlarmModel = AlarmModel.TestCase
TestAlarmModel.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


def test_table_names_only_known_states_and_acts():
    assert {state for state, _ in states.TABLE} | set(states.TABLE.values()) == set(states.STATES)
    assert {act for _, act in states.TABLE} <= set(states.ACTS)
