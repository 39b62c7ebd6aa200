using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.PowerDnsApi;

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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_signed_zone_that_it_transfers_is_proven_by_a_signature(bool hasDnssec)
    {
        await using PowerDnsTarget primary = new();
        await using PowerDnsTarget server = new() { HasDnssec = hasDnssec, IsSecondary = true };
        await Task.WhenAll(primary.StartAsync(), server.StartAsync());
        await using SqlTarget given = new(primary);
        TransferSource source = new([primary.EndPoint], KeyName: null);
        await using ApiTarget target = new(server, ApiTarget.OptionsOf(server) with { Secondary = source });
        DomainName zone = DomainName.Parse("signed.example.");
        using ZoneSigner signer = await ZoneSigner.CreateAsync(zone);
        ZoneContent content = await signer.SignAsync(PowerDnsSqlPeerTests.ToSign(zone, 7), "bind nsec");
        await given.AppliedAsync(content);

        await target.DoneAsync(target.Caller.ApplyAsync(zone, content));

        ZoneObserved? seen = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                seen = await target.Caller.ObserveAsync(zone);
                return hasDnssec ? seen is { Observation: Observation.Present, Serial: 7 }
                    : seen is { Observation: Observation.CannotTell, Reason.Code: ReasonCode.TargetCannotHold };
            },
            () => $"{seen}\n{target.Log}");
    }
}
