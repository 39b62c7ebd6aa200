using Agent.Bench.Peers;
using Agent.Tests.Backends.PowerDns;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <inheritdoc/>
[Trait("Category", "Peer")]
public sealed class PowerDnsSqlStaleAnswerTests(SqliteServer fixture) : StaleAnswerFacts, IClassFixture<SqliteServer>
{
    protected override PowerDnsTarget Server => fixture.Server;

    private protected override ServerTarget Drive() => new SqlTarget(Server);
}
