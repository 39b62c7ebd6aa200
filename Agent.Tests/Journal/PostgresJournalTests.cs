using Agent.Host.Journal.Postgres;

namespace Agent.Tests.Journal;

[Trait("Category", "Peer")]
public sealed class PostgresJournalTests(PostgresServerFixture postgres)
    : JournalContractTests(PostgresJournalFixture.Create(postgres.Server)), IClassFixture<PostgresServerFixture>
{
    protected override Type LazyContent => typeof(PostgresZoneContent);

    protected override bool HasOnlyTheFile => false;
}
