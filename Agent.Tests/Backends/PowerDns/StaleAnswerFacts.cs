using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.PowerDns;

/// <summary>
/// What a look has proven is what clients are answered from then on, in whatever form they ask, although a real pdns_server caches what it
/// answers beside a change.
/// </summary>
public abstract class StaleAnswerFacts
{
    // Forgotten once for each change, a third of them would be followed by an old answer.
    private const uint Changes = 40;
    private const ushort TypeA = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    protected abstract PowerDnsTarget Server { get; }

    private protected abstract ServerTarget Drive();

    [Fact]
    public async Task A_change_that_is_proven_is_what_clients_see_that_asked_beside_it()
    {
        await using ServerTarget target = Drive();
        DomainName zone = DomainName.Parse("hot.example.");
        await target.AppliedAsync(SmallZone.Create(zone, 1));
        using HotClient client = new(Server.EndPoint, zone.ToString(), DnsTestMessage.TypeSoa);

        List<uint> stale = [];
        for (uint serial = 2; serial < 2 + Changes; serial++)
        {
            await target.AppliedAsync(SmallZone.Create(zone, serial));
            if ((await AskAsync(zone.ToString(), DnsTestMessage.TypeSoa)).Serial != serial) stale.Add(serial);
        }

        Assert.True(stale.Count == 0, $"a client saw another serial behind the proof of {string.Join(' ', stale)}");
    }

    [Fact]
    public async Task Zones_that_come_and_go_do_so_for_clients_that_asked_before()
    {
        await using ServerTarget target = Drive();
        DomainName zone = DomainName.Parse("comes.example.");
        const string Host = "h0.comes.example.";
        using HotClient client = new(Server.EndPoint, Host, TypeA);

        for (int round = 0; round < 5; round++)
        {
            Assert.Equal(0, (await AskAsync(Host, TypeA)).AnswerCount);
            await target.AppliedAsync(SmallZone.Create(zone, 1));
            Assert.Equal(1, (await AskAsync(Host, TypeA)).AnswerCount);
            await target.RemovedAsync(zone);
        }

        Assert.Equal(0, (await AskAsync(Host, TypeA)).AnswerCount);
    }

    /// <summary>As a client does that knows no EDNS: another form than the driver's.</summary>
    private async Task<DnsReply> AskAsync(string name, ushort type)
    {
        byte[]? answer = null;
        // A server that is asked without a pause loses a question now and then.
        for (int attempt = 0; answer is null && attempt < 20; attempt++)
            answer = await DnsSender.AskByUdpAsync(Server.EndPoint, DnsTestMessage.Request(2, 0, name, type), Patience);
        Assert.NotNull(answer);
        return new DnsReply(answer, Server.EndPoint);
    }
}
