using Agent.Actors.Transfers;
using Agent.Bench.Peers;
using Agent.Host.Transfers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Transfers;

/// <summary>The life of a zone asked for with the zone itself (RFC 7314 section 4).</summary>
[Trait("Category", "Peer")]
public sealed class AskedExpireTests
{
    private const string Name = "life.example.";
    private static readonly TimeSpan SoaExpire = TimeSpan.FromSeconds(86400);

    private readonly ScriptedZone _zone = new(Name, 9, hosts: 3000);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_first_message_of_a_transfer_tells_it_and_only_who_is_asked(bool asks)
    {
        int told = 0;
        await using ScriptedMaster master = new(query => _zone.Answer(query).Select(
            step => new MasterStep.Send(WithExpire(((MasterStep.Send)step).Message, 3000 + told++))));
        await using var masters = new MasterClientFixture { AsksExpire = asks };

        TransferCompleted done = masters.Transfer(master.EndPoint, Name);

        Assert.True(done.Statistics.Messages > 2);
        Assert.Equal(asks ? TimeSpan.FromSeconds(3000) : null, done.Expire);
        Assert.Equal(asks, Asks(Assert.Single(master.Queries)));
    }

    [Fact]
    public async Task Nothing_is_taken_from_an_answer_without_it_and_a_second_try_does_not_ask()
    {
        await using ScriptedMaster master = new(query => query.Type == DnsTestMessage.TypeIxfr
            ? [new MasterStep.Send(ScriptedZone.Response(query, 1))]
            : _zone.Answer(query));
        await using var masters = new MasterClientFixture { AsksExpire = true };

        TransferCompleted first = masters.Transfer(master.EndPoint, Name);
        _zone.Serial++;
        TransferCompleted second = masters.Transfer(master.EndPoint, Name, held: first.Content);

        Assert.Equal(((TimeSpan?)null, (TimeSpan?)null), (first.Expire, second.Expire));
        Assert.Equal([true, true, false], master.Queries.Select(Asks));
    }

    /// <summary>Knot tells it with the zone. BIND tells it of the SOA only, and that it is asked for with the zone does no harm.</summary>
    [Fact]
    public async Task Knot_tells_it_with_zones_and_differences_and_BIND_of_the_SOA()
    {
        await using BindServer bind = new();
        await using KnotServer knot = new();
        await Task.WhenAll(bind.StartAsync(), knot.StartAsync());
        foreach (MasterServer master in new MasterServer[] { bind, knot })
        {
            await master.SetZoneAsync(MasterZone.WithHosts(Name, 1, 50));
            await using var masters = new MasterClientFixture { AsksExpire = true };
            TransferCompleted whole = masters.Transfer(master.EndPoint, Name);
            await master.BumpAsync(Name, "news 60 IN A 192.0.2.7");
            TransferCompleted differences = masters.Transfer(master.EndPoint, Name, held: whole.Content);

            TimeSpan? told = master == knot ? SoaExpire : null;
            Assert.Equal((told, TransferKind.Axfr), (whole.Expire, whole.Statistics.Kind));
            Assert.Equal((told, TransferKind.Ixfr), (differences.Expire, differences.Statistics.Kind));
            Assert.Equal(SoaExpire, masters.Ask(master.EndPoint, Name).Expire);
        }
    }

    [Fact]
    public async Task It_is_asked_for_over_TLS_too()
    {
        using TestAuthority authority = new();
        await using ScriptedMaster master = new(
            query => _zone.Answer(query).Select(step => new MasterStep.Send(WithExpire(((MasterStep.Send)step).Message, 777))));
        await using var front = new TlsFront(master.EndPoint, authority.Issue("good", "127.0.0.1"));
        MasterClientOptions options = new() { Tls = TlsMasterTests.Door(TlsMasterTests.Trusting(authority)) };
        await using MasterClientFixture masters = new(options) { Tls = "test", AsksExpire = true };

        Assert.Equal(TimeSpan.FromSeconds(777), masters.Ask(front.EndPoint, Name).Expire);
        Assert.Equal(TimeSpan.FromSeconds(777), masters.Transfer(front.EndPoint, Name).Expire);
    }

    private static bool Asks(MasterQuery query) =>
        query.Message[11] == 1 && query.Message.AsSpan()[^4..].SequenceEqual((byte[])[0, 9, 0, 0]);

    private static byte[] WithExpire(byte[] message, int seconds)
    {
        byte[] option = [0, 9, 0, 4, 0, 0, (byte)(seconds >> 8), (byte)seconds];
        byte[] longer = [.. message, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, (byte)option.Length, .. option];
        longer[11] = 1;
        return longer;
    }
}
