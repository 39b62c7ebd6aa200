using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Tests.TestKit;

namespace Agent.Tests.Backends.Shared;

/// <summary>Whether files are seen to have changed.</summary>
public sealed class FileStampTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("stamp");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_that_is_written_anew_comes_or_goes_is_another()
    {
        string file = _folder.Combine("c.pem");
        string before = FileStamp.Of("", file);
        Assert.Equal(before, FileStamp.Of("", file));
        _folder.Write("c.pem", "one");
        string there = FileStamp.Of("", file);
        _folder.Write("c.pem", "longer");
        Assert.Equal(3, new[] { before, there, FileStamp.Of("", file) }.Distinct().Count());
        File.Delete(file);
        Assert.Equal(before, FileStamp.Of("", file));
    }

    [Fact]
    public void Links_that_stay_while_another_folder_is_put_behind_them_are_other_files()
    {
        string file = SecretVolume.Link(_folder, "c.pem");
        string nothing = FileStamp.Of(file);
        SecretVolume.Put(_folder, "first", ("c.pem", "one"));
        string first = FileStamp.Of(file);
        SecretVolume.Put(_folder, "second", ("c.pem", "two"));
        Assert.Equal("two", File.ReadAllText(file));
        File.SetLastWriteTimeUtc(_folder.Combine("second/c.pem"), DateTime.UnixEpoch);
        Assert.Equal(3, new[] { nothing, first, FileStamp.Of(file) }.Distinct().Count());
    }

    [Fact]
    public void Links_in_a_circle_are_no_file()
    {
        string one = _folder.Combine("one");
        File.CreateSymbolicLink(one, _folder.Combine("other"));
        File.CreateSymbolicLink(_folder.Combine("other"), one);
        Assert.Equal(FileStamp.Of(_folder.Combine("missing")), FileStamp.Of(one));
    }
}
