"""Which agent is asked when.

An agent may take most of the timeout over a CREATE, and silence does not tell slow from dead. So after a while of silence the next agent
is asked too: in a cluster it joins the work that the first one began. The rounds go on, the first answer that says success wins, and who
has answered otherwise is not asked again. An agent that is asked again over UDP hears the same message again, in case one was lost.
Whoever was asked is listened to, whosever turn it is: an agent answers when it has done the work, or when its own time for it is over.
"""
import errno
import os
import selectors
import socket
import struct
import time

from designate_zone_agent import wire

_MESSAGE_BYTES_MAX = 65535
# Whoever sends without end is not listened to without end.
_LATE_READS_MAX = 64


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
                if talk.verdict is not None:
                    continue  # It said so in the turn of another.
                talk.ask()
                if (found := _listen(talks, talk, min(deadline, time.monotonic() + settings.next_after))):
                    return found.agent
        # What came while the last turn ended counts.
        if (found := _listen(talks, None, time.monotonic())):
            return found.agent
        late = f'no answer within {settings.timeout:g} s'
        said = [(talk.agent, talk.verdict or late) for talk in talks]
        raise AgentsFailed(operation, zone_name, said, [talk.answer for talk in talks if talk.answer])
    finally:
        for talk in talks:
            talk.close()


def _listen(talks, turn, until):
    """The talk that brought success. None: the time is over, or the one whose turn it is has its verdict."""
    late_reads = 0
    while turn is None or turn.verdict is None:
        remaining = until - time.monotonic()
        late_reads += remaining <= 0
        with selectors.DefaultSelector() as selector:
            for talk in talks:
                if talk.awaited:
                    selector.register(talk.socket, talk.awaited, talk)
            ready = [key.data for key, _ in selector.select(max(0, remaining))] if selector.get_map() else []
        for talk in ready:
            talk.go_on()
            if talk.is_success:
                return talk
        # eventlet tells of one ready socket at a time, so what lies there when the time is over takes several looks.
        if not ready or late_reads > _LATE_READS_MAX:
            return None
    return None


class _Talk:
    """One request to one agent, over a socket that stays open between its turns. Nothing here waits but the look-up of a name."""

    def __init__(self, agent, settings, request):
        self.agent = agent
        self.answer = None
        # Why this agent is not asked again.
        self.verdict = None
        self.socket = None
        # What the socket is to become ready for; 0 while nothing is awaited.
        self.awaited = 0
        self._request = request
        self._use_tcp = settings.use_tcp
        self._addresses = None
        self._received = b''

    @property
    def is_success(self):
        return self.answer is not None and self.answer.is_success

    def ask(self):
        """It is this agent's turn."""
        try:
            if self.socket is None:
                self._look_up()
            elif self.awaited == selectors.EVENT_WRITE:
                # Still no connection; perhaps another of its addresses takes one.
                if self._addresses:
                    self._connect(None)
            elif not self._use_tcp:  # By TCP it has the request.
                self._send()
        except OSError as fault:
            self._end(_reason(fault))

    def go_on(self):
        """The socket is ready."""
        try:
            if self.awaited == selectors.EVENT_WRITE:
                code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code:
                    self._connect(OSError(code, os.strerror(code)))
                else:
                    self._send()
                return
            for message in self._receive():
                self.answer = self.answer or wire.read(self._request, message)
            if self.answer is not None:
                self._end(str(self.answer))
        except BlockingIOError:
            pass
        except OSError as fault:
            self._end(_reason(fault))

    def close(self):
        self.awaited = 0
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _end(self, verdict):
        self.verdict = verdict
        self.close()

    def _look_up(self):
        kind = socket.SOCK_STREAM if self._use_tcp else socket.SOCK_DGRAM
        self._addresses = socket.getaddrinfo(*self.agent, type=kind)
        self._connect(OSError('no address'))

    def _connect(self, fault):
        """Goes on to the next address.

        :param fault: what is the matter if there is none.
        """
        while self._addresses:
            family, kind, protocol, _, address = self._addresses.pop(0)
            self.close()
            self.socket = socket.socket(family, kind, protocol)
            self.socket.setblocking(False)
            # Only what comes from the agent's own address is received.
            code = self.socket.connect_ex(address)
            if code == errno.EINPROGRESS:
                self.awaited = selectors.EVENT_WRITE
                return
            if code == 0:
                self._send()
                return
            fault = OSError(code, os.strerror(code))
        raise fault

    def _send(self):
        message = self._request.wire
        # So little fits into the buffer of a socket that holds nothing.
        self.socket.sendall(struct.pack('!H', len(message)) + message if self._use_tcp else message)
        self.awaited = selectors.EVENT_READ

    def _receive(self):
        piece = self.socket.recv(_MESSAGE_BYTES_MAX)
        if not self._use_tcp:
            return [piece]
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
