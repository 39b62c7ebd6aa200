using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>What a transfer by PowerDNS itself leaves in the tables.</summary>
/// <param name="fixture">The server.</param>
[Trait("Category", "Peer")]
public sealed class PowerDnsSqlTransferPeerTests(SqliteServer fixture) : IClassFixture<SqliteServer>
{
    private readonly PowerDnsTarget _server = fixture.Server;

    /// <summary>Each row is as the driver would write it, so that it writes none.</summary>
    [Fact]
    public async Task Rows_of_a_signed_zone_are_as_a_transfer_by_PowerDNS_leaves_them()
    {
        Dictionary<string, (ZoneSigner Signer, ZoneContent Content)> zones = [];
        foreach (string way in PowerDnsSqlPeerTests.Ways)
        {
            DomainName zone = DomainName.Parse($"{way.Replace(' ', '-')}.transferred.example.");
            ZoneSigner signer = await ZoneSigner.CreateAsync(zone);
            zones.Add(way, (signer, await signer.SignAsync(PowerDnsSqlPeerTests.ToSign(zone, 3), way)));
        }

        await using BindServer master = new()
        {
            ExtraStatements = string.Concat(zones.Select(zone =>
                $"zone \"{zone.Value.Content.Apex}\" {{ type primary; file \"{zone.Value.Signer.FileOf(zone.Key)}\"; }};\n")),
        };
        await master.StartAsync();
        await using SqlTarget target = new(_server);
        foreach ((ZoneSigner signer, ZoneContent content) in zones.Values)
        {
            string name = content.Apex.ToString().TrimEnd('.');
            (await _server.UtilAsync("create-slave-zone", name, $"{master.EndPoint}")).EnsureSuccess();
            (await _server.ControlAsync("retrieve", name)).EnsureSuccess();
            string ids = "";
            await Eventually.HoldsAsync(async () => (ids = await IdsAsync(name)).Length > 0, () => _server.Output);
            await target.AppliedAsync(content);
            Assert.Equal(ids, await IdsAsync(name));
            signer.Dispose();
        }
    }

    private Task<string> IdsAsync(string name) => _server.SqlAsync(
        $"select id from records where domain_id = (select id from domains where name = '{name}') order by id");
}
