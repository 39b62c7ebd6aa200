using Agent.Actors.Transfers;
using Agent.Dns.Tsig;
using Agent.Tests.Journal;
using Agent.Bench.Peers;

namespace Agent.Tests.Transfers;

/// <summary>Requests under a key: what is not proven is not believed, above all not that a zone is gone.</summary>
public sealed class SignedTransferTests
{
    private const string Name = "signed.example.";

    private static readonly TsigKey Ours = Key("k1.", "c2VjcmV0IG9mIGF0IGxlYXN0IDMyIG9jdGV0cyEhISE=");
    private static readonly TsigKey Other = Key("k1.", "YW5vdGhlciBzZWNyZXQgb2YgMzIgb2N0ZXRzIC4uLi4=");

    private readonly ScriptedZone _zone = new(Name, 9, hosts: 3000);

    [Fact]
    public async Task A_signed_master_is_believed()
    {
        await using ScriptedMaster master = new(query => Sign(query, Ours, _ => true));
        await using var masters = new MasterClientFixture(keys: new TsigKeyring([Ours]));
        Assert.Equal(9u, masters.Ask(master.EndPoint, Name, key: "K1").Serial);
        TransferCompleted done = masters.Transfer(master.EndPoint, Name, key: "k1");
        Assert.Equal(MasterClientFixture.Expected(_zone), TestZones.ReadAll(done.Content));
        Assert.True(done.Statistics.Messages > 3);
    }

    [Theory]
    [InlineData("unsigned", "not signed")]
    [InlineData("first unsigned", "not signed")]
    [InlineData("last unsigned", "key k1.")]
    [InlineData("other secret", "is wrong")]
    public async Task A_master_without_the_right_signature_brings_nothing(string how, string word)
    {
        int last = _zone.TransferMessages(new MasterQuery(DnsTestMessage.Request(1, 0, Name, 252), true, new(0, 0))).Count() - 1;
        await using ScriptedMaster master = new(query => how switch
        {
            "unsigned" => _zone.Answer(query),
            "first unsigned" => Sign(query, Ours, index => index > 0),
            "last unsigned" => Sign(query, Ours, index => index < last),
            _ => Sign(query, Other, _ => true),
        });
        await using var masters = new MasterClientFixture(keys: new TsigKeyring([Ours]));
        TransferFailed failed = masters.TransferFails(master.EndPoint, Name, key: "k1");
        Assert.Equal(TransferFailure.Broken, failed.Failure);
        Assert.Contains(word, failed.Reason.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(9)]
    public async Task An_unsigned_refusal_does_not_mean_that_the_zone_is_gone(int responseCode)
    {
        await using ScriptedMaster master = new(query => [new MasterStep.Send(ScriptedZone.Response(query, responseCode))]);
        await using var masters = new MasterClientFixture(keys: new TsigKeyring([Ours]));
        SoaAnswered answer = masters.Ask(master.EndPoint, Name, key: "k1");
        Assert.Equal(SoaOutcome.CannotTell, answer.Outcome);
        Assert.Contains("not signed", answer.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replaced_keys_count_for_the_next_request()
    {
        await using ScriptedMaster master = new(query => Sign(query, Other, _ => true));
        await using var masters = new MasterClientFixture(keys: new TsigKeyring([Ours]));
        masters.TransferFails(master.EndPoint, Name, key: "k1");
        masters.Keyring.Replace(new TsigKeyring([Other]));
        Assert.Equal(9u, masters.Transfer(master.EndPoint, Name, key: "k1").Content.Serial);
    }

    private static TsigKey Key(string name, string secret)
    {
        Assert.True(TsigKey.TryCreate(name, TsigAlgorithm.HmacSha256, secret, out TsigKey? key));
        return key;
    }

    /// <summary>The well-behaved answer with signatures where they are wanted; the request's own is not looked at.</summary>
    private IEnumerable<MasterStep> Sign(MasterQuery query, TsigKey key, Func<int, bool> isSigned)
    {
        ulong now = (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        // The MAC of a SHA-256 signature stands before original id, error and other length, at the end of the request.
        using var signer = new TsigStreamSigner(key, query.Message.AsSpan(query.Message.Length - 6 - 32, 32));
        int index = 0;
        foreach (MasterStep step in _zone.Answer(query))
        {
            byte[] message = ((MasterStep.Send)step).Message;
            var buffer = new byte[message.Length + key.SignatureBytesMax];
            message.CopyTo(buffer, 0);
            int length = message.Length;
            if (isSigned(index++))
                Assert.True(signer.TrySign(buffer, ref length, now));
            yield return new MasterStep.Send(buffer[..length]);
        }
    }
}

/// <summary>The same under BIND, which signs and verifies by itself.</summary>
[Trait("Category", "Peer")]
public sealed class SignedBindTransferTests
{
    [Fact]
    public async Task BIND_hands_the_zone_to_the_key_alone()
    {
        const string Name = "keyed.example.";
        const string Secret = "c2VjcmV0IG9mIGF0IGxlYXN0IDMyIG9jdGV0cyEhISE=";
        await using BindServer server = new()
        {
            ExtraStatements = $"key \"xfr\" {{ algorithm hmac-sha512; secret \"{Secret}\"; }};",
        };
        await server.StartAsync();
        await server.SetZoneAsync(MasterZone.WithHosts(Name, 5, 5000));
        Assert.True(TsigKey.TryCreate("xfr", TsigAlgorithm.HmacSha512, Secret, out TsigKey? right));
        Assert.True(TsigKey.TryCreate("xfr", TsigAlgorithm.HmacSha512, "d3Jvbmc=", out TsigKey? wrong));
        await using var masters = new MasterClientFixture(keys: new TsigKeyring([right]));

        Assert.Equal(5u, masters.Ask(server.EndPoint, Name, key: "xfr").Serial);
        Assert.Equal(5003, masters.Transfer(server.EndPoint, Name, key: "xfr").Content.RecordCount);
        masters.Keyring.Replace(new TsigKeyring([wrong]));
        Assert.Equal(SoaOutcome.CannotTell, masters.Ask(server.EndPoint, Name, key: "xfr").Outcome);
        Assert.Contains("xfr", masters.TransferFails(server.EndPoint, Name, key: "xfr").Reason.Text, StringComparison.Ordinal);
    }
}
