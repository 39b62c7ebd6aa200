using Agent.Host.Journal.Sqlite;

namespace Agent.Tests.Journal;

public sealed class SqliteJournalTests() : JournalContractTests(new SqliteJournalFixture())
{
    protected override Type LazyContent => typeof(SqliteZoneContent);

    protected override bool HasOnlyTheFile => true;
}
