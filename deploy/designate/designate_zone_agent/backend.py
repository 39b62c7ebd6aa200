"""What Designate's worker calls for a target of type zone_agent."""
from designate import exceptions
from designate.backend import base
from oslo_config import cfg
from oslo_log import log as logging

from designate_zone_agent import agents
from designate_zone_agent import settings
from designate_zone_agent import wire

LOG = logging.getLogger(__name__)
CONF = cfg.CONF


class AgentsFailed(exceptions.Backend):
    """No agent said success; the text has what each one said."""

    def __init__(self, failure):
        super().__init__(str(failure))
        self.is_unknown_zone = any(answer.has_error(wire.NOT_AUTHORITATIVE) for answer in failure.answers)


class ZoneAgentBackend(base.Backend):
    """Hands zones to an agent, or to a cluster of agents, which fetch them from MiniDNS and bring the name servers level."""

    __plugin_name__ = 'zone_agent'
    __backend_status__ = 'release-compatible'

    def __init__(self, target):
        super().__init__(target)
        try:
            self.settings = settings.Settings(self.options, CONF['service:worker'].poll_timeout)
        except settings.SettingError as fault:
            raise exceptions.ConfigurationError(f'target of type zone_agent: {fault}') from None
        self._first = self.settings.agents[0]

    def create_zone(self, context, zone):
        self._ask(wire.Operation.CREATE, zone)

    def update_zone(self, context, zone):
        try:
            self._ask(wire.Operation.NOTIFY, zone)
        except AgentsFailed as failure:
            if not failure.is_unknown_zone:
                raise
            # The agent was never told of it. Failing here would leave the zone in ERROR: the worker asks for CREATE only after it has polled.
            LOG.warning('%s; creating it', failure)
            self._ask(wire.Operation.CREATE, zone)

    def delete_zone(self, context, zone, zone_params=None):
        # zone_params came with Designate 16. A hard delete needs nothing more: the agent removes a zone's files in any case.
        self._ask(wire.Operation.DELETE, zone)

    def _ask(self, operation, zone):
        # Who answered last is asked first, so that a dead agent costs its turn only once.
        order = sorted(self.settings.agents, key=lambda agent: agent != self._first)
        try:
            self._first = agents.ask(self.settings, order, operation, zone.name)
        except agents.AgentsFailed as failure:
            raise AgentsFailed(failure) from None
        self._lead_notify_to(*self._first)

    def _lead_notify_to(self, host, port):
        """After create and update the worker itself sends a NOTIFY to the target's host and port, and fails if no answer comes."""
        for option in self.target.options:
            if option.key == 'host':
                option.value = host
            elif option.key == 'port':
                option.value = str(port)
