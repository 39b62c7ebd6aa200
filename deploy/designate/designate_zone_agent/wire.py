"""The messages between a pool manager and an agent.

A request is one question: for CREATE and DELETE of opcode 14 and class 65280, for NOTIFY as in RFC 1996. It carries an OPT, so that the
agent can say why it refuses (RFC 8914), and a TSIG if there is a key. Success is NOERROR with AA, signed if the request was.

dnspython builds the requests. Answers are taken apart here, since dnspython 2.3 does not read opcode 14 at all.
"""
import enum
import struct
import time

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig

_HEADER = struct.Struct('!6H')
_RECORD = struct.Struct('!HHIH')
_QR = 0x8000
_AA = 0x0400
_OPT = 41
_TSIG = 250
_EXTENDED_ERROR = 15
_PAYLOAD_BYTES = 1232
_REASON_CHARS_MAX = 300

# What an agent says, with REFUSED, of a zone that it was never told to create.
NOT_AUTHORITATIVE = 20


class Operation(enum.Enum):
    """Value: opcode, type and class of the question."""

    CREATE = (14, 65282, 65280)
    DELETE = (14, 65283, 65280)
    NOTIFY = (4, dns.rdatatype.SOA, dns.rdataclass.IN)


class Request:
    """A request as it is sent, with what its answer is judged by."""

    def __init__(self, operation, zone_name, key=None):
        opcode, rdtype, rdclass = operation.value
        message = dns.message.make_query(
            zone_name, rdtype, rdclass, use_edns=0, payload=_PAYLOAD_BYTES)
        message.flags = dns.flags.AA
        message.set_opcode(opcode)
        if key is not None:
            message.use_tsig(key)
        self.key = key
        self.opcode = opcode
        self.question = (dns.name.from_text(zone_name), rdtype, rdclass)
        self.wire = message.to_wire()
        self.id = message.id
        self.mac = message.mac if key is not None else b''


class Answer:
    """What an agent said."""

    def __init__(self, rcode, authoritative, errors):
        self.rcode = rcode
        self.authoritative = authoritative
        # Pairs of code and text.
        self.errors = errors

    @property
    def is_success(self):
        return self.rcode == dns.rcode.NOERROR and self.authoritative

    def has_error(self, code):
        return any(code == known for known, _ in self.errors)

    def __str__(self):
        words = [dns.rcode.to_text(self.rcode)]
        if self.rcode == dns.rcode.NOERROR and not self.authoritative:
            words.append('without AA')
        words += [f'({code}) {text}'.rstrip() for code, text in self.errors]
        return ' '.join(words)


def read(request, wire, now=None):
    """The answer in a message, or None if the message does not answer the request.

    What is unreadable, has another id, opcode or question, or is wrongly signed is passed over: the true answer may still come. An error
    need not be signed, for an agent that does not know the key cannot sign.
    """
    try:
        return _read(request, wire, int(time.time()) if now is None else now)
    except (struct.error, dns.exception.DNSException, ValueError):
        return None


def _read(request, wire, now):
    header = _HEADER.unpack_from(wire)
    message_id, flags, questions = header[:3]
    if not flags & _QR or message_id != request.id or flags >> 11 & 15 != request.opcode:
        return None
    rcode = flags & 15
    position = _HEADER.size
    if questions == 0 and rcode != dns.rcode.NOERROR:
        pass  # It could not even read the question.
    elif questions == 1:
        name, used = dns.name.from_wire(wire, position)
        position += used
        rdtype, rdclass = struct.unpack_from('!HH', wire, position)
        position += 4
        if (name, rdtype, rdclass) != request.question:
            return None
    else:
        return None

    errors, signature = [], None
    for _ in range(sum(header[3:])):
        if signature is not None:
            return None  # A signature is the last record.
        start = position
        owner, used = dns.name.from_wire(wire, position)
        position += used
        rdtype, rdclass, ttl, length = _RECORD.unpack_from(wire, position)
        position += _RECORD.size
        if position + length > len(wire):
            return None
        if rdtype == _OPT:
            rcode |= ttl >> 24 << 4
            errors = _extended_errors(wire[position:position + length])
        elif rdtype == _TSIG:
            rdata = dns.rdata.from_wire(rdclass, rdtype, wire, position, length)
            signature = (owner, rdata, start)
        position += length
    if position != len(wire):
        return None

    answer = Answer(rcode, bool(flags & _AA), errors)
    if request.key is None:
        return answer
    fault = _signature_fault(request, wire, signature, now)
    if fault is None:
        return answer
    if answer.rcode == dns.rcode.NOERROR or isinstance(fault, dns.tsig.BadSignature):
        return None
    if isinstance(fault, dns.tsig.PeerError):
        answer.errors.append((int(signature[1].error), f'TSIG: {fault}'))
    return answer


def _signature_fault(request, wire, signature, now):
    """None for a good signature, else the exception that says what is wrong; unsigned counts as an unknown key."""
    if signature is None:
        return dns.tsig.BadKey()
    owner, rdata, start = signature
    try:
        dns.tsig.validate(wire, request.key, owner, rdata, now, request.mac, start)
        return None
    except dns.exception.DNSException as fault:
        return fault


def _extended_errors(options):
    errors, position = [], 0
    while position < len(options):
        code, length = struct.unpack_from('!HH', options, position)
        value = options[position + 4:position + 4 + length]
        position += 4 + length
        if code == _EXTENDED_ERROR and len(value) >= 2:
            text = value[2:].decode('utf-8', 'replace')[:_REASON_CHARS_MAX]
            printable = ''.join(c if c.isprintable() else '?' for c in text)
            errors.append((struct.unpack_from('!H', value)[0], printable))
    return errors
