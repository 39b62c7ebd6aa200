using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>
/// Requests whose signatures dnspython makes, well or in every wrong way, and what it finds in the answers. Messages are put together
/// from octets, for dnspython itself would not write most of them.
/// </summary>
internal static class TsigQuestions
{
    /// <summary>Zone that only badly signed requests are about.</summary>
    public const string Forged = "forged.example.";

    // Words of each input line: operation, case, zone, transport. Words of each output line: operation, case, transport, response code,
    // TSIG error, what the MAC of the answer is worth, and for BADTIME whose clock the two times are of.
    private const string Script =
        """
        import socket, struct, sys, time
        import dns.name, dns.rdata, dns.rdataclass, dns.rdatatype, dns.tsig
        from dns.rdtypes.ANY.TSIG import TSIG

        host, port = sys.argv[1], int(sys.argv[2])
        right = b'a secret of at least 32 octets!!'
        far = 3600
        questions = {'NOTIFY': (0x2100, 6, 1), 'CREATE': (0x7400, 65282, 65280), 'DELETE': (0x7400, 65283, 65280), 'AXFR': (0, 252, 1),
                     'SOA': (0, 6, 1)}

        def name(text):
            return dns.name.from_text(text)

        def record(key, rdata, kind=250, klass=255, ttl=0):
            return name(key).to_wire() + struct.pack('!HHIH', kind, klass, ttl, len(rdata)) + rdata

        def counted(message, section, by=1):
            at = 4 + 2 * section
            count = struct.unpack_from('!H', message, at)[0] + by
            return message[:at] + struct.pack('!H', count) + message[at + 2:]

        def signed(message, key='k1', algorithm='hmac-sha256', secret=right, offset=0, mac=lambda mac: mac, where=3, klass=255, ttl=0):
            now = int(time.time()) + offset
            known = dns.tsig.Key(key, secret, algorithm)
            number = struct.unpack_from('!H', message)[0]
            blank = TSIG(dns.rdataclass.ANY, dns.rdatatype.TSIG, known.algorithm, now, 300, b'', number, 0, b'')
            made, _ = dns.tsig.sign(message, known, blank, now)
            full = made.mac
            made = made.replace(mac=mac(full))
            return counted(message, where) + record(key, made.to_wire(), klass=klass, ttl=ttl), full, made

        OPT = b'\0\0\x29\x04\xd0\0\0\0\0\0\0'

        def build(case, plain):
            if case == 'good': return signed(plain)
            if case == 'good-other-key': return signed(plain, key='k2', algorithm='hmac-sha512')
            if case == 'good-key-in-capitals': return signed(plain, key='K1')
            if case == 'good-of-a-forwarder':
                wire, mac, made = signed(plain)
                return struct.pack('!H', 7) + wire[2:], mac, made
            if case == 'good-with-edns': return signed(counted(plain + OPT, 3))
            if case == 'key-without-rights': return signed(plain, key='k3')
            if case == 'unknown-key': return signed(plain, key='nobody')
            if case == 'other-algorithm': return signed(plain, algorithm='hmac-sha512')
            if case == 'unknown-algorithm': return signed(plain, algorithm='hmac-sha256-128')
            if case == 'other-secret': return signed(plain, secret=b'another secret of 32 octets.....')
            if case == 'one-bit': return signed(plain, mac=lambda mac: mac[:-1] + bytes([mac[-1] ^ 1]))
            if case == 'an-hour-ago': return signed(plain, offset=-far)
            if case == 'an-hour-ahead': return signed(plain, offset=far)
            if case == 'half-a-mac': return signed(plain, mac=lambda mac: mac[:16])
            if case == 'nine-octets': return signed(plain, mac=lambda mac: mac[:9])
            if case == 'no-mac': return signed(plain, mac=lambda mac: b'')
            if case == 'long-mac': return signed(plain, mac=lambda mac: mac + b'\0')
            if case == 'changed-flags':
                wire, mac, made = signed(plain)
                return wire[:3] + bytes([wire[3] ^ 0x10]) + wire[4:], mac, made
            if case == 'opt-behind':
                wire, mac, made = signed(plain)
                return counted(wire, 3) + OPT, mac, made
            if case == 'two-signatures':
                wire, mac, made = signed(plain)
                again, _, made = signed(wire)
                return again, mac, made
            if case == 'in-authority': return signed(plain, where=2)
            if case == 'class-in': return signed(plain, klass=1)
            if case == 'with-ttl': return signed(plain, ttl=60)
            if case == 'cut-rdata':
                wire, mac, made = signed(plain)
                return wire[:-2], mac, made
            raise Exception(case)

        def ask(wire, transport):
            if transport == 'udp':
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                    s.settimeout(20)
                    s.sendto(wire, (host, port))
                    return s.recv(65535)
            with socket.create_connection((host, port), 20) as s:
                s.sendall(struct.pack('!H', len(wire)) + wire)
                with s.makefile('rb') as f:
                    return f.read(struct.unpack('!H', f.read(2))[0])

        def skip(message, at):
            while message[at] and message[at] < 192:
                at += message[at] + 1
            return at + (2 if message[at] >= 192 else 1)

        def last(message):
            counts = struct.unpack_from('!4H', message, 4)
            at, start, kind = 12, 0, 0
            for i in range(counts[0]):
                at = skip(message, at) + 4
            for i in range(sum(counts[1:])):
                start = at
                at = skip(message, at)
                kind = struct.unpack_from('!H', message, at)[0]
                at += 10 + struct.unpack_from('!H', message, at + 8)[0]
            assert at == len(message)
            return start if kind == 250 else None

        def judge(reply, request_mac, sent, key, algorithm):
            start = last(reply)
            if start is None:
                return '- unsigned'
            at = skip(reply, start)
            owner = dns.name.from_wire(reply, start)[0]
            size = struct.unpack_from('!H', reply, at + 8)[0]
            found = dns.rdata.from_wire(dns.rdataclass.ANY, dns.rdatatype.TSIG, reply, at + 10, size)
            assert owner == sent[0] and found.algorithm == sent[1], (owner, found.algorithm)
            words = [str(found.error)]
            if not found.mac:
                return words[0] + ' no-mac'
            context = dns.tsig._digest(counted(reply[:start], 3, -1), dns.tsig.Key(key, right, algorithm), found, None, request_mac)
            try:
                context.verify(found.mac)
                words.append('right-mac')
            except dns.tsig.BadSignature:
                words.append('wrong-mac')
            if found.error == 18:
                words.append('client-time' if found.time_signed == sent[2] else 'time-%d' % found.time_signed)
                theirs = int.from_bytes(found.other, 'big')
                words.append('server-time' if len(found.other) == 6 and abs(theirs - time.time()) < 600 else 'other-%s' % found.other.hex())
            else:
                assert not found.other
            return ' '.join(words)

        for number, line in enumerate(sys.stdin):
            operation, case, zone, transport = line.split()
            flags, kind, klass = questions[operation]
            plain = struct.pack('!6H', 1000 + number, flags, 1, 0, 0, 0) + name(zone).to_wire() + struct.pack('!2H', kind, klass)
            wire, full, made = build(case, plain)
            key, algorithm = ('k2', 'hmac-sha512') if case == 'good-other-key' else ('k1', 'hmac-sha256')
            key = 'k3' if case == 'key-without-rights' else key
            reply = ask(wire, transport)
            sent = (name('nobody' if case == 'unknown-key' else key), made.algorithm, made.time_signed)
            print(operation, case, transport, reply[3] & 15, judge(reply, made.mac, sent, key, algorithm), flush=True)
        """;

    /// <summary>Sends each line's request; the answers in the same order.</summary>
    public static async Task<string[]> AskAsync(AgentProcess agent, IEnumerable<string> lines)
    {
        string port = agent.Dns.Port.ToString(CultureInfo.InvariantCulture);
        ToolResult result = await Tool.RunAsync(
            "/usr/bin/python3", ["-c", Script, agent.Dns.Address.ToString(), port], string.Join('\n', lines), TimeSpan.FromSeconds(60));
        return result.EnsureSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
