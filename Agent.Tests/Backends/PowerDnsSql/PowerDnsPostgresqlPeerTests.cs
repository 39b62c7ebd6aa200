using System.Globalization;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;
using Npgsql;

namespace Agent.Tests.Backends.PowerDnsSql;

[Trait("Category", "Peer")]
public sealed class PowerDnsPostgresqlPeerTests(PostgresqlServer fixture)
    : PowerDnsSqlPeerTests(fixture, bulk: 200), IClassFixture<PostgresqlServer>
{
    private readonly PowerDnsTarget _server = fixture.Server;

    /// <summary>By the database's own count of the rows that it read.</summary>
    [Fact]
    public async Task A_change_of_one_record_reads_a_few_rows_of_a_large_zone()
    {
        const int Hosts = 20_000;
        DomainName zone = DomainName.Parse("large.known.example.");
        KnownHistory history = new();
        // A connection that ends hands in what it counted.
        await using SqlTarget told = new(
            _server,
            SqlTarget.OptionsOf(_server) with { Connect = () => new NpgsqlConnection($"{_server.ConnectionString};Pooling=false") },
            history);
        ZoneContent before = SmallZone.Create(zone, 1, Hosts);
        ZoneContent after = SmallZone.Create(zone, 2, Hosts + 1);
        history.Add(before, after);
        long start = await CountAsync("n_tup_ins");
        await told.AppliedAsync(before);
        await CountedAsync(start + Hosts + 2);
        long read = await CountAsync("seq_tup_read + idx_tup_fetch");

        await told.DoneAsync(told.Caller.ApplyAsync(zone, after));

        await CountedAsync(start + Hosts + 4);
        long more = await CountAsync("seq_tup_read + idx_tup_fetch") - read;
        Assert.True(more < 100, $"{more} rows were read");
        Assert.Equal(1, history.Found);

        async Task<long> CountAsync(string columns) => long.Parse(
            await _server.SqlAsync($"select {columns} from pg_stat_user_tables where relname = 'records'"), CultureInfo.InvariantCulture);

        Task CountedAsync(long inserted) => Eventually.HoldsAsync(
            async () => await CountAsync("n_tup_ins") == inserted, () => $"the database has counted {inserted} rows");
    }
}
