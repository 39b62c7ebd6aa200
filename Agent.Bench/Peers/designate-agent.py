"""Designate's own agent as its package has it. Arguments: its configuration file, and the port at which the name server answers."""
import os
import sys

os.environ['EVENTLET_NO_GREENDNS'] = 'yes'

import designate.cmd  # noqa: F401  first: it patches sockets and threads as the services have them

import dns.opcode
import dns.resolver

from designate.cmd import agent

configuration, server_port = sys.argv[1:]

# dnspython 2.3 does not read the opcode of CREATE and DELETE.
dns.opcode.from_flags = lambda flags: flags >> 11 & 15


class Resolver(dns.resolver.Resolver):
    """The agent asks the name server at port 53, and has no setting for another."""

    def reset(self):
        super().reset()
        self.port = int(server_port)


dns.resolver.Resolver = Resolver
sys.argv = ['designate-agent', '--config-file', configuration]
agent.main()
