using Agent.Bench.Peers;
using Agent.Tests.Backends.PowerDns;

namespace Agent.Tests.Backends.PowerDnsApi;

/// <inheritdoc/>
[Trait("Category", "Peer")]
public sealed class PowerDnsApiStaleAnswerTests(ApiServer fixture) : StaleAnswerFacts, IClassFixture<ApiServer>
{
    protected override PowerDnsTarget Server => fixture.Server;

    private protected override ServerTarget Drive() => new ApiTarget(Server);
}
