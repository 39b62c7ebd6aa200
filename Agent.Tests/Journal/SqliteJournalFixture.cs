using Agent.Host.Journal;
using Agent.Host.Journal.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Journal;

public sealed class SqliteJournalFixture : JournalFixture
{
    public string DatabasePath => Path.Combine(FolderPath, "journal.db");

    protected override INodeJournal Open(DataDirectory directory) =>
        SqliteJournal.Open(directory, Options, TimeProvider.System, NullLogger<SqliteJournal>.Instance);
}
