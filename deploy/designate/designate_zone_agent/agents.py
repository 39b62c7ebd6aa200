"""Which agent is asked when.

An agent may take most of the timeout over a CREATE, and silence does not tell slow from dead. So after a while of silence the next agent
is asked too: in a cluster it joins the work that the first one began. The rounds go on, the first answer that says success wins, and who
has answered otherwise is not asked again. An agent that is asked again over UDP hears the same message again, in case one was lost.
"""
import os
import socket
import struct
import time

from designate_zone_agent import wire

_MESSAGE_BYTES_MAX = 65535


class AgentsFailed(Exception):
    """No agent said success. The text has what each one said."""

    def __init__(self, operation, zone_name, said, answers):
        self.answers = answers
        words = '; '.join(f'{_text(agent)}: {what}' for agent, what in said)
        super().__init__(f'{operation.name} {zone_name}: {words}')


def ask(settings, agents, operation, zone_name):
    """Asks until one agent says success, and returns that one.

    :param agents: pairs of host and port, the one to be asked first at the front.
    """
    deadline = time.monotonic() + settings.timeout
    talks = [_Talk(agent, settings, wire.Request(operation, zone_name, settings.key)) for agent in agents]
    try:
        while (silent := [talk for talk in talks if talk.verdict is None]) and time.monotonic() < deadline:
            for talk in silent:
                until = min(deadline, time.monotonic() + settings.next_after)
                if talk.wait(until):
                    return talk.agent
        late = f'no answer within {settings.timeout:g} s'
        said = [(talk.agent, talk.verdict or late) for talk in talks]
        raise AgentsFailed(operation, zone_name, said, [talk.answer for talk in talks if talk.answer])
    finally:
        for talk in talks:
            talk.close()


class _Talk:
    """One request to one agent, over a socket that stays open between two turns: an answer may come between them."""

    def __init__(self, agent, settings, request):
        self.agent = agent
        self.answer = None
        # Why this agent is not asked again.
        self.verdict = None
        self._request = request
        self._use_tcp = settings.use_tcp
        self._socket = None
        self._received = b''

    def wait(self, until):
        """True if success came. Without any answer the verdict stays open."""
        try:
            self._send(until)
            while self.answer is None and (remaining := until - time.monotonic()) > 0:
                self._socket.settimeout(remaining)
                for message in self._receive():
                    self.answer = self.answer or wire.read(self._request, message)
        except socket.timeout:
            pass
        except OSError as fault:
            self.verdict = _reason(fault)
        if self.answer is None:
            return False
        self.verdict = str(self.answer)
        return self.answer.is_success

    def close(self):
        if self._socket is not None:
            self._socket.close()

    def _send(self, until):
        if self._socket is None:
            self._connect(until)
        elif self._use_tcp:
            return  # It has the request; TCP has seen to that.
        message = self._request.wire
        self._socket.sendall(struct.pack('!H', len(message)) + message if self._use_tcp else message)

    def _connect(self, until):
        kind = socket.SOCK_STREAM if self._use_tcp else socket.SOCK_DGRAM
        fault = OSError('no address')
        for family, _, protocol, _, address in socket.getaddrinfo(*self.agent, type=kind):
            fresh = socket.socket(family, kind, protocol)
            try:
                fresh.settimeout(max(0.1, until - time.monotonic()))
                # Only what comes from the agent's own address is received.
                fresh.connect(address)
                self._socket = fresh
                return
            except OSError as next_fault:
                fresh.close()
                fault = next_fault
        raise fault

    def _receive(self):
        if not self._use_tcp:
            return [self._socket.recv(_MESSAGE_BYTES_MAX)]
        piece = self._socket.recv(_MESSAGE_BYTES_MAX)
        if not piece:
            raise OSError('it closed the connection without an answer')
        self._received += piece
        messages = []
        while len(self._received) >= 2:
            end = 2 + struct.unpack_from('!H', self._received)[0]
            if len(self._received) < end:
                break
            messages.append(self._received[2:end])
            self._received = self._received[end:]
        return messages


def _text(agent):
    host, port = agent
    return f'[{host}]:{port}' if ':' in host else f'{host}:{port}'


def _reason(fault):
    # eventlet gives the name of an error for its text; errors of name resolution have numbers of their own.
    if fault.errno and not isinstance(fault, socket.gaierror):
        return os.strerror(fault.errno)
    return fault.strerror or str(fault)
