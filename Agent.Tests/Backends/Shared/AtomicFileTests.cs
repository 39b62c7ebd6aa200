using Agent.Backends.Shared;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Shared;

public sealed class AtomicFileTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 11, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Replaces_the_content_and_always_moves_the_time_on()
    {
        using TemporaryFolder folder = new("atomic");
        string path = folder.Combine("a.zone");
        DateTime before = DateTime.MinValue;
        // The clock stands still, then goes back: the time of the file must grow all the same.
        foreach ((int round, DateTimeOffset now) in new[] { Now, Now, Now.AddMinutes(-5) }.Index())
        {
            AtomicFile.Replace(path, now, stream => stream.WriteByte((byte)('0' + round)));
            Assert.Equal(round.ToString(), File.ReadAllText(path));
            DateTime stamped = File.GetLastWriteTimeUtc(path);
            Assert.True(stamped > before, $"{stamped:O} is not after {before:O}");
            before = stamped;
        }

        AtomicFile.Touch(path, Now, TimeSpan.FromSeconds(1));
        Assert.True(File.GetLastWriteTimeUtc(path) >= before.AddSeconds(1));
        Assert.Single(Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void A_failure_leaves_the_old_file_and_nothing_else()
    {
        using TemporaryFolder folder = new("atomic");
        string path = folder.Write("a.zone", "old");

        Assert.Throws<InvalidDataException>(() => AtomicFile.Replace(path, Now, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidDataException("the content is damaged");
        }));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void Readers_see_one_content_or_the_other_whole()
    {
        using TemporaryFolder folder = new("atomic");
        string path = folder.Write("a.zone", new string('a', 100_000));
        using FileStream reader = File.OpenRead(path);

        AtomicFile.Replace(path, Now, stream => stream.Write("b"u8));

        Assert.Equal(100_000, new StreamReader(reader).ReadToEnd().Length);
        Assert.Equal("b", File.ReadAllText(path));
    }

    [Fact]
    public void A_full_disk_is_an_error_and_leaves_nothing()
    {
        // The kernel's own always-full file: every write to it fails as on a full disk.
        using TemporaryFolder folder = new("atomic");
        string path = folder.Combine("a.zone");

        IOException error = Assert.Throws<IOException>(() => AtomicFile.Replace(path, Now, _ =>
        {
            using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            full.WriteByte(1);
        }));

        Assert.Contains("No space left", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void Leftovers_of_a_crash_go_and_other_files_stay()
    {
        using TemporaryFolder folder = new("atomic");
        folder.Write(".agent-0123456789abcdef.tmp", "half a zo");
        folder.Write("a.zone", "a");
        folder.Write(".hidden", "b");

        AtomicFile.DeleteLeftovers(folder.FullPath);

        Assert.Equal([".hidden", "a.zone"], Directory.GetFiles(folder.FullPath).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Deleting_what_is_not_there_is_no_error()
    {
        using TemporaryFolder folder = new("atomic");
        AtomicFile.Delete(folder.Combine("a.zone"));
        string path = folder.Write("a.zone", "a");
        AtomicFile.Delete(path);
        Assert.False(File.Exists(path));
    }
}
