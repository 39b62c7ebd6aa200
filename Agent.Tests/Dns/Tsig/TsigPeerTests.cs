using Agent.Dns.Tsig;
using Agent.Bench.Peers;
using static Agent.Tests.Dns.Tsig.TsigMessages;

namespace Agent.Tests.Dns.Tsig;

/// <summary>Our signatures read by dnspython, and dnspython's by us. Both sides run on the same fixed clock.</summary>
[Trait("Category", "Peer")]
public class TsigPeerTests
{
    private const string Prelude =
        """
        import sys, time
        time.time = lambda: 1700000000
        import dns.message, dns.name, dns.rcode, dns.rrset, dns.tsig, dns.tsigkeyring
        words = sys.stdin.read().split()
        secret = b'a secret of some length'
        key = dns.tsig.Key('transfer.example.', secret, words[0])
        ring = {key.name: key}

        """;

    // Verifies our query, answers it in one signed message.
    private const string SingleAnswer = Prelude +
        """
        query = dns.message.from_wire(bytes.fromhex(words[1]), keyring=ring)
        assert query.had_tsig
        reply = dns.message.make_response(query)
        print(reply.to_wire().hex())
        """;

    // Verifies our query, answers it with a stream: signed, two unsigned, signed, signed.
    private const string StreamAnswer = Prelude +
        """
        query = dns.message.from_wire(bytes.fromhex(words[1]), keyring=ring)
        context = None
        for number in range(5):
            reply = dns.message.make_response(query)
            reply.answer.append(dns.rrset.from_text('a.', 1, 'IN', 'TXT', 'part%d' % number))
            if number in (1, 2):
                reply.tsig = None
                wire = reply.to_wire()
                context.update(wire)
            else:
                wire = reply.to_wire(multi=True, tsig_ctx=context)
                context = reply.tsig_ctx
            print(wire.hex())
        """;

    // Verifies a stream of ours against the request's MAC.
    private const string StreamReader = Prelude +
        """
        request_mac = bytes.fromhex(words[1])
        context = None
        for number, wire in enumerate(words[2:]):
            message = dns.message.from_wire(bytes.fromhex(wire), keyring=ring, request_mac=request_mac, multi=True, tsig_ctx=context)
            assert message.had_tsig
            context = message.tsig_ctx
            print('good')
        """;

    // What dnspython makes of the TSIG error in an answer.
    private const string ErrorReader = Prelude +
        """
        try:
            dns.message.from_wire(bytes.fromhex(words[2]), keyring=ring, request_mac=bytes.fromhex(words[1]))
            print('no error')
        except Exception as error:
            print(type(error).__name__)
        """;

    public static TheoryData<TsigAlgorithm> EveryAlgorithm => new(Algorithms);

    [Theory]
    [MemberData(nameof(EveryAlgorithm))]
    public async Task AQueryOfOursIsAnsweredAndTheAnswerVerifies(TsigAlgorithm algorithm)
    {
        var key = Key(algorithm);
        var (query, mac) = SignedQuery(key);
        var reply = Assert.Single(await PythonAsync(SingleAnswer, algorithm, Convert.ToHexString(query)));
        Assert.Equal(TsigStatus.Verified, TsigVerifier.VerifyResponse(Convert.FromHexString(reply), key, mac, Now).Status);
    }

    [Theory]
    [MemberData(nameof(EveryAlgorithm))]
    public async Task ASparselySignedStreamVerifies(TsigAlgorithm algorithm)
    {
        var key = Key(algorithm);
        var (query, mac) = SignedQuery(key);
        using var verifier = new TsigStreamVerifier(key, mac);
        List<TsigStatus> statuses = [];
        foreach (var wire in await PythonAsync(StreamAnswer, algorithm, Convert.ToHexString(query)))
        {
            statuses.Add(verifier.Accept(Convert.FromHexString(wire), Now));
        }

        TsigStatus[] expected =
            [TsigStatus.Verified, TsigStatus.Unsigned, TsigStatus.Unsigned, TsigStatus.Verified, TsigStatus.Verified];
        Assert.Equal(expected, statuses);
        Assert.True(verifier.IsLastSigned);
    }

    [Theory]
    [MemberData(nameof(EveryAlgorithm))]
    public async Task AStreamOfOursVerifies(TsigAlgorithm algorithm)
    {
        var key = Key(algorithm);
        var (_, mac) = SignedQuery(key);
        using var signer = new TsigStreamSigner(key, mac);
        List<string> words = [Convert.ToHexString(mac)];
        for (var i = 0; i < 4; i++)
        {
            var (buffer, length) = Part(i);
            Assert.True(signer.TrySign(buffer, ref length, Now));
            words.Add(Convert.ToHexString(buffer, 0, length));
        }

        Assert.Equal(["good", "good", "good", "good"], await PythonAsync(StreamReader, algorithm, [.. words]));
    }

    [Theory]
    [InlineData(TsigStatus.BadKey, "PeerBadKey")]
    [InlineData(TsigStatus.BadSignature, "PeerBadSignature")]
    [InlineData(TsigStatus.BadTime, "PeerBadTime")]
    public async Task OurErrorsAreUnderstood(TsigStatus status, string expected)
    {
        var key = Key();
        var (query, mac) = SignedQuery(key);
        var keyring = status switch
        {
            TsigStatus.BadKey => TsigKeyring.Empty,
            TsigStatus.BadSignature => new TsigKeyring([new TsigKey(key.Name, key.Algorithm, "wrong"u8)]),
            _ => new TsigKeyring([key]),
        };
        var now = status == TsigStatus.BadTime ? Now + 1000 : Now;
        var verified = TsigVerifier.VerifyRequest(query, keyring, now);
        Assert.Equal(status, verified.Status);
        var (reply, length) = Part(0);
        Assert.True(TsigSigner.TrySignReply(reply, ref length, verified, now));
        var said = await PythonAsync(ErrorReader, key.Algorithm, Convert.ToHexString(mac), Convert.ToHexString(reply, 0, length));
        Assert.Equal([expected], said);
    }

    private static async Task<string[]> PythonAsync(string script, TsigAlgorithm algorithm, params string[] words)
    {
        var input = string.Join('\n', [TsigAlgorithms.NameOf(algorithm).ToString(), .. words]);
        var result = await Tool.RunAsync("/usr/bin/python3", ["-c", script], input);
        return result.EnsureSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
