using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Backends.ZoneFiles;
using Agent.Bench.Peers;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.ZoneFiles;

/// <summary>Files that people edit, compared with what was written.</summary>
public sealed class ZoneFileCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("file-check");
    private readonly TemporaryFolder _spool = new("spool");

    [Fact]
    public async Task What_was_written_is_the_same_and_what_was_edited_is_named_even_when_it_is_no_zone_any_more()
    {
        ZoneContent content = SmallZone.Create("edit.example.", 7, hosts: 40);
        await using ZoneFilesBackend backend = new(new ZoneFilesOptions(_folder.FullPath), TimeProvider.System);
        await new BackendCaller(backend).ApplyAsync(content.Apex, content);
        string path = _folder.Combine("edit.example.zone");
        Assert.Equal(ContentVerdict.Same, (await CheckAsync(content)).Verdict);

        string written = await File.ReadAllTextAsync(path);
        await File.AppendAllTextAsync(path, "added.edit.example. 60 IN TXT \"by hand\"\n");
        ContentChecked edited = await CheckAsync(content);
        Assert.Equal((ContentVerdict.Differs, 1L, 0L), (edited.Verdict, edited.Difference!.ForeignCount, edited.Difference.MissingCount));
        Assert.Contains("by hand", Assert.Single(edited.Difference.Foreign), StringComparison.Ordinal);

        await File.WriteAllTextAsync(path, written + "broken IN A not-an-address\n");
        ContentChecked broken = await CheckAsync(content);
        Assert.Equal(ContentVerdict.Differs, broken.Verdict);
        Assert.StartsWith("; ", Assert.Single(broken.Difference!.Foreign), StringComparison.Ordinal);

        File.Delete(path);
        Assert.Equal(ContentVerdict.CannotTell, (await CheckAsync(content)).Verdict);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _spool.Dispose();
    }

    private async Task<ContentChecked> CheckAsync(ZoneContent content)
    {
        var answer = new AnswerOnce();
        var check = new ZoneFileCheck(_folder.FullPath, _spool.FullPath, TimeProvider.System);
        check.Check(new CheckContent(3, content.Apex, content, ContentProof.Digest), new ReplyTo(answer, 0));
        return Assert.IsType<ContentChecked>(await answer.Answer.WaitAsync(TimeSpan.FromSeconds(60)));
    }
}
