using Agent.Host.Journal;
using Agent.Host.Journal.Sqlite;

namespace Agent.Tests.Journal;

public sealed class SqliteJournalFixture : JournalFixture
{
    public RecordingLogger<SqliteJournal> Log { get; } = new();

    public string DatabasePath => Path.Combine(FolderPath, "journal.db");

    protected override INodeJournal Open(DataDirectory directory) =>
        SqliteJournal.Open(directory, Options, TimeProvider.System, Log);
}
