using Agent.Host.Etcd;
using Agent.Host.Journal.Postgres;

namespace Agent.Tests.Journal;

/// <summary>What the journal says of the etcd that its epochs come from.</summary>
[Trait("Category", "Peer")]
public sealed class PostgresEtcdTests(PostgresServerFixture postgres) : IClassFixture<PostgresServerFixture>
{
    private const ulong First = 0xfedcba9876543210;

    [Fact]
    public async Task The_first_stands_until_one_comes_with_a_higher_incarnation()
    {
        string database = await PostgresJournalFixture.NewDatabaseAsync(postgres.Server);
        using var first = PostgresJournalFixture.Node(postgres.Server.ConnectionString(database));
        using var second = PostgresJournalFixture.Node(postgres.Server.ConnectionString(database));
        IEtcdMemory memory = (PostgresJournal)first.Journal, other = (PostgresJournal)second.Journal;
        Assert.Equal(new EtcdPast(0, 0, 0), await memory.RecallAsync());
        Assert.Equal(new EtcdPast(First, 0, 0), await memory.RememberAsync(First, 0));
        Assert.Equal(new EtcdPast(First, 0, 0), await other.RememberAsync(7, 0));
        first.Take((1L << 52) | 12, "a.example.");
        second.Take(14, "b.example.");
        Assert.Equal(new EtcdPast(First, 0, (1L << 52) | 12), await other.RecallAsync());
        Assert.Equal(new EtcdPast(7, 1, 0), await other.RememberAsync(7, 1));
        Assert.Equal(new EtcdPast(7, 1, 0), await memory.RememberAsync(First, 0));

        // The next run knows it; a journal that was a single agent's in between begins anew, as its epochs do.
        first.Reopen();
        Assert.Equal(7UL, (await ((PostgresJournal)first.Journal).RecallAsync()).Cluster);
        first.Close();
        second.Close();
        await postgres.Server.SqlAsync(database, "DELETE FROM agent.meta WHERE key = 'cluster'");
        first.Reopen();
        Assert.Equal(new EtcdPast(0, 0, 0), await ((PostgresJournal)first.Journal).RecallAsync());
    }
}
