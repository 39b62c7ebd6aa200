using Agent.Host.Journal;

namespace Agent.Tests.Journal;

[Trait("Category", "Peer")]
public sealed class PostgresJournalTests(PostgresServerFixture postgres)
    : JournalContractTests(PostgresJournalFixture.Create(postgres.Server)), IClassFixture<PostgresServerFixture>
{
    protected override Type LazyContent => typeof(KeptZoneContent);

    protected override bool HasOnlyTheFile => false;
}
