using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>A pdns_server that was not told of DNSSEC: it has the signatures of a zone, and answers without them.</summary>
[Trait("Category", "Peer")]
public sealed class WithoutDnssecPeerTests
{
    [Fact]
    public async Task A_signed_zone_is_not_proven_and_the_setting_named_and_others_are_served()
    {
        await using PowerDnsTarget server = new() { HasDnssec = false };
        await server.StartAsync();
        await using SqlTarget target = new(server);
        DomainName zone = DomainName.Parse("signed.example.");
        using ZoneSigner signer = await ZoneSigner.CreateAsync(zone);

        await target.DoneAsync(target.Caller.ApplyAsync(zone, await signer.SignAsync(PowerDnsSqlPeerTests.ToSign(zone, 7), "bind nsec")));
        ZoneObserved seen = await target.Caller.ObserveAsync(zone);

        Assert.Equal((Observation.CannotTell, ReasonCode.TargetCannotHold), (seen.Observation, seen.Reason!.Code));
        Assert.Contains("gsqlite3-dnssec", seen.Reason.Text, StringComparison.Ordinal);
        await target.RemovedAsync(zone);
        await target.AppliedAsync(SmallZone.Create(zone, 8));
    }
}
