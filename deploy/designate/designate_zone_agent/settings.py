"""The options of a target in pools.yaml. All values are texts there."""
import re

import dns.exception
import dns.name
import dns.tsig

_DEFAULT_PORT = 5354
_AGENTS_MAX = 16
_ALGORITHMS = ('hmac-md5', 'hmac-sha1', 'hmac-sha224', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512')
_KEY = re.compile(r'key\s+"?([^"\s{;]+)"?\s*\{([^{}]*)\}\s*;')
_STATEMENT = re.compile(r'(algorithm|secret)\s+"?([^"\s;]+)"?\s*;')


class SettingError(Exception):
    """A value that cannot be used; the text names the option."""


class Settings:
    """Where the agents are, how long they are asked, and with which key."""

    def __init__(self, options, timeout):
        for option in ('host', 'port'):
            if not options.get(option):
                raise SettingError(f'{option}: must be given, since the worker itself sends NOTIFY there')
        first = (options.get('host'), _port('port', options.get('port')))
        others = [_endpoint(text) for text in (options.get('agents') or '').replace(',', ' ').split()]
        # A cluster is one agent: what the first does not answer the next one can.
        self.agents = list(dict.fromkeys([first, *others]))
        if len(self.agents) > _AGENTS_MAX:
            raise SettingError(f'agents: {len(self.agents)} are too many, at most {_AGENTS_MAX}')
        self.timeout = _seconds('timeout', options.get('timeout') or timeout)
        self.next_after = _seconds('next_after', options.get('next_after') or 5)
        self.use_tcp = _flag('tcp', options.get('tcp') or 'false')
        key_file = options.get('tsig_key_file')
        self.key = read_key(key_file) if key_file else None


def read_key(path):
    """The key in a file as tsig-keygen writes it. No message quotes the file, for any part of it may be the secret."""
    try:
        with open(path, encoding='utf-8') as file:
            # Comments have lines of their own: base64 may hold two slashes.
            text = re.sub(r'(?m)^\s*(#|//).*', '', file.read(65536))
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingError(f'tsig_key_file: {path} cannot be read: {fault.__class__.__name__}') from None
    found = _KEY.fullmatch(text.strip())
    statements = dict(_STATEMENT.findall(found.group(2))) if found else {}
    if set(statements) != {'algorithm', 'secret'}:
        raise SettingError(f'tsig_key_file: {path} must hold one key "NAME" {{ algorithm NAME; secret "BASE64"; }};')
    algorithm = statements['algorithm'].lower()
    if algorithm not in _ALGORITHMS:
        raise SettingError(f'tsig_key_file: the algorithm in {path} is none of {", ".join(_ALGORITHMS)}')
    if algorithm == 'hmac-md5':
        algorithm = 'hmac-md5.sig-alg.reg.int'
    try:
        return dns.tsig.Key(dns.name.from_text(found.group(1)), statements['secret'], dns.name.from_text(algorithm))
    except (ValueError, dns.exception.DNSException):
        raise SettingError(f'tsig_key_file: the name or the base64 in {path} is wrong') from None


def _endpoint(text):
    """192.0.2.1, 192.0.2.1:5354, [2001:db8::1]:5354, 2001:db8::1, name, name:5354."""
    bracketed = re.fullmatch(r'\[([^\]]+)\](?::(.+))?', text)
    if bracketed:
        return bracketed.group(1), _port('agents', bracketed.group(2) or _DEFAULT_PORT)
    if text.count(':') == 1:
        host, port = text.split(':')
        return host, _port('agents', port)
    return text, _DEFAULT_PORT


def _port(option, text):
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise SettingError(f"{option}: '{text}' is no port")
    return port


def _seconds(option, text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0.1 <= seconds <= 3600:
        raise SettingError(f"{option}: '{text}' is not a number of seconds from 0.1 to 3600")
    return seconds


def _flag(option, text):
    word = str(text).lower()
    if word not in ('true', 'false'):
        raise SettingError(f"{option}: '{text}' is neither true nor false")
    return word == 'true'
