import contextlib
import errno
import socket
import struct
import threading
import time
import unittest
from unittest import mock

from designate_zone_agent import agents
from designate_zone_agent import settings
from designate_zone_agent import wire

ZONE = 'example.com.'
SUCCESS = b'\xf4\x00'
REFUSED = b'\xf4\x05'


class PlayedAgent:
    """An agent by UDP, or by TCP for one connection, that answers when the test says so."""

    def __init__(self, use_tcp):
        kind = socket.SOCK_STREAM if use_tcp else socket.SOCK_DGRAM
        self.asked = threading.Event()
        self.times_asked = 0
        self.may_answer = threading.Event()
        self.answered = threading.Event()
        self.flags = SUCCESS
        self._use_tcp = use_tcp
        self._socket = socket.socket(socket.AF_INET, kind)
        self._socket.bind(('127.0.0.1', 0))
        if use_tcp:
            self._socket.listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def endpoint(self):
        return self._socket.getsockname()

    def close(self):
        self.may_answer.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _run(self):
        with contextlib.suppress(OSError):
            if self._use_tcp:
                self._serve_tcp()
            else:
                self._serve_udp()

    def _serve_tcp(self):
        connection, _ = self._socket.accept()
        with connection:
            size = struct.unpack('!H', connection.recv(2, socket.MSG_WAITALL))[0]
            request = connection.recv(size, socket.MSG_WAITALL)
            self._note()
            answer = self._answer(request)
            # In two pieces: the first one is no answer yet.
            connection.sendall(struct.pack('!H', len(answer)) + answer[:5])
            connection.sendall(answer[5:])
            self.answered.set()
            connection.recv(1)

    def _serve_udp(self):
        while True:
            request, client = self._socket.recvfrom(65535)
            if not request:
                return
            self._note()
            if self.times_asked == 1:
                self._socket.sendto(self._answer(request), client)
                self.answered.set()

    def _note(self):
        self.times_asked += 1
        self.asked.set()

    def _answer(self, request):
        self.may_answer.wait()
        return request[:2] + self.flags + request[4:]


class AskTests(unittest.TestCase):
    def test_who_was_asked_is_heard_in_the_turn_of_another(self):
        for tcp in ('false', 'true'):
            with self.subTest(tcp=tcp):
                slow, silent = self.play(tcp), self.play(tcp)
                # It answers as soon as the other one is asked, and the round does not come to it again.
                slow.may_answer = silent.asked
                self.assertEqual(slow.endpoint, self.ask(tcp, 60, slow, silent, next_after='1'))
                self.assertEqual(1, slow.times_asked)

    def test_who_refuses_in_the_turn_of_another_is_not_asked_again(self):
        first, second = self.play('false'), self.play('false')
        first.flags = REFUSED
        first.may_answer = second.asked
        second.may_answer = first.answered
        self.assertEqual(second.endpoint, self.ask('false', 60, first, second, next_after='1'))
        self.assertEqual(1, first.times_asked)

    def test_an_answer_that_came_before_the_time_was_over_counts(self):
        for tcp in ('false', 'true'):
            with self.subTest(tcp=tcp):
                other, late = self.play(tcp), self.play(tcp)
                late_is_there = late.answered

                def look_up(*_, **__):
                    late.may_answer.set()
                    late_is_there.wait()
                    clock.skipped = 1000
                    raise socket.gaierror(errno.ENOENT, 'no such name')

                clock = Clock()
                options = settings.Settings(options_of(tcp, [other.endpoint, late.endpoint], '0.1'), 60)
                everyone = [*options.agents, ('slow.example', 1)]
                real = socket.getaddrinfo
                with mock.patch.object(agents.time, 'monotonic', clock), mock.patch.object(
                        agents.socket, 'getaddrinfo',
                        lambda host, *rest, **more: look_up() if host == 'slow.example' else real(host, *rest, **more)):
                    self.assertEqual(late.endpoint, agents.ask(options, everyone, wire.Operation.CREATE, ZONE))

    def test_the_failure_says_what_each_one_said(self):
        for tcp in ('false', 'true'):
            with self.subTest(tcp=tcp):
                refusing, silent = self.play(tcp), self.play(tcp)
                refusing.flags = REFUSED
                refusing.may_answer.set()
                with self.assertRaises(agents.AgentsFailed) as failure:
                    self.ask(tcp, 0.3, refusing, silent, next_after='0.1')
                (_, first), (_, second) = refusing.endpoint, silent.endpoint
                self.assertEqual(
                    f'CREATE {ZONE}: 127.0.0.1:{first}: REFUSED; 127.0.0.1:{second}: no answer within 0.3 s', str(failure.exception))

    def test_the_next_address_of_a_name_is_tried(self):
        agent = self.play('true')
        agent.may_answer.set()
        with socket.socket() as closed:
            closed.bind(('127.0.0.1', 0))
            kind = (socket.AF_INET, socket.SOCK_STREAM, 0, '')
            addresses = [(*kind, closed.getsockname()), (*kind, agent.endpoint)]
            with mock.patch.object(agents.socket, 'getaddrinfo', return_value=addresses):
                self.assertEqual(agent.endpoint, self.ask('true', 60, agent, next_after='5'))

    def play(self, tcp):
        agent = PlayedAgent(tcp == 'true')
        self.addCleanup(agent.close)
        return agent

    def ask(self, tcp, timeout, *played, next_after):
        options = settings.Settings(options_of(tcp, [agent.endpoint for agent in played], next_after), timeout)
        return agents.ask(options, options.agents, wire.Operation.CREATE, ZONE)


class Clock:
    """The real one, and what was skipped."""

    def __init__(self):
        self.skipped = 0
        self._real = time.monotonic

    def __call__(self):
        return self._real() + self.skipped


def options_of(tcp, endpoints, next_after):
    (host, port), *others = endpoints
    return {
        'host': host, 'port': str(port), 'agents': ' '.join(f'{h}:{p}' for h, p in others), 'tcp': tcp, 'next_after': next_after}


if __name__ == '__main__':
    unittest.main()
