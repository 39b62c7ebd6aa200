using Agent.Backends.Shared;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Shared;

public sealed class NewFileTests
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(100_000)]
    public void Holds_what_was_written_in_pieces_of_any_size(int piece)
    {
        using TemporaryFolder folder = new("new-file");
        string path = folder.Combine("a");
        byte[] octets = [.. Enumerable.Range(0, 250_000).Select(place => (byte)(place % 251))];
        using (NewFile file = new(path, Mode))
        {
            for (int place = 0; place < octets.Length; place += piece)
                file.Write(octets.AsSpan(place, Math.Min(piece, octets.Length - place)));
            file.FlushToDisk();
        }

        Assert.Equal(octets, File.ReadAllBytes(path));
        Assert.Equal(Mode, File.GetUnixFileMode(path));
    }

    [Fact]
    public void What_lies_before_can_be_written_again()
    {
        using TemporaryFolder folder = new("new-file");
        string path = folder.Combine("a");
        using (NewFile file = new(path, Mode))
        {
            file.Write("0000 and the rest"u8);
            file.Position = 1;
            file.Write("12"u8);
            Assert.Equal(3, file.Position);
            file.Flush();
        }

        Assert.Equal("0120 and the rest", File.ReadAllText(path));
    }

    [Fact]
    public void A_file_that_is_there_is_not_touched()
    {
        using TemporaryFolder folder = new("new-file");
        string path = folder.Write("a", "of somebody else");

        IOException error = Assert.Throws<IOException>(() => new NewFile(path, Mode));

        Assert.Contains("exists", error.Message, StringComparison.Ordinal);
        Assert.Equal("of somebody else", File.ReadAllText(path));
    }

    [Fact]
    public void What_nobody_flushed_is_dropped()
    {
        using TemporaryFolder folder = new("new-file");
        string path = folder.Combine("a");
        using (NewFile file = new(path, Mode))
            file.Write("half a zone"u8);

        Assert.Empty(File.ReadAllText(path));
    }
}
