import random
import struct
import unittest

import dns.name
import dns.rdata
import dns.tsig

from designate_zone_agent import wire

KEY = dns.tsig.Key(dns.name.from_text('k1'), 'c2VjcmV0IG9mIHRoZSB0ZXN0cw==', dns.name.from_text('hmac-sha256'))
OTHER_KEY = dns.tsig.Key(KEY.name, 'YW5vdGhlciBzZWNyZXQgYWx0b2dldGhlcg==', KEY.algorithm)
NOW = 1_800_000_000
QUESTION_END = 12 + 13 + 4


def request(operation=wire.Operation.CREATE, key=None):
    return wire.Request(operation, 'Example.com.', key)


def reply(asked, flags=0xF400, errors=(), question=True, message_id=None, key=None, now=NOW):
    """As the agent composes it."""
    options = b''.join(struct.pack('!HHH', 15, 2 + len(text.encode()), code) + text.encode() for code, text in errors)
    head = struct.pack('!6H', asked.id if message_id is None else message_id, flags, 1 if question else 0, 0, 0, 1)
    body = asked.wire[12:QUESTION_END] if question else b''
    message = head + body + b'\0' + struct.pack('!HHIH', 41, 1232, 0, len(options)) + options
    return sign(message, asked, key, now) if key else message


def sign(message, asked, key, now):
    blank = dns.rdata.from_wire(255, 250, tsig_body(key, now, b'', asked.id), 0, len(tsig_body(key, now, b'', asked.id)))
    signed, _ = dns.tsig.sign(message, key, blank, now, asked.mac)
    body = tsig_body(key, now, signed.mac, asked.id)
    record = key.name.to_wire() + struct.pack('!HHIH', 250, 255, 0, len(body)) + body
    return message[:10] + struct.pack('!H', 2) + message[12:] + record


def tsig_body(key, now, mac, original_id):
    return key.algorithm.to_wire() + struct.pack('!HIHH', now >> 32, now & 0xFFFFFFFF, 300, len(mac)) + mac + struct.pack(
        '!HHH', original_id, 0, 0)


class RequestTests(unittest.TestCase):
    def test_a_request_is_one_question_with_aa_and_an_opt(self):
        wire_of = {operation: request(operation).wire for operation in wire.Operation}
        question = '074578616d706c6503636f6d00'
        opt = '00002904d0000000000000'
        self.assertEqual('74000001000000000001' + question + 'ff02ff00' + opt, wire_of[wire.Operation.CREATE][2:].hex())
        self.assertEqual('74000001000000000001' + question + 'ff03ff00' + opt, wire_of[wire.Operation.DELETE][2:].hex())
        self.assertEqual('24000001000000000001' + question + '00060001' + opt, wire_of[wire.Operation.NOTIFY][2:].hex())


class AnswerTests(unittest.TestCase):
    def test_success_is_noerror_with_aa(self):
        asked = request()
        self.assertTrue(wire.read(asked, reply(asked)).is_success)
        self.assertFalse(wire.read(asked, reply(asked, flags=0xF000)).is_success)
        self.assertEqual('NOERROR without AA', str(wire.read(asked, reply(asked, flags=0xF000))))
        self.assertFalse(wire.read(asked, reply(asked, flags=0xF402)).is_success)

    def test_a_reason_is_part_of_the_text_and_holds_no_control_characters(self):
        asked = request()
        answer = wire.read(asked, reply(asked, flags=0xF005, errors=[(20, 'not\nknown \x1b[1m'), (18, '')]))
        self.assertEqual('REFUSED (20) not?known ?[1m (18)', str(answer))
        self.assertTrue(answer.has_error(wire.NOT_AUTHORITATIVE))
        self.assertFalse(answer.has_error(22))

    def test_a_reason_has_an_end(self):
        asked = request()
        self.assertLess(len(str(wire.read(asked, reply(asked, flags=0xF005, errors=[(0, 'x' * 5000)])))), 400)

    def test_what_does_not_answer_the_request_is_passed_over(self):
        asked = request()
        self.assertIsNone(wire.read(asked, reply(asked, message_id=asked.id ^ 1)))
        self.assertIsNone(wire.read(asked, reply(asked, flags=0x7400)), 'a request')
        self.assertIsNone(wire.read(asked, reply(asked, flags=0xA400)), 'another opcode')
        self.assertIsNone(wire.read(asked, reply(asked) + b'\0'), 'a trailing octet')
        self.assertIsNone(wire.read(asked, reply(asked, question=False)), 'success of nothing')
        other = reply(asked).replace(b'\x07Example', b'\x07Exbmple')
        self.assertIsNone(wire.read(asked, other), 'another zone')
        self.assertIsNotNone(wire.read(asked, reply(asked).replace(b'Example', b'eXAMPLE')), 'names have no case')
        self.assertEqual(1, wire.read(asked, reply(asked, flags=0xF001, question=False)).rcode)

    def test_no_octets_make_it_stumble(self):
        chance = random.Random(14)
        asked = request(key=KEY)
        good = [reply(asked, errors=[(18, 'no')]), reply(asked, flags=0xF002, errors=[(22, 'no master')], key=KEY)]
        for _ in range(3000):
            message = bytearray(chance.choice(good))
            for _ in range(chance.randint(1, 4)):
                message[chance.randrange(2, len(message))] = chance.randrange(256)
            answer = wire.read(asked, bytes(message[:chance.randint(0, len(message))]), NOW)
            self.assertFalse(answer is not None and answer.is_success)


class SignatureTests(unittest.TestCase):
    def test_success_must_be_signed_with_the_key_and_in_time(self):
        asked = request(key=KEY)
        self.assertTrue(wire.read(asked, reply(asked, key=KEY), NOW).is_success)
        self.assertIsNone(wire.read(asked, reply(asked), NOW))
        self.assertIsNone(wire.read(asked, reply(asked, key=OTHER_KEY), NOW))
        self.assertIsNone(wire.read(asked, reply(asked, key=KEY), NOW + 301))
        self.assertIsNone(wire.read(request(key=KEY), reply(asked, key=KEY), NOW), 'the answer to another request')

    def test_an_unsigned_error_is_shown_and_a_wrongly_signed_one_is_not(self):
        asked = request(key=KEY)
        self.assertEqual('NOTAUTH', str(wire.read(asked, reply(asked, flags=0xF009), NOW)))
        self.assertEqual('SERVFAIL', str(wire.read(asked, reply(asked, flags=0xF002, key=KEY), NOW)))
        self.assertIsNone(wire.read(asked, reply(asked, flags=0xF002, key=OTHER_KEY), NOW))


if __name__ == '__main__':
    unittest.main()
