using Agent.Actors.Backends;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Knot;

/// <summary>The driver while knotd goes away, comes back, loses what it had, or runs from a text file.</summary>
[Trait("Category", "Peer")]
public sealed class KnotRestartPeerTests : ServerRestartFacts
{
    private protected override DnsServer Create() => new KnotServer { HasDatabase = true };

    private protected override ServerTarget Drive(DnsServer server) => new KnotTarget((KnotServer)server);

    private protected override string PlaceOf(DnsServer server) => ((KnotServer)server).Control;

    private protected override void AfterWipe(ServerTarget target) =>
        Directory.CreateDirectory(((KnotTarget)target).Options.ZoneDirectory);

    [Fact]
    public async Task A_knotd_with_a_text_file_is_told_only_what_stays()
    {
        await using KnotServer server = new();
        await server.SetZoneAsync(MasterZone.Create("target.example", 99));
        await server.StartAsync();
        await using KnotTarget target = new(server);
        DomainName fresh = DomainName.Parse("fresh.example.");

        OrderFinished[] answers =
        [
            await target.Caller.ApplyAsync(fresh, SmallZone.Create(fresh, 1)),
            await target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 3)),
            await target.Caller.RemoveAsync(Zone),
        ];

        Assert.All(answers, answer =>
        {
            Assert.Equal(OrderOutcome.Refused, answer.Outcome);
            Assert.Contains("knot.conf", answer.Reason!.Text, StringComparison.Ordinal);
            Assert.Contains("conf-import", answer.Reason.Text, StringComparison.Ordinal);
        });
        await target.ServedAsync(Zone, 99);
        Assert.False(File.Exists(target.FileOf(fresh)));
    }
}
