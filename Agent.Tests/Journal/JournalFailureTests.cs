using System.Globalization;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Host.Journal;
using Agent.Host.Journal.Sqlite;
using Agent.Bench.Peers;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>What the journal does when process, file, disk or another agent fail it.</summary>
public sealed class JournalFailureTests : IDisposable
{
    private readonly SqliteJournalFixture _journal = new();

    public void Dispose() => _journal.Dispose();

    [Fact]
    public void A_second_agent_on_the_directory_is_refused_and_told_who_holds_it()
    {
        _ = _journal.Journal;
        JournalOpenException refused = Assert.Throws<JournalOpenException>(() => DataDirectory.Open(_journal.FolderPath));
        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), refused.Message, StringComparison.Ordinal);
        Assert.True(refused.MayPass);
        _journal.Close();
        DataDirectory.Open(_journal.FolderPath).Dispose();
    }

    [Fact]
    public void A_directory_is_made_for_its_owner_alone()
    {
        using var folder = new TemporaryFolder("data");
        string path = folder.Combine("deep/data");
        using DataDirectory directory = DataDirectory.Open(path);
        foreach (string made in (string[])[path, directory.ContentsPath, directory.SpoolPath])
        {
            UnixFileMode mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(made);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, mode);
        }
    }

    [Fact]
    public void A_path_that_cannot_be_a_directory_is_an_error_with_its_name()
    {
        using var folder = new TemporaryFolder("data");
        string file = folder.Write("file", "");
        JournalOpenException refused = Assert.Throws<JournalOpenException>(() => DataDirectory.Open(file + "/data"));
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        Assert.False(refused.MayPass);
    }

    [Theory]
    [InlineData(28, true)]
    [InlineData(30, true)]
    [InlineData(5, true)]
    [InlineData(20, false)]
    public void A_disk_that_is_full_read_only_or_failing_may_be_well_at_a_later_start(int error, bool mayPass)
    {
        var failure = new IOException("what the system says", error);
        Assert.Equal(mayPass, Assert.Throws<JournalOpenException>(() => _journal.Directory.Use<int>(() => throw failure)).MayPass);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("pages")]
    [InlineData("empty")]
    [InlineData("cut")]
    public void A_damaged_file_is_refused_and_left_as_it_is(string damage)
    {
        for (int i = 0; i < 50; i++)
            _journal.Commit(new PutZone(Row($"z{i}.example.", 1, Small($"z{i}.example.", 1, 100))));
        _journal.Close();
        byte[] bytes = File.ReadAllBytes(_journal.DatabasePath);
        byte[] damaged = damage switch
        {
            "empty" => [],
            "cut" => bytes[..(bytes.Length / 2)],
            "header" => [.. new byte[16], .. bytes.AsSpan(16)],
            _ => [.. bytes.AsSpan(0, 4096), .. Enumerable.Repeat((byte)0x5a, bytes.Length - 4096)],
        };
        File.WriteAllBytes(_journal.DatabasePath, damaged);
        JournalOpenException refused = Assert.Throws<JournalOpenException>(() => _journal.Journal);
        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
        Assert.Contains(_journal.DatabasePath, refused.Message, StringComparison.Ordinal);
        Assert.False(refused.MayPass);
        Assert.Equal(damaged, File.ReadAllBytes(_journal.DatabasePath));
    }

    [Fact]
    public void A_missing_database_beside_its_contents_is_not_replaced_by_an_empty_one()
    {
        _journal.Commit(new PutZone(Row("big.example.", 1, Large("big.example.", 1, 200_000))));
        _journal.Close();
        File.Delete(_journal.DatabasePath);
        Assert.Contains("missing", Assert.Throws<JournalOpenException>(() => _journal.Journal).Message, StringComparison.Ordinal);
        Assert.Single(_journal.ContentFiles);
        Assert.False(File.Exists(_journal.DatabasePath));
    }

    [Fact]
    public void A_database_of_a_newer_program_is_refused()
    {
        _ = _journal.Journal;
        _journal.Close();
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_journal.DatabasePath};Pooling=False"))
        {
            connection.Open();
            using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
            command.CommandText = "INSERT INTO schema_version VALUES (1000, 0); INSERT OR REPLACE INTO meta VALUES ('oldest_reader', 1000)";
            command.ExecuteNonQuery();
        }
        Assert.Contains("newer program", Assert.Throws<JournalOpenException>(() => _journal.Journal).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_journal_fails_whole_batches_and_goes_on_when_there_is_room()
    {
        _journal.Options = new JournalOptions { MaximumBytes = 1 << 20 };
        int held = 0;
        JournalFailed? failed = null;
        while (failed is null)
        {
            _journal.Journal.Commit(_journal.Batch(held, Batch(held)), _journal.Probe.ReplyTo);
            switch (_journal.Probe.ExpectLast<object>())
            {
                case JournalFailed full:
                    failed = full;
                    break;
                default:
                    held++;
                    break;
            }
        }
        Assert.Equal(ReasonCode.JournalAway, failed.Reason.Code);
        Assert.Contains("full", failed.Reason.Text, StringComparison.Ordinal);
        Assert.InRange(held, 2, 100);
        Assert.Equal(2 * held, _journal.Load().Length);
        Assert.Equal(held, _journal.History("events.example.").Length);

        _journal.Commit(new ForgetZone(DomainName.Parse("a0.example."), Noon), new ForgetZone(DomainName.Parse("b0.example."), Noon));
        _journal.Journal.PurgeExpired(Noon);
        _journal.Commit(Batch(held));
        Assert.Equal(2 * held, _journal.Load().Length);

        static System.Collections.Immutable.ImmutableArray<JournalEntry> Batch(int number) =>
        [
            new PutZone(Row($"a{number}.example.", 1, Large($"a{number}.example.", 1, 30_000))),
            new ZoneEvent(DomainName.Parse("events.example."), Noon, "changed", "x"),
            new PutZone(Row($"b{number}.example.", 1, Large($"b{number}.example.", 1, 30_000))),
        ];
    }

    [Fact]
    public void A_database_that_is_lost_under_way_is_not_replaced_by_an_empty_one()
    {
        _journal.Commit(new PutZone(Row("a.example.", 1)));
        Directory.Delete(_journal.ContentsPath);
        File.WriteAllText(_journal.ContentsPath, "in the way");
        _journal.CommitFails(new PutZone(Row("big.example.", 1, Large("big.example.", 1, 200_000))));
        string away = _journal.DatabasePath + ".away";
        File.Move(_journal.DatabasePath, away);
        JournalFailed failed = _journal.CommitFails(new PutZone(Row("b.example.", 1)));
        Assert.Contains(_journal.DatabasePath, failed.Reason.Text, StringComparison.Ordinal);
        Assert.False(File.Exists(_journal.DatabasePath));

        File.Move(away, _journal.DatabasePath);
        _journal.Commit(new PutZone(Row("b.example.", 1)));
        Assert.Equal(2, _journal.Load().Length);
    }

    [Fact]
    public void A_journal_that_somebody_else_opened_is_fenced_for_good()
    {
        _journal.Commit(new PutZone(Row("a.example.", 1)));
        long epoch = _journal.Journal.Epoch;
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_journal.DatabasePath};Pooling=False"))
        {
            connection.Open();
            using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
            command.CommandText = "UPDATE meta SET value = value + 1 WHERE key = 'epoch'";
            command.ExecuteNonQuery();
        }
        JournalFailed failed = _journal.CommitFails(new PutZone(Row("b.example.", 1, Large("b.example.", 1, 200_000))));
        Assert.Equal(ReasonCode.JournalFenced, failed.Reason.Code);
        Assert.Contains($"ours is {epoch}", failed.Reason.Text, StringComparison.Ordinal);
        Assert.True(_journal.Journal.Fenced.IsCompletedSuccessfully);
        Assert.Empty(_journal.ContentFiles);
        Assert.Single(_journal.Load());
    }

    [Fact]
    public void A_closed_journal_is_one_file()
    {
        _journal.Commit(new PutZone(Row("a.example.", 1, Small("a.example.", 1))));
        ReadAll(_journal.LoadOne("a.example.").Content!);
        _journal.Close();
        Assert.Equal([_journal.DatabasePath], Directory.GetFiles(_journal.FolderPath, "journal.db*"));
    }

    [Fact]
    public void A_file_that_another_process_locks_fails_requests_until_it_is_free()
    {
        _journal.Options = new JournalOptions { LockTimeout = TimeSpan.FromMilliseconds(50) };
        _journal.Commit(new PutZone(Row("a.example.", 1)));
        // Another process locks the file: the connection waits, gives up, and works again afterwards.
        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_journal.DatabasePath};Pooling=False"))
        {
            other.Open();
            using Microsoft.Data.Sqlite.SqliteCommand command = other.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE";
            command.ExecuteNonQuery();
            JournalFailed failed = _journal.CommitFails(new PutZone(Row("b.example.", 1)));
            Assert.Contains("another process", failed.Reason.Text, StringComparison.Ordinal);
        }
        _journal.Commit(new PutZone(Row("b.example.", 1)));
        Assert.Equal(2, _journal.Load().Length);
    }

    [Fact]
    public void A_start_while_another_process_locks_the_file_is_refused_until_it_is_free()
    {
        _journal.Options = new JournalOptions { LockTimeout = TimeSpan.FromMilliseconds(50) };
        _journal.Commit(new PutZone(Row("a.example.", 1)));
        _journal.Close();
        using (var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_journal.DatabasePath};Pooling=False"))
        {
            other.Open();
            using Microsoft.Data.Sqlite.SqliteCommand command = other.CreateCommand();
            command.CommandText = "BEGIN EXCLUSIVE";
            command.ExecuteNonQuery();
            JournalOpenException refused = Assert.Throws<JournalOpenException>(() => _journal.Journal);
            Assert.Contains("another process", refused.Message, StringComparison.Ordinal);
            Assert.True(refused.MayPass);
        }
        Assert.Single(_journal.Load());
    }

    [Fact]
    public void A_disk_without_room_for_the_index_of_the_log_is_called_full()
    {
        var failure = new Microsoft.Data.Sqlite.SqliteException("disk I/O error", 10, 4874);
        Assert.Contains("full", SqliteErrors.Text(failure), StringComparison.Ordinal);
        Assert.True(SqliteErrors.MayPass(failure));
    }

    [Fact]
    public async Task A_writer_killed_at_any_moment_leaves_whole_batches()
    {
        using var folder = new TemporaryFolder("killed");
        string program = typeof(JournalFailureTests).Assembly.Location;
        for (int round = 1; round <= 4; round++)
        {
            int lines = 0;
            string line;
            string[] arguments = [program, "journal-writer", folder.FullPath];
            await using (ChildProcess writer = await ChildProcess.StartAsync("dotnet", arguments, folder.FullPath))
            {
                line = await writer.StandardOutputLineAsync(_ => ++lines == 3 * round, TimeSpan.FromSeconds(60));
                await writer.KillAsync();
            }
            JournalWriter.Check(folder.FullPath, long.Parse(line["committed ".Length..], CultureInfo.InvariantCulture));
        }
    }
}
