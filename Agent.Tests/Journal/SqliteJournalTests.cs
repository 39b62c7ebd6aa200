using Agent.Host.Journal;

namespace Agent.Tests.Journal;

public sealed class SqliteJournalTests() : JournalContractTests(new SqliteJournalFixture())
{
    protected override Type LazyContent => typeof(KeptZoneContent);

    protected override bool HasOnlyTheFile => true;
}
